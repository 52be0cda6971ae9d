"""Refreshing a draft: what happened since joins, and what an editor did stays."""

from datetime import date

import pytest
import sqlalchemy as sa

from tests.digest.weekly import LONG_AGO, THIS_WEEK, a_price_move, a_turn, an_old_tool, drafted, items, writing
from tests.makers import NOW, make_category, make_comparison, make_review, make_reviewer, make_votes
from verdicts.catalog.models import Category, PriceRecord, Review, Reviewer, Tool, ToolSlug
from verdicts.curation import merging
from verdicts.digest import editing, refreshing
from verdicts.digest.editing import Direction
from verdicts.digest.editions import Edition, WrongState, cancel, get_by_id
from verdicts.digest.gathering import MAX_VOTED_TOOLS
from verdicts.digest.models import ItemKind
from verdicts.digest.refreshing import Refresh
from verdicts.digest.sections import list_entries
from verdicts.extensions import db
from verdicts.voting.models import vote_event


def refreshed(edition_id: int) -> Refresh:
    with writing():
        return refreshing.refresh(edition_id, NOW)


def titles(edition: Edition) -> list[tuple[str, str, bool]]:
    return [(each.kind, each.details["tool"]["slug"], each.is_removed) for each in items(edition)]


@pytest.mark.usefixtures("app")
def test_news_since_joins_its_category_and_what_an_editor_did_stays() -> None:
    coding, writing_tools = make_category("coding"), make_category("writing")
    alpha, beta = an_old_tool("alpha", coding), an_old_tool("beta", coding)
    for tool in (alpha, beta, an_old_tool("gamma", writing_tools)):
        a_turn(tool)
    edition = drafted(THIS_WEEK)
    first = {each.details["tool"]["slug"]: each.id for each in items(edition)}
    with writing():
        editing.update_text(edition.id, subject="Mine", intro="My words.")
        editing.move_item(edition.id, first["beta"], Direction.UP)
        editing.set_removed(edition.id, first["alpha"], is_removed=True)
    a_price_move(alpha)
    assert refreshed(edition.id) == Refresh(added=1, updated=0, outdated=0)
    assert titles(edition) == [
        ("verdict-change", "beta", False),
        ("verdict-change", "alpha", True),
        ("price-move", "alpha", False),
        ("verdict-change", "gamma", False),
    ]
    stored = get_by_id(edition.id)
    assert (stored.subject, stored.intro) == ("Mine", "My words.")
    assert refreshed(edition.id) == Refresh(0, 0, 0)


@pytest.mark.usefixtures("app")
def test_figures_are_updated_and_what_was_taken_back_goes() -> None:
    alpha = an_old_tool("alpha")
    a_turn(alpha)
    a_price_move(alpha, before=20, after=30)
    edition = drafted(THIS_WEEK)
    a_turn(alpha, "builder")
    current = sa.update(PriceRecord).where(PriceRecord.until.is_(None))
    with writing():
        db.session.execute(current.values(amount=20))
    assert refreshed(edition.id) == Refresh(added=1, updated=1, outdated=1)


@pytest.mark.usefixtures("app")
def test_votes_beyond_the_most_are_counted_on_and_go_once_none_is_left() -> None:
    alpha, beta = an_old_tool("alpha"), an_old_tool("beta")
    make_votes(alpha, ship=range(1))
    make_votes(beta, ship=range(1))
    edition = drafted(THIS_WEEK)
    for number in range(MAX_VOTED_TOOLS):
        make_votes(an_old_tool(f"tool-{number}"), ship=range(9))
    make_votes(alpha, ship=range(5, 6))
    with writing():
        db.session.execute(sa.delete(vote_event).where(vote_event.c.tool_id == beta.id))
    assert refreshed(edition.id) == Refresh(added=MAX_VOTED_TOOLS, updated=1, outdated=1)
    assert items(edition)[0].details["total"] == 2


@pytest.mark.usefixtures("app")
def test_a_disagreement_that_began_and_is_over_is_no_news() -> None:
    tool = an_old_tool("alpha")
    make_review(tool, make_reviewer("skeptic"), "skip", reviewed_on=date(2026, 8, 1))
    make_votes(tool, ship=range(40))
    edition = drafted(THIS_WEEK)
    make_votes(tool, skip=range(40, 120))
    assert refreshed(edition.id) == Refresh(added=0, updated=1, outdated=1)
    assert [each.kind for each in items(edition)] == [ItemKind.VOTES]


@pytest.mark.usefixtures("app")
def test_a_comparison_whose_tools_change_places_is_not_told_twice() -> None:
    alpha, beta = an_old_tool("alpha"), an_old_tool("beta")
    comparison = make_comparison(alpha, beta, published_at=NOW)
    edition = drafted(THIS_WEEK)
    with writing():
        for member in db.session.merge(comparison).members:
            member.position = 9 - member.position
    refreshed(edition.id)
    assert [each.kind for each in items(edition)] == [ItemKind.NEW_COMPARISON]


