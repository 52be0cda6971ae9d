"""Saving a record's form: of two editors, sent twice, after it is gone, and when the site is busy."""

import re

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_category, make_review, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, fields_of, logged_in, stored
from verdicts.catalog.models import Review, Reviewer, ReviewRevision, Tool
from verdicts.extensions import TooManyWriters
from verdicts.staff import audit
from verdicts.web.admin.forms import record_editor


@pytest.mark.parametrize(("button", "message"), [("save", "Saved."), ("save publish", "Saved and published.")])
@ON_ONE_DATABASE
def test_the_page_after_a_save_says_what_became_of_the_form(ann: AdminClient, button: str, message: str) -> None:
    tool = make_tool("wren", published_at=None)
    saved = ann.fills(f"/admin/tools/{tool.id}/panel", button)
    assert f">{message}<" in ann.gets(saved.headers["Location"]).text


# Of two editors


def test_of_two_editors_the_second_sees_both_versions_and_nothing_is_overwritten(app: Flask, ann: AdminClient) -> None:
    bob, tool = logged_in(app, "bob"), make_tool("wren", tagline="Old.", maker="Old maker")
    path = f"/admin/tools/{tool.id}"
    bobs = bob.form(path)
    ann.fills(path, tagline="Ann’s.")
    refused = bob.sends(path, bobs | {"tagline": "Bob’s.", "maker": "New maker"})
    assert refused.status_code == 409
    assert all(
        words in refused.text for words in ("This record changed since you opened it", "ann saved", "Ann’s.", "Bob’s.")
    )
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("Ann’s.", "Old maker")
    assert bob.sends(path, fields_of(refused.text)).status_code == 303
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("Bob’s.", "New maker")


def test_two_editors_of_one_panel_conflict_the_same_way(app: Flask, ann: AdminClient) -> None:
    bob, tool = logged_in(app, "bob"), make_tool("wren")
    make_reviewer("builder")
    path = f"/admin/tools/{tool.id}/panel"
    bobs = bob.form(path)
    ann.fills(path, reviews_0_verdict="ship", reviews_0_quote="Ann heard this.")
    refused = bob.sends(path, bobs | {"reviews-0-verdict": "skip", "reviews-0-quote": "Bob heard that."})
    assert refused.status_code == 409
    assert [review.quote for review in stored(Review)] == ["Ann heard this."]


@ON_ONE_DATABASE
def test_only_a_save_tells_the_browser_to_remove_its_copy(ann: AdminClient) -> None:
    path = f"/admin/tools/{make_tool('wren').id}"
    form = ann.form(path)
    refused, saved = ann.sends(path, form | {"website": "no address"}), ann.sends(path, form | {"tagline": "New."})
    assert "saved_form" not in str(refused.headers)
    assert f"saved_form={form['tab']};" in saved.headers["Set-Cookie"]


# Sent twice


def test_a_new_record_that_is_sent_twice_is_made_once_and_leads_on_both_times(ann: AdminClient) -> None:
    address = ann.gets("/admin/tools/new").headers["Location"]
    fields = ann.form(address) | {"name": "Wren Code", "price-model": "free"}
    first, second = (ann.sends(address, fields, "save panel") for _ in range(2))
    tool = stored(Tool)[0]
    assert first.headers["Location"] == second.headers["Location"] == f"/admin/tools/{tool.id}/panel"
    assert len(stored(Tool)) == 1
    assert audit.search()[0].action == "added"
    assert len(audit.history("tool", tool.id)) == 1
    ann.autosaves(address, **{name: value for name, value in fields.items() if name != "csrf_token"})
    assert address not in ann.gets("/admin").text
    changed = ann.sends(address, fields | {"tagline": "Typed after going back"})
    assert (changed.status_code, "“wren-code” leads to Wren Code already. Choose another." in changed.text) == (
        422,
        True,
    )


