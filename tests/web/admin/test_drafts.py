"""Drafts: what is typed into a record's form is there again until it is saved or discarded."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.admin.admin_client import AdminClient, fields_of, latest_entry, logged_in, stored
from tests.web.conftest import PRESENT
from verdicts.catalog.models import Reviewer, Tool
from verdicts.cli.housekeeping import run_all
from verdicts.extensions import begin_write, db
from verdicts.staff import drafts
from verdicts.staff.models import form_draft
from verdicts.web.clock import now

Later = Callable[[timedelta], None]


def test_a_draft_is_shown_again_until_its_form_is_saved(ann: AdminClient) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    fields = ann.form(path) | {"tagline": "Half a thought"}
    answer = ann.posts(
        "/admin/drafts",
        token=fields["csrf_token"],
        draft_key=path,
        **{k: v for k, v in fields.items() if k != "csrf_token"},
    )
    assert "Unsaved changes stored at" in answer.text
    assert ann.form(path)["tagline"] == "Half a thought"
    assert "<strong>Unsaved changes</strong> from" in ann.gets(path).text
    assert stored(Tool)[0].tagline == "Old."
    ann.fills(path)
    assert stored(Tool)[0].tagline == "Half a thought"
    assert "Unsaved changes</strong>" not in ann.gets(path).text


@ON_ONE_DATABASE
def test_a_draft_is_saved_and_discarded_without_javascript(app: Flask, ann: AdminClient) -> None:
    path = ann.gets("/admin/reviewers/new").headers["Location"]
    assert ann.fills(path, "draft", name="The Half").headers["Location"].startswith(path.partition("?")[0])
    assert ann.form(path)["name"] == "The Half"
    assert logged_in(app, "bob").form(path)["name"] == ""
    ann.posts(path, do="discard")
    assert ann.form(path)["name"] == ""
    assert stored(Reviewer) == []


@ON_ONE_DATABASE
def test_a_draft_of_an_older_version_is_merged_with_what_was_saved_since(app: Flask, ann: AdminClient) -> None:
    bob, tool = logged_in(app, "bob"), make_tool("wren")
    path = f"/admin/tools/{tool.id}"
    bob.fills(path, "draft", maker="Bob’s maker")
    ann.fills(path, tagline="Ann’s.")
    merged = bob.form(path)
    assert (merged["tagline"], merged["maker"]) == ("Ann’s.", "Bob’s maker")
    assert bob.sends(path, merged).status_code == 303
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("Ann’s.", "Bob’s maker")


@ON_ONE_DATABASE
def test_a_draft_of_what_somebody_else_has_changed_too_is_asked_about_when_it_is_saved(
    app: Flask, ann: AdminClient
) -> None:
    bob, tool = logged_in(app, "bob"), make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    bob.fills(path, "draft", tagline="Bob’s.")
    ann.fills(path, tagline="Ann’s.", maker="Ann’s maker")
    assert "Somebody else has changed the same since" in bob.gets(path).text
    asked = bob.fills(path)
    assert (asked.status_code, "Ann’s." in asked.text, "Bob’s." in asked.text) == (409, True, True)
    assert bob.sends(path, fields_of(asked.text)).status_code == 303
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("Bob’s.", "Ann’s maker")


@ON_ONE_DATABASE
def test_a_draft_that_says_what_is_saved_already_is_none(ann: AdminClient) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    form = ann.form(path) | {"tagline": "New."}
    ann.sends(path, form)
    ann.sends(path, form, "draft")
    assert "Unsaved changes</strong>" not in ann.gets(path).text


@ON_ONE_DATABASE
def test_what_led_to_no_save_is_there_after_going_back_without_javascript(ann: AdminClient) -> None:
    address = ann.gets("/admin/tools/new").headers["Location"]
    for do, typed in (("more plans", "Another row"), ("refit", "Another category"), ("save", "")):
        ann.sends(address, ann.form(address) | {"name": typed, "tagline": f"With {do}"}, do)
        again = ann.form(address)
        assert (again["name"], again["tagline"]) == (typed, f"With {do}")


@ON_ONE_DATABASE
def test_a_draft_of_an_earlier_version_and_one_of_the_record_are_two(ann: AdminClient) -> None:
    tool = make_tool("wren", tagline="First.")
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, tagline="Second.")
    entry = latest_entry()
    earlier = f"{path}?restore={entry.id}"
    ann.fills(path, "draft", maker="Typed first")
    assert ann.form(earlier)["tagline"] == "First."
    ann.fills(earlier, "draft", maker="Typed second")
    assert (ann.form(earlier)["maker"], ann.form(path)["maker"]) == ("Typed second", "Typed first")
    ann.fills(earlier)
    assert ann.form(path)["maker"] == "Typed first"
    assert stored(Tool)[0].tagline == "First."


# New records: each tab has a draft of its own


def test_two_tabs_of_a_new_record_have_a_draft_each_and_each_offers_the_other(ann: AdminClient) -> None:
    one, two = (ann.gets("/admin/reviewers/new").headers["Location"] for _ in range(2))
    assert (ann.autosaves(one, name="The First"), ann.autosaves(two, name="The Second")) == (200, 200)
    assert (ann.form(one)["name"], ann.form(two)["name"]) == ("The First", "The Second")
    ann.fills(one)
    assert [each.name for each in stored(Reviewer)] == ["The First"]
    assert ann.form(two)["name"] == "The Second"
    fresh = ann.opens("/admin/reviewers/new").text
    assert f'<a href="{two}">The Second</a>' in fresh
    assert "The First" not in fresh
    dashboard = ann.gets("/admin").text
    assert f'<a href="{two}">New reviewer: The Second</a>' in dashboard
    assert one not in dashboard


@ON_ONE_DATABASE
def test_a_late_draft_of_a_form_that_became_a_record_is_none(ann: AdminClient) -> None:
    address = ann.gets("/admin/reviewers/new").headers["Location"]
    fields = ann.form(address) | {"name": "The Builder"}
    ann.sends(address, fields)
    ann.autosaves(address, name="The Buil")
    assert address not in ann.gets("/admin").text
    assert ann.sends(address, fields).headers["Location"].endswith("?done=saved")


@pytest.mark.parametrize("query", ["endpoint=x", "_method=x", "_external=1", "_anchor=x", "x=1"])
@ON_ONE_DATABASE
def test_the_address_of_a_new_form_takes_nothing_over_that_it_does_not_know(ann: AdminClient, query: str) -> None:
    answer = ann.gets(f"/admin/tools/new?{query}")
    assert (answer.status_code, re.sub("=.*", "", answer.headers["Location"])) == (303, "/admin/tools/new?draft")


# Two tabs of one record


def test_two_tabs_of_one_record_have_a_draft_each(ann: AdminClient) -> None:
    path = f"/admin/tools/{make_tool('wren', tagline='Old.', maker='M').id}"
    one, two = ann.form(path), ann.form(path)
    for _ in range(2):  # each tab sends its fields again while somebody types
        ann.posts("/admin/drafts", draft_key=path, **one | {"tagline": "Typed first"})
        beside = ann.posts("/admin/drafts", draft_key=path, **two | {"maker": "Typed second"})
        assert "apart from those of another tab" in beside.text
    other = beside.headers["Draft-Key"]
    assert (ann.form(path)["tagline"], ann.form(path)["maker"]) == ("Typed first", "M")
    assert (ann.form(other)["tagline"], ann.form(other)["maker"]) == ("Old.", "Typed second")
    assert f'<a href="{other}">' in ann.gets(path).text
    assert f'<a href="{path}">' in ann.gets(other).text
    assert f'<a href="{other}">Tool: Wren</a>' in ann.gets("/admin").text
    ann.sends(path, one | {"tagline": "Typed first"})
    assert ann.form(other)["maker"] == "Typed second"
    ann.fills(other)
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("Typed first", "Typed second")
    assert "Unsaved changes</strong>" not in ann.gets(path).text
    assert "other unsaved changes" not in ann.gets(path).text


@ON_ONE_DATABASE
def test_a_second_tab_shows_the_draft_of_the_first_and_the_first_overwrites_nothing_then(ann: AdminClient) -> None:
    path = f"/admin/tools/{make_tool('wren', tagline='Old.', maker='M').id}"
    one = ann.form(path) | {"tagline": "Typed first"}
    ann.posts("/admin/drafts", draft_key=path, **one)
    two = ann.form(path)
    assert (two["tagline"], "<strong>Unsaved changes</strong> from" in ann.gets(path).text) == ("Typed first", True)
    shared = ann.posts("/admin/drafts", draft_key=path, **two | {"maker": "Typed second"})
    assert (shared.headers["Draft-Key"], "another tab" in shared.text) == (path, False)
    beside = ann.posts("/admin/drafts", draft_key=path, **one | {"tagline": "Typed third"})
    assert (ann.form(path)["tagline"], ann.form(path)["maker"]) == ("Typed first", "Typed second")
    assert ann.form(beside.headers["Draft-Key"])["tagline"] == "Typed third"


@ON_ONE_DATABASE
def test_a_tab_that_saves_or_discards_leaves_the_draft_of_another_tab(ann: AdminClient) -> None:
    path = f"/admin/tools/{make_tool('wren', tagline='Old.', maker='M').id}"
    one, two, three = (ann.form(path) for _ in range(3))
    kept = ann.sends(path, one | {"tagline": "Typed first"}, "draft")
    ann.sends(path, two | {"maker": "Saved"})
    ann.sends(path, three | {"maker": "Refused", "website": "no address"})
    ann.sends(path, three, "discard")
    assert kept.headers["Location"] == f"{path}?done=kept"
    assert (ann.form(path)["tagline"], ann.form(path)["maker"]) == ("Typed first", "Saved")
    assert "other unsaved changes" not in ann.gets(path).text


@ON_ONE_DATABASE
def test_two_tabs_at_the_address_of_one_new_record_have_a_draft_each(ann: AdminClient) -> None:
    address = ann.gets("/admin/reviewers/new").headers["Location"]
    one, two = ann.form(address), ann.form(address)
    ann.posts("/admin/drafts", draft_key=address, **one | {"name": "The First"})
    beside = ann.posts("/admin/drafts", draft_key=address, **two | {"name": "The Second"})
    assert ann.form(address)["name"] == "The First"
    ann.sends(address, two | {"name": "The Second"})
    assert (ann.form(address)["name"], [each.name for each in stored(Reviewer)]) == ("The First", ["The Second"])
    assert beside.headers["Draft-Key"] not in ann.gets("/admin").text


# Discarded drafts


def restore_key(page: str) -> str:
    """Return the key of the discarded draft that a page offers to restore."""
    match = re.search(r'/admin/drafts/restore">.*?name="draft_key" value="([^"]+)"', page)
    assert match
    assert "Restore discarded changes" in page
    return match[1].replace("&amp;", "&")


@pytest.mark.parametrize("form", ["/admin/tools/1", "/admin/reviewers/new?draft=abcdefgh1"])
def test_discarded_changes_can_be_restored_for_a_month(ann: AdminClient, later: Later, form: str) -> None:
    make_tool("wren")
    ann.fills(form, "draft", name="Half a thought")
    ann.posts(form, do="discard")
    assert ann.form(form)["name"] != "Half a thought"
    assert form not in ann.gets("/admin").text.partition("Discarded changes")[0]
    assert restore_key(ann.gets("/admin").text) == restore_key(ann.opens(form.partition("?")[0]).text)
    later(timedelta(days=29))
    housekeeping()
    ann.logs_in()
    restored = ann.posts("/admin/drafts/restore", draft_key=restore_key(ann.opens(form).text))
    assert restored.status_code == 303
    assert ann.form(restored.headers["Location"])["name"] == "Half a thought"
    assert "Restore discarded changes" not in ann.gets("/admin").text
    again = ann.posts("/admin/drafts/restore", draft_key=restored.headers["Location"])
    assert (again.status_code, "were restored already" in again.text) == (404, True)


@ON_ONE_DATABASE
def test_changes_discarded_a_month_ago_are_gone(ann: AdminClient, later: Later) -> None:
    path = f"/admin/tools/{make_tool('wren').id}"
    ann.fills(path, "draft", tagline="Half a thought")
    ann.posts("/admin/drafts/discard", draft_key=path)
    key = restore_key(ann.gets("/admin").text)
    later(timedelta(days=31))
    ann.logs_in()
    assert "Restore discarded changes" not in ann.gets("/admin").text
    assert ann.posts("/admin/drafts/restore", draft_key=key).status_code == 404
    housekeeping()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(form_draft)) == 0


@ON_ONE_DATABASE
def test_restoring_overwrites_no_newer_draft_and_nobody_restores_what_another_discarded(
    app: Flask, ann: AdminClient
) -> None:
    bob, path = logged_in(app, "bob"), f"/admin/tools/{make_tool('wren').id}"
    ann.fills(path, "draft", tagline="Discarded")
    ann.posts(path, do="discard")
    ann.fills(path, "draft", tagline="Newer")
    key = restore_key(ann.gets(path).text)
    assert bob.posts("/admin/drafts/restore", draft_key=key).status_code == 404
    assert "Restore discarded changes" not in bob.gets(path).text
    restored = ann.posts("/admin/drafts/restore", draft_key=key).headers["Location"]
    assert (ann.form(path)["tagline"], ann.form(restored)["tagline"]) == ("Newer", "Discarded")


def housekeeping() -> None:
    db.session.rollback()
    list(run_all(now()))
    db.session.rollback()


# Which forms have drafts


@pytest.mark.parametrize(
    "address",
    [
        "/admin",
        "/admin/people/new",
        "/admin/tools/new?draft=x",
        "/admin/tools/new?draft=" + "x" * 21,
        "/admin/tools/new?draft=abcdefgh&x",
        "/admin/tools/1?draft=abcdefgh",
        "/admin/tools/99999999999",
        "//elsewhere.example/admin/tools/new",
        "",
    ],
)
@ON_ONE_DATABASE
def test_a_draft_is_only_saved_for_a_form_that_has_drafts(ann: AdminClient, address: str) -> None:
    assert ann.autosaves(address, name="x") == 400


@pytest.mark.parametrize("key", ["/admin/no-such-form/1", "/admin/tools", "/admin/worlds/new?draft=abcdefgh1"])
@ON_ONE_DATABASE
def test_a_draft_whose_form_is_not_there_any_more_is_left_out_of_the_dashboard(ann: AdminClient, key: str) -> None:
    begin_write()
    drafts.save(1, key, [("name", "Lost")], PRESENT)
    drafts.save(1, "/admin/tools/new?draft=abcdefgh1", [("name", "Found")], PRESENT)
    db.session.commit()
    dashboard = ann.gets("/admin")
    assert (dashboard.status_code, "Found" in dashboard.text, "Lost" in dashboard.text) == (200, True, False)


@pytest.mark.parametrize(("form", "is_named"), [("tools/1", True), ("tools/1/price", True), ("categories/1", False)])
@ON_ONE_DATABASE
def test_the_dashboard_names_a_draft_without_a_name_after_its_own_tool_only(
    ann: AdminClient, form: str, is_named: bool
) -> None:
    make_tool("wren")
    begin_write()
    drafts.save(1, f"/admin/{form}", [("name", ""), ("note", "typed")], PRESENT)
    db.session.commit()
    assert ("Wren" in ann.gets("/admin").text) is is_named
