"""The links in mail: following one changes nothing, pressing its button does."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, first_on_both
from tests.makers import make_category, make_tool
from tests.newsletter.world import ANN, ask, end, letters, make_subscriber, row_of, statuses, suppressed
from tests.web.conftest import PRESENT
from tests.web.visitor import Visitor
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import Base, begin_write, db
from verdicts.newsletter import headers, preferences, queries
from verdicts.newsletter.models import Rhythm, Status
from verdicts.newsletter.queries import SubscriberChoices
from verdicts.newsletter.tokens import TOKEN_LENGTH, leave_token, preferences_token

Later = Callable[[timedelta], None]
A_WEEK = timedelta(days=7)
FORGED = "a" * TOKEN_LENGTH


def whole_database() -> dict[str, list[Any]]:
    """Return every row of every table."""
    found = {
        table.name: sorted(map(str, db.session.execute(sa.select(table)))) for table in Base.metadata.sorted_tables
    }
    db.session.rollback()
    return found


@pytest.fixture
def alpha(app: Flask) -> ToolLink:
    made = make_tool("alpha", name="Alpha", category_id=make_category("agents", name="Agents").id)
    link = ToolLink(made.id, "alpha", "Alpha")
    db.session.rollback()
    return link


@pytest.fixture
def ann(app: Flask) -> int:
    return make_subscriber()


def leave_path(id: int, generation: int = 1) -> str:
    return headers.leave_path(leave_token(id, generation))


def preferences_path(id: int, generation: int = 1) -> str:
    return headers.preferences_path(preferences_token(id, generation))


def confirm_path() -> str:
    found = re.search(r"http://verdicts.test(/newsletter/confirm/\S+)", letters()[-1].text)
    assert found
    return found[1]


@first_on_both("standing", ["confirmed", "pending", "left", "expired"])
def test_following_every_link_in_mail_three_times_changes_nothing(
    visitor: Visitor, alpha: ToolLink, later: Later, standing: str
) -> None:
    ask(ANN, PRESENT, alpha)
    paths = [confirm_path(), confirm_path().partition("?")[0]]
    if standing != "pending":
        visitor.sends(paths[0], {"tool": "alpha"}, 303)
    if standing == "left":
        end(Status.LEFT, 1, PRESENT)
    if standing == "expired":
        later(A_WEEK)
    paths += [leave_path(1), preferences_path(1), f"{preferences_path(1)}/data", f"{preferences_path(1)}?saved=1"]
    before = whole_database()
    for path in paths:
        for method in ("GET", "HEAD") * 3:
            assert visitor.opens(method, path).status_code == (404 if "confirm" in path and standing == "left" else 200)
    assert whole_database() == before
    assert visitor.cookies == {}


@ON_ONE_DATABASE
def test_no_page_behind_a_link_is_kept_or_found_by_search_engines(visitor: Visitor, ann: int) -> None:
    ask("new@example.org", PRESENT)
    for path in (confirm_path(), leave_path(ann), preferences_path(ann)):
        page = visitor.reads(path)
        assert page.headers["Cache-Control"] == "no-store"
        assert [each.get("content") for each in page.all("meta") if each.get("name") == "robots"] == ["noindex"]


# Confirming


def test_the_button_confirms_and_the_page_says_so(visitor: Visitor, app: Flask) -> None:
    ask(ANN, PRESENT)
    page = visitor.reads(confirm_path())
    assert page.texts("h1") == ["One button, and you are in."]
    assert ANN in page.words
    assert page.texts("button", within=page.main) == ["Confirm this address"]
    answer = visitor.sends(confirm_path(), {}, 303)
    assert statuses() == ["confirmed"]
    done = visitor.reads(answer.headers["Location"])
    assert done.texts("h1") == ["You are in."]
    assert preferences_path(1) in done.links()


@ON_ONE_DATABASE
def test_pressing_twice_is_pressing_once(visitor: Visitor, app: Flask) -> None:
    ask(ANN, PRESENT)
    visitor.sends(confirm_path(), {}, 303)
    before = whole_database()
    visitor.sends(confirm_path(), {}, 303)
    assert whole_database() == before


def test_confirming_follows_the_tool(visitor: Visitor, alpha: ToolLink) -> None:
    ask(ANN, PRESENT, alpha)
    page = visitor.reads(confirm_path())
    assert page.texts("button", within=page.main) == ["Confirm and follow Alpha"]
    answer = visitor.sends(confirm_path(), {"tool": "alpha"}, 303)
    assert visitor.reads(answer.headers["Location"]).texts("h1") == ["You follow Alpha."]
    assert queries.load_choices([1])[1].tools == {alpha.id}


def test_who_is_signed_up_already_is_asked_for_the_tool_alone(visitor: Visitor, alpha: ToolLink, ann: int) -> None:
    ask(ANN, PRESENT, alpha)
    page = visitor.reads(confirm_path())
    assert "gets our email already" in page.words
    assert page.texts("button", within=page.main) == ["Follow Alpha"]


def test_an_expired_link_offers_another_letter_and_sends_it(visitor: Visitor, alpha: ToolLink, later: Later) -> None:
    ask(ANN, PRESENT, alpha)
    old = confirm_path()
    later(A_WEEK)
    page = visitor.reads(old)
    assert page.texts("h1") == ["This link has run out."]
    assert visitor.sends(old, {"tool": "alpha"}, 303).headers["Location"] == "/newsletter/sent"
    assert statuses() == ["pending"]
    assert len(letters()) == 2
    assert "?tool=alpha" in confirm_path()
    visitor.sends(confirm_path(), {"tool": "alpha"}, 303)
    assert statuses() == ["confirmed"]


def test_asking_for_another_letter_again_and_again_brings_one(visitor: Visitor, app: Flask, later: Later) -> None:
    ask(ANN, PRESENT)
    old = confirm_path()
    later(A_WEEK)
    visitor.sends(old, {}, 303)
    visitor.sends(old, {}, 404)  # the later letter has taken its place
    assert len(letters()) == 2


@pytest.mark.parametrize("token", ["x", "x" * 43, "ä", "a" * 5000, "%00x"])
@pytest.mark.parametrize("kind", ["confirm", "leave", "preferences"])
@ON_ONE_DATABASE
def test_a_forged_link_is_404_in_words_and_changes_nothing(visitor: Visitor, ann: int, kind: str, token: str) -> None:
    before = whole_database()
    status = 400 if "%00" in token else 404
    for answer in (
        visitor.reads(f"/newsletter/{kind}/{token}", status),
        visitor.sends(f"/newsletter/{kind}/{token}", {"List-Unsubscribe": "One-Click"}, status),
    ):
        assert "do not know this link" in answer.words or status == 400
    assert whole_database() == before


@ON_ONE_DATABASE
def test_a_token_opens_no_page_but_its_own(visitor: Visitor, ann: int) -> None:
    visitor.reads(headers.leave_path(preferences_token(ann, 1)), 404)
    visitor.reads(headers.preferences_path(leave_token(ann, 1)), 404)
    visitor.reads(preferences_path(ann, 2), 404)


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", [confirm_path, lambda: preferences_path(1), lambda: f"{preferences_path(1)}/erase"])
def test_another_site_cannot_press_the_buttons(visitor: Visitor, ann: int, path: Callable[[], str]) -> None:
    ask("new@example.org", PRESENT)
    before = whole_database()
    visitor.sends(path(), {"rhythm": "on-change", "scope": "all"}, 403, origin="https://evil.example")
    assert whole_database() == before


# Leaving

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
NOT_A_BROWSER = {"origin": None, "sec_fetch_site": None, "cookie": None}


@pytest.mark.parametrize("times", [1, 3])
@first_on_both(
    "body",
    [
        {"data": ONE_CLICK},
        {"data": ONE_CLICK, "content_type": "multipart/form-data"},
        {"data": b""},
        {"data": b"\xff\xfe{", "content_type": "application/octet-stream"},
        {"data": b"x" * 300_000, "content_type": "application/x-www-form-urlencoded"},
        {"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=x"},
    ],
    ids=["urlencoded", "multipart", "nothing", "nonsense", "too much", "broken multipart"],
)
def test_one_click_leaves_without_cookie_login_or_redirect(
    visitor: Visitor, ann: int, body: dict[str, Any], times: int
) -> None:
    for _ in range(times):
        answer = visitor.opens("POST", leave_path(ann), headers=NOT_A_BROWSER, **body)
        assert answer.status_code == 200
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers
    assert statuses() == ["left"]
    assert suppressed() == ["left"]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
@ON_ONE_DATABASE
def test_one_click_is_taken_from_wherever_it_comes(visitor: Visitor, ann: int, site: str) -> None:
    sent = {"origin": "https://mail.example", "sec_fetch_site": site}
    assert visitor.opens("POST", leave_path(ann), form=ONE_CLICK, headers=sent).status_code == 200
    assert statuses() == ["left"]


def test_a_reader_leaves_by_a_button_and_sees_that_it_worked(visitor: Visitor, ann: int) -> None:
    page = visitor.reads(leave_path(ann))
    assert page.texts("button", within=page.main) == ["Unsubscribe"]
    assert visitor.sends(leave_path(ann), {}).texts("h1") == ["You are unsubscribed."]
    assert visitor.reads(leave_path(ann)).texts("h1") == ["You are unsubscribed."]
    assert row_of(ann).address is None


def test_after_coming_back_an_old_letters_link_leaves_no_more(visitor: Visitor, ann: int) -> None:
    visitor.sends(leave_path(ann), {})
    make_subscriber()
    visitor.sends(leave_path(ann), {})
    assert statuses() == ["left", "confirmed"]


# Preferences


def choose(visitor: Visitor, id: int, status: int = 303, **fields: Any) -> Any:
    return visitor.sends(preferences_path(id), {"rhythm": "every-week", "scope": "all", **fields}, status)


def chosen(id: int) -> SubscriberChoices:
    found = queries.load_choices([id])[id]
    db.session.rollback()
    return found


def test_preferences_are_saved_and_shown_again(visitor: Visitor, alpha: ToolLink, ann: int) -> None:
    answer = choose(visitor, ann, rhythm="on-change", scope="some", category=["agents"], tool=["", "alpha"])
    assert chosen(ann) == SubscriberChoices(frozenset([1]), frozenset([alpha.id]), Rhythm.ON_CHANGE)
    page = visitor.reads(answer.headers["Location"])
    assert "Saved." in page.words
    ticked = [
        (each.get("name"), each.get("value")) for each in page.all("input", "tick") if each.get("checked") is not None
    ]
    assert ticked == [("rhythm", "on-change"), ("scope", "some"), ("category", "agents"), ("tool", "alpha")]
    choose(visitor, ann, category=["agents"])
    assert chosen(ann) == SubscriberChoices()


@pytest.mark.parametrize(
    "fields",
    [
        {"rhythm": "never"},
        {"rhythm": ""},
        {"scope": "none"},
        {"scope": "some"},
        {"scope": "some", "category": ["no-such"]},
    ],
)
@ON_ONE_DATABASE
def test_what_cannot_be_saved_is_refused_beside_its_field_and_kept(
    visitor: Visitor, alpha: ToolLink, ann: int, fields: dict[str, Any]
) -> None:
    page = choose(visitor, ann, 422, **({"tool": ["alpha"]} | fields))
    assert page.texts("p", "field-error")
    assert "Not saved yet." in page.words
    assert [each.get("value") for each in page.all("input", "tick") if each.get("name") == "tool"] == ["alpha"]
    assert chosen(ann) == SubscriberChoices()


@pytest.mark.parametrize("slug", ["no-such", "\0", "x" * 500])
@ON_ONE_DATABASE
def test_a_tool_that_there_is_not_is_not_followed(visitor: Visitor, ann: int, slug: str) -> None:
    choose(visitor, ann, tool=[slug], category=[slug])
    assert chosen(ann) == SubscriberChoices()


def test_ones_own_data_come_as_a_file(visitor: Visitor, alpha: ToolLink, ann: int) -> None:
    choose(visitor, ann, tool=["alpha"])
    answer = visitor.reads(f"{preferences_path(ann)}/data")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-subscription.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    data = answer.response.get_json()
    assert (data["address"], data["follows"], data["editions"]) == (ANN, ["alpha"], [])


def test_erasing_forgets_and_the_page_says_so(visitor: Visitor, ann: int) -> None:
    answer = visitor.sends(f"{preferences_path(ann)}/erase", {}, 303)
    assert statuses() == ["erased"]
    assert visitor.reads(answer.headers["Location"]).texts("h1") == ["Erased."]
    assert visitor.reads(f"{preferences_path(ann)}/data").response.get_json()["address"] is None
    visitor.sends(f"{preferences_path(ann)}/erase", {}, 303)
    choose(visitor, ann)
    assert statuses() == ["erased"]


@ON_ONE_DATABASE
def test_erasing_is_no_link_that_a_scanner_could_follow(visitor: Visitor, ann: int) -> None:
    visitor.reads(f"{preferences_path(ann)}/erase", 405)
    assert statuses() == ["confirmed"]


def test_a_subscribers_page_takes_the_same_statements_whatever_there_is(
    visitor: Visitor, statements: Any, alpha: ToolLink, ann: int
) -> None:
    def count() -> int:
        before = len(statements)
        visitor.reads(preferences_path(ann))
        return len(statements) - before

    few = count()
    tools = [make_tool(f"tool-{number}").id for number in range(30)]
    kinds = [make_category(f"kind-{number}").id for number in range(20)]
    db.session.rollback()
    begin_write()
    preferences.update(ann, rhythm=Rhythm.ON_CHANGE, categories=kinds, tools=tools, now=PRESENT)
    db.session.commit()
    assert count() == few <= 6
