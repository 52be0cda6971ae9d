"""The archive: what was frozen, for everybody to read, once it is being sent."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.digest.weekly import (
    LAST_THURSDAY,
    LAST_WEEK,
    THIS_WEEK,
    THURSDAY,
    a_turn,
    a_week,
    an_old_tool,
    drafted,
    items,
    writing,
)
from tests.makers import (
    NOW,
    make_category,
    make_comparison,
    make_price,
    make_review,
    make_reviewer,
    make_subscriber,
    make_tool,
    make_votes,
)
from tests.web.visitor import Visitor
from verdicts.catalog.kinds import PriceModel
from verdicts.digest import editing, editions, freezing, queries
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.digest.weeks import Week
from verdicts.extensions import db


@pytest.fixture(autouse=True)
def the_present() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def published(week: Week = THIS_WEEK, intro: str = "") -> int:
    """Draft, freeze and begin to send the week's edition."""
    found = drafted(week)
    with writing():
        editing.update_text(found.id, intro=intro)
        freezing.freeze(found.id, NOW)
        editions.start(found.id)
    return found.id


def test_an_archive_without_editions_says_when_the_first_comes(visitor: Visitor) -> None:
    assert "No edition yet" in visitor.reads("/digest").words


def test_the_archive_lists_editions_with_the_newest_first(visitor: Visitor) -> None:
    a_turn(an_old_tool("alpha"), on=LAST_THURSDAY)
    published(LAST_WEEK)
    make_tool("beta")
    published()
    page = visitor.reads("/digest")
    links = [link for link in page.links() if link.startswith("/digest/")]
    assert links == ["/digest/2026-w47", "/digest/2026-w46"]
    assert "16 to 22 November 2026" in page.words


def test_an_edition_shows_all_its_news_in_the_sites_own_pages(visitor: Visitor) -> None:
    code, _, alpha, beta = a_week()
    make_comparison(alpha, beta)
    make_review(alpha, make_reviewer("builder"), "ship")
    for reviewer in ("one", "two", "three"):
        make_review(beta, make_reviewer(reviewer), "skip")
    make_votes(beta, ship=range(40))
    gamma = an_old_tool("gamma", code)
    make_votes(gamma, ship=range(2), skip=range(2, 5))
    published(intro="Good *morning*.")
    page = visitor.reads("/digest/2026-w47")
    assert page.texts("h1") == ["Alpha: the Skeptic says SHIP now, and more."]
    for words in (
        "Good morning.",
        "The Skeptic, SKIP to SHIP, 19 Nov 2026. Now 2 of 2 ship. It reads receipts now.",
        "$20 / month to $30 / month",
        "Up by half.",
        "0 of 3 reviewers ship it; 100 % of 40 readers do (91 to 100 %).",
        "Gamma 5 votes this week: 2 ship, 3 skip",
        "Alpha vs Beta",
    ):
        assert words in page.words.replace("\xa0", " ").replace("\u202f", " "), words


def test_a_price_that_went_with_its_tool_is_told_by_what_it_was(visitor: Visitor) -> None:
    gone, found = an_old_tool("gone"), an_old_tool("found")
    make_price(gone, PriceModel.FREE, until=THURSDAY, reason="It was switched off.")
    make_price(gone, PriceModel.UNKNOWN)
    make_price(found, PriceModel.UNKNOWN, until=THURSDAY, reason="The maker published it.")
    make_price(found, PriceModel.FREE)
    published()
    page = visitor.reads("/digest/2026-w47")
    assert page.texts("h1") == ["Gone: no price any more, was Free, and one more change."]
    assert "Until then Free Since 19 Nov 2026. It was switched off." in page.words.replace("\xa0", " ")
    assert "Now Free Since 19 Nov 2026. The maker published it." in page.words.replace("\xa0", " ")
    assert "Not known" not in page.words


def test_an_edition_shows_what_was_frozen_whatever_is_changed_later(visitor: Visitor) -> None:
    a_week()
    published()
    before = visitor.reads("/digest/2026-w47").main
    with writing():
        db.session.execute(sa.text("UPDATE review_revision SET reason = 'Another.'"))
        db.session.execute(sa.text("UPDATE tool SET name = 'Renamed'"))
    page = visitor.reads("/digest/2026-w47")
    assert page.texts("h4", within=page.main) == page.texts("h4", within=before)
    assert "Renamed" not in page.words


def test_what_was_removed_is_not_shown(visitor: Visitor) -> None:
    a_week()
    found = drafted()
    with writing():
        editing.set_removed(found.id, items(found)[0].id, is_removed=True)
        freezing.freeze(found.id, NOW)
        editions.start(found.id)
    assert "It reads receipts now." not in visitor.reads("/digest/2026-w47").words