@pytest.mark.usefixtures("app")
def test_two_tools_that_are_one_now_are_not_told_of_twice() -> None:
    alpha, beta = an_old_tool("alpha"), an_old_tool("beta")
    make_votes(alpha, ship=range(2))
    make_votes(beta, ship=range(2, 4))
    edition = drafted(THIS_WEEK)
    with writing():
        merging.merge(alpha.id, beta.id, NOW)
    assert refreshed(edition.id) == Refresh(added=0, updated=1, outdated=1)
    assert [each.details["total"] for each in items(edition)] == [4]


@pytest.mark.usefixtures("app")
def test_what_was_removed_stays_removed_while_its_tool_is_away_and_back() -> None:
    alpha = an_old_tool("alpha")
    a_turn(alpha)
    a_turn(an_old_tool("beta"))
    edition = drafted(THIS_WEEK)
    with writing():
        editing.set_removed(edition.id, items(edition)[0].id, is_removed=True)
    for published_at in (None, LONG_AGO):
        with writing():
            db.session.execute(sa.update(Tool).where(Tool.id == alpha.id).values(published_at=published_at))
        refreshed(edition.id)
    assert titles(edition) == [("verdict-change", "alpha", True), ("verdict-change", "beta", False)]


RENAMED = {
    "reviewer": sa.update(Reviewer).values(name="The Doubter", slug="doubter"),
    "tool": sa.update(Tool).values(name="Omega"),
    "slug": sa.update(ToolSlug).values(slug="omega"),
    "category": sa.update(Category).values(name="Writing code", slug="writing-code"),
    "review": sa.update(Review).values(quote="Another one."),
    "price": sa.update(PriceRecord).values(source="https://example.org/plans"),
}


@pytest.mark.parametrize("what", RENAMED)
@pytest.mark.usefixtures("app")
def test_what_was_removed_stays_removed_whatever_is_renamed(what: str) -> None:
    alpha = an_old_tool("alpha", make_category("code"))
    a_turn(alpha)
    a_price_move(alpha)
    edition = drafted(THIS_WEEK)
    with writing():
        for item in items(edition):
            editing.set_removed(edition.id, item.id, is_removed=True)
        editing.reorder(edition.id, [item.id for item in reversed(items(edition))])
        db.session.execute(RENAMED[what])
    refreshed(edition.id)
    assert [(item.kind, item.is_removed) for item in items(edition)] == [("price-move", True), ("verdict-change", True)]


@pytest.mark.usefixtures("app")
def test_two_reviewers_who_exchange_their_names_keep_their_own_changes() -> None:
    alpha = an_old_tool("alpha")
    a_turn(alpha, "builder")
    a_turn(alpha, "skeptic")
    edition = drafted(THIS_WEEK)
    with writing():
        editing.set_removed(edition.id, items(edition)[0].id, is_removed=True)
        one, two = db.session.scalars(sa.select(Reviewer).order_by(Reviewer.id))
        one.name, two.name = two.name, one.name
    assert refreshed(edition.id) == Refresh(added=0, updated=2, outdated=0)
    told = [(item.details["reviewer"], item.is_removed) for item in items(edition)]
    assert told == [("The Skeptic", True), ("The Builder", False)]


@pytest.mark.usefixtures("app")
def test_a_tool_that_changed_its_category_stands_once_with_all_its_news() -> None:
    alpha, chat = an_old_tool("alpha", make_category("code")), make_category("chat")
    a_turn(alpha)
    edition = drafted(THIS_WEEK)
    with writing():
        db.session.execute(sa.update(Tool).where(Tool.id == alpha.id).values(category_id=chat.id))
    a_price_move(alpha)
    refreshed(edition.id)
    assert {item.category_id for item in items(edition)} == {chat.id}
    assert [len(entry.items) for entry in list_entries(items(edition))] == [2]


@pytest.mark.usefixtures("app")
def test_two_tools_that_are_one_now_stand_once_though_nobody_refreshed() -> None:
    alpha, beta = an_old_tool("alpha", make_category("code")), an_old_tool("beta", make_category("chat"))
    a_turn(alpha)
    make_votes(beta, ship=range(2))
    edition = drafted(THIS_WEEK)
    with writing():
        merging.merge(alpha.id, beta.id, NOW)
    assert [len(entry.items) for entry in list_entries(items(edition))] == [2]


@pytest.mark.usefixtures("app")
def test_only_a_draft_is_refreshed() -> None:
    a_turn(an_old_tool("alpha"))
    edition = drafted(THIS_WEEK)
    with writing():
        cancel(edition.id, NOW)
    with pytest.raises(WrongState):
        refreshed(edition.id)
