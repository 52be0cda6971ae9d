"""Two editors of one record: what each changed is saved, and only what both changed differently is asked about."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_category, make_comparison, make_price, make_review, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, fields_of, latest_entry, logged_in, stored
from verdicts.catalog.models import Review, ReviewRevision, Tool
from verdicts.cli.housekeeping import run_all
from verdicts.extensions import TooManyWriters, db
from verdicts.staff.models import record_version
from verdicts.web.admin.forms import record_editor
from verdicts.web.clock import now

pytestmark = ON_ONE_DATABASE

Later = Callable[[timedelta], None]


@pytest.fixture
def bob(app: Flask) -> AdminClient:
    return logged_in(app, "bob")


def plan(number: int, name: str, amount: str) -> dict[str, str]:
    values = {"name": name, "amount": amount, "currency": "USD", "period": "month"}
    return {f"plans-{number}-{key}": value for key, value in values.items()}


def test_two_who_review_for_different_reviewers_are_both_saved_and_nobody_is_asked_for_a_reason(
    ann: AdminClient, bob: AdminClient
) -> None:
    tool, builder, skeptic = make_tool("wren"), make_reviewer("builder"), make_reviewer("skeptic")
    for reviewer in (builder, skeptic):
        make_review(tool, reviewer, "ship", quote="Quick.")
    path = f"/admin/tools/{tool.id}/panel"
    bobs = bob.form(path) | {"reviews-1-verdict": "skip", "reviews-1-reason": "It forgets."}
    ann.fills(path, reviews_0_quote="Very quick.", reviews_0_reason="Looked again.")
    saved = bob.sends(path, bobs)
    assert (saved.status_code, saved.headers["Location"]) == (303, f"{path}?done=merged")
    assert "What somebody else had saved" in bob.gets(saved.headers["Location"]).text
    assert {(each.verdict, each.quote) for each in stored(Review)} == {("ship", "Very quick."), ("skip", "Quick.")}
    assert {each.reason for each in stored(ReviewRevision)} == {"Looked again.", "It forgets."}
    assert list(latest_entry().changes) == ["skeptic"]


def test_resolving_one_review_leaves_what_a_colleague_said_for_another(ann: AdminClient, bob: AdminClient) -> None:
    tool = make_tool("wren")
    for slug in ("builder", "skeptic"):
        make_reviewer(slug)
    path = f"/admin/tools/{tool.id}/panel"
    bobs = bob.form(path) | {"reviews-0-verdict": "skip", "reviews-0-quote": "Bob heard that."}
    ann.fills(
        path,
        reviews_0_verdict="ship",
        reviews_0_quote="Ann heard this.",
        reviews_1_verdict="ship",
        reviews_1_quote="The other.",
    )
    asked = bob.sends(path, bobs)
    assert asked.status_code == 409
    again = fields_of(asked.text)
    assert (again["reviews-0-quote"], again["reviews-1-quote"]) == ("Bob heard that.", "The other.")
    conflict = asked.text.partition('class="conflict"')[2].partition("</section>")[0]
    assert ("Ann heard this." in conflict, "Bob heard that." in conflict, "The other." in conflict) == (
        True,
        True,
        False,
    )
    assert bob.sends(path, again | {"reviews-0-reason": "Asked again."}).status_code == 303
    assert [each.quote for each in stored(Review)] == ["Bob heard that.", "The other."]


def test_two_who_changed_different_fields_facts_plans_and_aliases_of_a_tool_are_both_saved(
    ann: AdminClient, bob: AdminClient
) -> None:
    category = make_category("editors", facts={"offline": "Offline", "api": "API"})
    tool = make_tool("wren", category=category, tagline="Old.", aliases=("old-wren",))
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, facts_0_value="Yes", facts_1_value="No", **plan_fields(0, "Pro", "20"))
    bobs = bob.form(path) | {"maker": "Bob’s maker", "facts-1-value": "Yes", "aliases": "old-wren\nbobs-wren"}
    ann.fills(path, tagline="Ann’s.", facts_0_value="Partly", aliases="anns-wren", **plan_fields(1, "Team", "40"))
    assert bob.sends(path, bobs | plan(0, "Pro", "25")).status_code == 303
    (row,) = stored(Tool)
    assert (row.tagline, row.maker) == ("Ann’s.", "Bob’s maker")
    assert {each.key: each.value for each in row.facts} == {"offline": "Partly", "api": "Yes"}
    assert [(each.name, str(each.amount)) for each in row.plans] == [("Pro", "25"), ("Team", "40")]
    assert {each.slug for each in row.slugs} == {"wren", "anns-wren", "bobs-wren"}
    assert set(latest_entry().changes) == {"maker", "facts", "plans", "aliases"}


def plan_fields(number: int, name: str, amount: str) -> dict[str, str]:
    return {key.replace("-", "_"): value for key, value in plan(number, name, amount).items()}


def test_a_category_that_was_renamed_meanwhile_is_no_change_of_the_tool(ann: AdminClient, bob: AdminClient) -> None:
    category = make_category("editors")
    path = f"/admin/tools/{make_tool('wren', category=category).id}"
    bobs = bob.form(path) | {"tagline": "Bob’s."}
    ann.fills(f"/admin/categories/{category.id}", slug="code-editors")
    ann.fills(path, maker="Ann’s maker")
    assert bob.sends(path, bobs).status_code == 303
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("Bob’s.", "Ann’s maker")
    assert list(latest_entry().changes) == ["tagline"]


def test_two_halves_of_a_price_are_asked_about_and_the_day_of_the_check_is_not(
    ann: AdminClient, bob: AdminClient, later: Later
) -> None:
    tool = make_tool("wren")
    make_price(tool, "paid", amount=20, currency="USD", period="month", checked_on=date(2026, 10, 1))
    path = f"/admin/tools/{tool.id}/price"
    bobs = bob.form(path)
    later(timedelta(days=1))
    ann.logs_in()
    bob.logs_in("bob")
    bobs |= {"csrf_token": bob.token("/admin/me")}
    ann.fills(path, amount="25", reason="It went up.")
    asked = bob.sends(path, bobs | {"currency": "EUR", "reason": "Another shop."})
    conflict = asked.text.partition('class="conflict"')[2].partition("</section>")[0]
    assert (asked.status_code, "Amount" in conflict, "Currency" in conflict, "Checked on" in conflict) == (
        409,
        True,
        True,
        False,
    )
    saved = bob.sends(path, bobs | {"source": "https://example.org/pricing"})
    assert saved.status_code == 303
    assert set(latest_entry().changes) == {"source"}


def conflict_of(html: str) -> str:
    return html.partition('class="conflict"')[2].partition("</section>")[0]


def test_what_two_chose_is_asked_about_by_its_name(ann: AdminClient, bob: AdminClient) -> None:
    make_category("code-editors", name="Editors of code")
    make_category("chat-bots", name="Chatting")
    tool = make_tool("wren-1", name="Wren")
    others = [make_tool(f"{name.lower()}-2", name=name) for name in ("Finch", "Robin", "Stork")]
    path = f"/admin/tools/{tool.id}"
    bobs = bob.form(path) | {"category": "chat-bots"}
    ann.fills(path, category="code-editors")
    asked = conflict_of(bob.sends(path, bobs).text)
    assert [each in asked for each in ("Editors of code", "Chatting", "code-editors", "chat-bots")] == [True] * 2 + [
        False
    ] * 2

    path = f"/admin/comparisons/{make_comparison(tool, others[0], choose_if={tool: 'You fly.'}).id}"
    bobs = bob.form(path) | {"tools-1": "Robin", "choose_if-0-when": "You sing."}
    anns = ann.form(path) | {"tools-1": "Stork", "choose_if-0-when": "You swim."}
    assert ann.sends(path, anns).status_code == 303
    asked = conflict_of(bob.sends(path, bobs).text)
    assert [each in asked for each in ("Robin", "Stork", "Wren", "Choose it if", "You sing.")] == [True] * 5
    assert not any(slug in asked for slug in ("wren-1", "robin-2", "stork-2"))


def test_a_preview_shows_what_both_have_changed(ann: AdminClient, bob: AdminClient) -> None:
    path = f"/admin/tools/{make_tool('wren', tagline='Old.').id}"
    bobs = bob.form(path) | {"description": "By Bob."}
    ann.fills(path, tagline="By Ann.")
    preview = bob.sends(path, bobs, "preview")
    assert (preview.status_code, "By Ann." in preview.text, "By Bob." in preview.text) == (200, True, True)
    assert stored(Tool)[0].description == ""


def test_what_was_merged_and_refused_stays_merged(ann: AdminClient, bob: AdminClient) -> None:
    path = f"/admin/tools/{make_tool('wren', tagline='Old.').id}"
    bobs = bob.form(path) | {"website": "no address"}
    ann.fills(path, tagline="By Ann.")
    refused = bob.sends(path, bobs)
    again = fields_of(refused.text)
    assert (refused.status_code, again["tagline"], again["website"]) == (422, "By Ann.", "no address")
    assert bob.sends(path, again | {"website": "https://example.org/"}).status_code == 303
    assert stored(Tool)[0].tagline == "By Ann."


def test_a_draft_of_a_month_ago_is_merged_and_versions_of_no_form_are_destroyed(
    ann: AdminClient, bob: AdminClient, later: Later
) -> None:
    path = f"/admin/tools/{make_tool('wren', tagline='Old.').id}"
    bob.fills(path, "draft", maker="Bob’s maker")
    ann.fills(path, tagline="By Ann.")
    later(timedelta(days=29))
    housekeeping()
    bob.logs_in("bob")
    assert bob.fills(path).status_code == 303
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("By Ann.", "Bob’s maker")
    assert count_versions() == 2
    later(timedelta(days=120))
    housekeeping()
    assert count_versions() == 0


def test_where_the_opened_version_could_not_be_stored_every_difference_is_asked_about(
    ann: AdminClient, bob: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/admin/tools/{make_tool('wren', tagline='Old.').id}"

    def refuse() -> None:
        raise TooManyWriters

    with monkeypatch.context() as patch:
        patch.setattr(record_editor, "begin_write_after_read", refuse)
        bobs = bob.form(path)
    ann.fills(path, tagline="By Ann.")
    db.session.rollback()
    db.session.execute(sa.delete(record_version))
    db.session.commit()
    assert bob.sends(path, bobs | {"maker": "Bob’s maker"}).status_code == 409
    assert stored(Tool)[0].tagline == "By Ann."


def housekeeping() -> None:
    db.session.rollback()
    list(run_all(now()))
    db.session.rollback()


def count_versions() -> int:
    db.session.rollback()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(record_version)) or 0
    db.session.rollback()
    return count