@pytest.mark.parametrize("state", EditionState)
def test_readers_find_an_edition_from_its_first_letter_on(visitor: Visitor, state: EditionState) -> None:
    a_week()
    published()
    with writing():
        db.session.execute(sa.update(edition).values(state=state))
    is_shown = state in {EditionState.SENDING, EditionState.PAUSED, EditionState.SENT}
    visitor.reads("/digest/2026-w47", 200 if is_shown else 404)
    assert ("/digest/2026-w47" in visitor.reads("/digest").links()) is is_shown


def cancelled(edition_id: int, *, reached: str = "") -> None:
    """Cancel an edition; `reached` is somebody who has got its letter before."""
    with writing():
        editions.cancel(edition_id, NOW)
        if reached:
            sent = {"subscriber_id": make_subscriber(reached).id, "state": DeliveryState.SENT}
            db.session.execute(sa.insert(delivery).values(edition_id=edition_id, due_at=NOW, changed_at=NOW, **sent))


@pytest.mark.parametrize(("reached", "status"), [("", 404), ("ada@readers.example", 200)])
def test_an_edition_that_was_cancelled_stays_where_letters_lead_to_it(
    visitor: Visitor, reached: str, status: int
) -> None:
    make_tool("beta")
    cancelled(published(), reached=reached)
    page = visitor.reads(f"/digest/{THIS_WEEK.name}", status)
    assert ("was cancelled while it was sent" in page.words) is bool(reached)
    assert visitor.reads("/digest").links().count(f"/digest/{THIS_WEEK.name}") == bool(reached)


def test_an_edition_that_was_drafted_anew_takes_the_place_of_the_cancelled(visitor: Visitor) -> None:
    make_tool("beta")
    cancelled(published(), reached="ada@readers.example")
    published(intro="Once more.")
    page = visitor.reads(f"/digest/{THIS_WEEK.name}").words
    assert "Once more." in page
    assert "was cancelled" not in page
    assert [each.state for each in queries.list_archive()] == [EditionState.SENDING]


@pytest.mark.parametrize("name", ["2026-W47", "2026-w47"])
@ON_ONE_DATABASE
def test_other_spellings_lead_to_the_one_address(visitor: Visitor, name: str) -> None:
    a_week()
    published()
    response = visitor.opens("GET", f"/digest/{name}")
    expected = (200, None) if name == "2026-w47" else (301, "/digest/2026-w47")
    assert (response.status_code, response.headers.get("Location")) == expected


@pytest.mark.parametrize("name", ["2026-w48", "2026-w99", "latest", "2026-w47x", "%F0%9F%9B%91"])
@ON_ONE_DATABASE
def test_a_week_without_an_edition_is_not_found_in_words(visitor: Visitor, name: str) -> None:
    assert "week" in visitor.reads(f"/digest/{name}", 404).words


def test_an_edition_leads_to_its_neighbours(visitor: Visitor) -> None:
    a_turn(an_old_tool("alpha"), on=LAST_THURSDAY)
    published(LAST_WEEK)
    make_tool("beta")
    published()
    assert "/digest/2026-w46" in visitor.reads("/digest/2026-w47").links()
    assert "/digest/2026-w47" in visitor.reads("/digest/2026-w46").links()


def test_an_edition_is_public_and_reading_it_sets_no_cookie(visitor: Visitor) -> None:
    a_week()
    published()
    for path in ("/digest", "/digest/2026-w47"):
        headers = visitor.reads(path).headers
        assert headers["Cache-Control"].startswith("public")
        assert "Set-Cookie" not in headers


@ON_ONE_DATABASE
def test_hostile_words_stay_words_on_the_page_too(visitor: Visitor) -> None:
    words = "<script>alert(1)</script>\"' {{ 7 * 7 }}"
    make_tool("alpha", name=words, tagline=words, category_id=make_category("code", name="<b>x</b>").id)
    found = drafted()
    with writing():
        editing.update_text(found.id, subject=words)
        freezing.freeze(found.id, NOW)
        editions.start(found.id)
    page = visitor.opens("GET", "/digest/2026-w47").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<b>x" not in page


def test_a_page_of_many_items_takes_as_few_statements_as_one_of_few(
    visitor: Visitor, statements: StatementCount
) -> None:
    a_turn(an_old_tool("alpha"), on=LAST_THURSDAY)
    published(LAST_WEEK)
    for number in range(30):
        make_tool(f"tool-{number}")
    published()
    costs = []
    for path in ("/digest/2026-w46", "/digest/2026-w47"):
        before = len(statements)
        visitor.reads(path)
        costs.append(sum("content_version" not in each for each in statements.statements[before:]))
    assert costs == [3, 3]