def test_a_changed_panel_that_is_sent_twice_is_no_conflict_with_oneself(ann: AdminClient) -> None:
    tool = make_tool("wren")
    make_review(tool, make_reviewer("builder"))
    path = f"/admin/tools/{tool.id}/panel"
    changes = {"reviews-0-verdict": "skip", "reviews-0-reason": "It forgets.", "reviews-0-quote": "It forgets."}
    fields = ann.form(path) | changes
    first, second = ann.sends(path, fields), ann.sends(path, fields)
    assert first.headers["Location"] == second.headers["Location"] == f"{path}?done=saved"
    assert len(stored(ReviewRevision)) == 1
    assert len(audit.history("panel", tool.id)) == 1


@ON_ONE_DATABASE
def test_going_back_to_the_form_of_a_new_record_leads_to_the_record(ann: AdminClient) -> None:
    address = ann.gets("/admin/reviewers/new").headers["Location"]
    fields = ann.form(address) | {"name": "The Builder"}
    ann.sends(address, fields)
    reviewer = stored(Reviewer)[0]
    assert ann.gets(address).headers["Location"] == f"/admin/reviewers/{reviewer.id}"
    refused = ann.sends(address, fields | {"motto": "Changed."})
    assert f'<a href="/admin/reviewers/{reviewer.id}">Edit that record</a>' in refused.text


# Not saved


def test_a_form_that_cannot_be_saved_just_now_is_shown_again_as_it_was_sent(
    ann: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    fields = ann.form(path) | {"tagline": "Typed with care"}

    def refuse() -> None:
        raise TooManyWriters

    with monkeypatch.context() as patch:
        patch.setattr(record_editor, "begin_write_after_read", refuse)
        answer = ann.sends(path, fields)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "save them again in a moment" in answer.text
    again = fields_of(answer.text)
    assert again["tagline"] == "Typed with care"
    assert ann.sends(path, again).status_code == 303


@ON_ONE_DATABASE
def test_a_form_that_was_refused_is_marked_as_unsaved(ann: AdminClient) -> None:
    path = "/admin/tools/new"
    assert "data-unsaved" not in ann.gets(path).text
    assert "data-unsaved" in ann.fills(path, website="no address").text
    assert "data-unsaved" in ann.fills(path, "more plans", name="Wren").text


# Gone meanwhile


def test_what_was_typed_for_a_deleted_record_is_shown_and_can_become_a_new_one(ann: AdminClient) -> None:
    category = make_category("video")
    path = f"/admin/categories/{category.id}"
    fields = ann.form(path) | {"description": "Written with care."}
    ann.posts(f"{path}/publication", do="delete")
    shown = ann.sends(path, fields)
    assert (shown.status_code, "Written with care." in shown.text) == (404, True)
    assert f'<a href="{path}">Category: Video</a>' in ann.gets("/admin").text
    assert "Written with care." in ann.gets(path).text
    again = re.search(r'action="(/admin/categories/new[?]draft=[^"]+)"', shown.text)
    assert again
    typed = {name: value for name, value in fields.items() if name not in {"csrf_token", "version"}}
    offered = fields_of(ann.posts(again[1], do="refit", **typed).text)
    assert (offered["name"], offered["description"]) == ("Video", "Written with care.")
    assert ann.posts(path, do="discard").headers["Location"] == "/admin"
    assert ann.gets(path).status_code == 404
    assert "Written with care." not in ann.gets(path).text


@ON_ONE_DATABASE
def test_what_was_typed_for_a_panel_of_a_deleted_tool_is_shown(ann: AdminClient) -> None:
    make_reviewer("builder")
    tool = make_tool("wren")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-quote": "Heard with care."}
    ann.posts(f"/admin/tools/{tool.id}/publication", do="delete")
    shown = ann.sends(path, fields)
    assert (shown.status_code, "Heard with care." in shown.text) == (404, True)
    assert "Create new record" not in shown.text
