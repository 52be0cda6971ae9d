"""Small forms lose nothing either: when one cannot be acted on just now, it is shown again as it was sent."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, first_on_both
from tests.digest.weekly import THIS_WEEK, a_week, drafted
from tests.feedback.world import write
from tests.web.admin.admin_client import AdminClient, latest_entry
from tests.web.admin.digest_pages import EDITION, hidden_fields, submit, this_edition
from tests.web.admin.test_worklists import MESSAGES, NETWORK, VOTES, held
from tests.web.visitor import read_html
from verdicts.extensions import TooManyWriters, db
from verdicts.feedback import corrections
from verdicts.feedback.corrections import CorrectionNotOpen
from verdicts.staff.models import form_draft
from verdicts.web.admin import digest, edition_page, subscribers, users, worklists

Later = Callable[[timedelta], None]
CARE = "Typed with care"
NOT_SAVED = "Your changes are not saved yet."
SESSION = timedelta(minutes=35)


def forms() -> dict[str, dict[str, str]]:
    """Build a world with something to write in each small form, and return what is typed in each, by its address."""
    a_week()
    edition, tool = str(drafted().id), str(held("gamma"))
    write()
    return {
        f"{EDITION}/words": {"edition": edition, "subject": "A quiet week", "intro": CARE},
        f"{EDITION}/words/look": {"edition": edition, "subject": "A quiet week", "intro": CARE},
        f"{EDITION}/schedule": {"edition": edition, "at": "2026-11-30T08:15"},
        "/admin/digest/draft": {"week": "2026-w46"},
        VOTES: {"tool": tool, "network": NETWORK, "decision": "discarded", "reason": CARE},
        f"{MESSAGES}/1": {"message": "1", "state": "done", "outcome": CARE},
        "/admin/subscribers/new": {"email": "zoe@example.org", "source": CARE, "agreed_on": "2026-11-01"},
        "/admin/subscribers/suppress": {"email": "zoe@example.org", "reason": "complained"},
        "/admin/people/new": {"name": "zoe", "email": "zoe@example.org", "role": "editor"},
    }


def filled(html: str) -> set[str]:
    """Return what stands in the boxes of a page, and which buttons are ticked."""
    found = set()
    for each in read_html(html)[0].iter():
        if each.tag == "textarea":
            found.add((each.text or "").removeprefix("\n"))
        elif each.tag == "input" and (each.get("type") not in {"radio", "hidden"} or "checked" in each.attrib):
            found.add(each.get("value", ""))
    return found


def typed_in(fields: dict[str, str]) -> set[str]:
    hidden = {"edition", "tool", "network", "decision", "message", "state"}
    return {value for name, value in fields.items() if name not in hidden}


def drafts() -> int:
    db.session.rollback()
    is_open = form_draft.c.discarded_at.is_(None)
    found = db.session.scalar(sa.select(sa.func.count()).select_from(form_draft).where(is_open)) or 0
    db.session.rollback()
    return found


@ON_ONE_DATABASE
def test_a_form_without_its_token_is_shown_again_as_it_was_sent_and_does_nothing(root: AdminClient) -> None:
    sent = forms()
    before = latest_entry().id
    for path, fields in sent.items():
        answer = root.posts(path, token="forged", **fields)
        assert (answer.status_code, NOT_SAVED in answer.text, path) == (400, True, path)
        assert typed_in(fields) <= filled(answer.text), path
    assert (latest_entry().id, drafts()) == (before, 0)


def test_a_form_that_is_sent_while_the_database_is_busy_is_shown_again_as_it_was_sent(
    root: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = forms()
    del sent[f"{EDITION}/words/look"]  # it only reads
    before = latest_entry().id

    def refuse() -> None:
        raise TooManyWriters

    for path, fields in sent.items():
        with monkeypatch.context() as patch:
            for views in (digest, edition_page, worklists, subscribers):
                patch.setattr(views, "begin_write_after_read", refuse)
            patch.setattr(users, "begin_write", refuse)
            answer = root.posts(path, **fields)
        assert (answer.status_code, NOT_SAVED in answer.text, path) == (503, True, path)
        assert "save them again in a moment" in answer.text
        assert answer.headers["Retry-After"] == "2"
        assert typed_in(fields) <= filled(answer.text), path
    assert latest_entry().id == before


@first_on_both(
    "at, page",
    [(f"{EDITION}/words", EDITION), (f"{EDITION}/words/look", EDITION), (VOTES, VOTES), (f"{MESSAGES}/1", MESSAGES)],
)
def test_what_is_sent_after_the_session_has_ended_is_shown_until_it_is_discarded(
    root: AdminClient, later: Later, at: str, page: str
) -> None:
    fields = forms()[at]
    token = root.token("/admin/me")
    later(SESSION)
    sent = root.posts(at, token=token, **fields)
    assert unquote(sent.headers["Location"]) == f"/admin/login?next={page}&kept=1"
    assert "Log in to find them in the form again." in root.gets(sent.headers["Location"]).text
    assert root.logs_in("root", next=page).headers["Location"] == page
    for _ in range(2):
        shown = root.gets(page).text
        assert (NOT_SAVED in shown, CARE in filled(shown)) == (True, True)
    assert root.posts("/admin/drafts/discard", draft_key=page).headers["Location"] == page
    again = root.gets(page).text
    assert (NOT_SAVED in again, CARE in again, drafts()) == (False, False, 0)


@ON_ONE_DATABASE
def test_a_restored_intro_is_saved_like_any_other(root: AdminClient, later: Later) -> None:
    fields = forms()[f"{EDITION}/words"]
    token = root.token("/admin/me")
    later(SESSION)
    root.posts(f"{EDITION}/words", token=token, **fields)
    root.logs_in("root")
    page = root.gets(EDITION).text
    assert submit(root, "words", page, subject="A quiet week", intro=CARE).status_code == 303
    assert (this_edition().subject, this_edition().intro) == ("A quiet week", CARE)
    assert (drafts(), NOT_SAVED in root.gets(EDITION).text) == (0, False)


@ON_ONE_DATABASE
def test_unsaved_changes_are_on_the_dashboard_until_they_are_discarded_there(root: AdminClient, later: Later) -> None:
    sent = forms()
    token = root.token("/admin/me")
    later(SESSION)
    for path in (f"{EDITION}/words", VOTES, f"{MESSAGES}/1"):
        root.posts(path, token=token, **sent[path])
    root.logs_in("root")
    dashboard = root.gets("/admin").text
    for page in (f"/admin/digest/{THIS_WEEK.name}", VOTES, MESSAGES):
        assert f'<a href="{page}">' in dashboard
        assert CARE in root.gets(page).text
        assert (
            root.posts("/admin/drafts/discard", draft_key=page, **{"from": "dashboard"}).headers["Location"] == "/admin"
        )
    assert "Unsaved changes" not in root.gets("/admin").text


@ON_ONE_DATABASE
def test_unsaved_changes_about_one_message_stay_while_another_is_resolved(root: AdminClient, later: Later) -> None:
    fields = forms()[f"{MESSAGES}/1"]
    write(text="Another one.")
    token = root.token("/admin/me")
    later(SESSION)
    root.posts(f"{MESSAGES}/1", token=token, **fields)
    root.logs_in("root")
    root.posts(f"{MESSAGES}/2", **fields | {"message": "2", "outcome": "Done."})
    assert CARE in root.gets(MESSAGES).text
    root.posts(f"{MESSAGES}/1", **fields)
    assert drafts() == 0


@ON_ONE_DATABASE
def test_the_text_of_a_digest_is_autosaved_and_overwrites_nobodys(root: AdminClient) -> None:
    fields = forms()[f"{EDITION}/words"]
    fields |= hidden_fields(root.gets(EDITION).text, "words")
    assert root.posts("/admin/drafts", draft_key=EDITION, **fields).status_code == 200
    page = root.gets(EDITION).text
    assert (NOT_SAVED in page, CARE in filled(page)) == (True, True)
    root.posts("/admin/drafts/discard", draft_key=EDITION)
    submit(root, "words", root.gets(EDITION).text, subject="Somebody else's", intro="Theirs.")
    root.posts("/admin/drafts", draft_key=EDITION, **fields)
    assert submit(root, "words", root.gets(EDITION).text, subject="A quiet week", intro=CARE).status_code == 409
    assert this_edition().intro == "Theirs."


@ON_ONE_DATABASE
def test_scheduling_an_edition_leaves_the_unsaved_intro_on_its_page(root: AdminClient) -> None:
    fields = forms()[f"{EDITION}/words"]
    page = root.gets(EDITION).text
    root.posts("/admin/drafts", draft_key=EDITION, **(fields | hidden_fields(page, "words")))
    assert submit(root, "schedule", page, at="2037-01-01T08:00").status_code == 303
    assert (drafts(), CARE in root.gets(EDITION).text) == (1, True)


def test_who_writes_the_subject_and_who_writes_the_intro_are_both_saved(app: Flask, root: AdminClient) -> None:
    forms()
    mine = hidden_fields(root.gets(EDITION).text, "words") | {"subject": "", "intro": CARE}
    submit(root, "words", root.gets(EDITION).text, subject="Somebody else's", intro="")
    assert root.posts(f"{EDITION}/words", **mine).status_code == 303
    assert (this_edition().subject, this_edition().intro) == ("Somebody else's", CARE)
    asked = root.posts(f"{EDITION}/words", **mine | {"subject": "Mine"})
    assert (asked.status_code, "Somebody else&#39;s" in asked.text, "Mine" in filled(asked.text)) == (409, True, True)
    kept = hidden_fields(asked.text, "words") | {"subject": "Mine", "intro": CARE}
    assert root.posts(f"{EDITION}/words", **kept).status_code == 303


@ON_ONE_DATABASE
def test_two_tabs_with_one_edition_have_a_draft_each(root: AdminClient) -> None:
    forms()
    one, two = (hidden_fields(root.gets(EDITION).text, "words") for _ in range(2))
    root.posts("/admin/drafts", **one | {"draft_key": EDITION, "subject": "", "intro": "Typed first"})
    beside = root.posts("/admin/drafts", **two | {"draft_key": EDITION, "subject": "", "intro": "Typed second"})
    other = beside.headers["Draft-Key"]
    assert "Typed first" in filled(root.gets(EDITION).text)
    assert f'href="{other}"' in root.gets(EDITION).text
    page = root.gets(other).text
    assert "Typed second" in filled(page)
    assert submit(root, "words", page, draft_key=other, subject="", intro="Typed second").status_code == 303
    assert (this_edition().intro, drafts()) == ("Typed second", 1)


@ON_ONE_DATABASE
def test_a_discarded_intro_is_restored(root: AdminClient) -> None:
    forms()
    root.posts("/admin/drafts", draft_key=EDITION, subject="", intro=CARE)
    root.posts("/admin/drafts/discard", draft_key=EDITION)
    page = root.gets(EDITION).text
    assert (CARE in filled(page), "Restore discarded changes" in page) == (False, True)
    key = page.partition("/admin/drafts/restore")[2].partition('name="draft_key" value="')[2].partition('"')[0]
    assert root.posts("/admin/drafts/restore", draft_key=key).headers["Location"] == EDITION
    assert CARE in filled(root.gets(EDITION).text)


@pytest.mark.parametrize("path", ["/admin/subscribers/new", "/admin/subscribers/suppress", "/admin/people/new"])
@ON_ONE_DATABASE
def test_no_address_of_anybody_is_stored_when_a_session_has_ended(root: AdminClient, later: Later, path: str) -> None:
    fields = forms()[path]
    token = root.token("/admin/me")
    later(SESSION)
    assert unquote(root.posts(path, token=token, **fields).headers["Location"]) == f"/admin/login?next={path}"
    assert drafts() == 0


@ON_ONE_DATABASE
def test_no_network_of_a_voter_is_stored_when_a_session_has_ended(root: AdminClient, later: Later) -> None:
    fields = forms()[VOTES]
    token = root.token("/admin/me")
    later(SESSION)
    root.posts(VOTES, token=token, **fields)
    db.session.rollback()
    (kept,) = db.session.scalars(sa.select(form_draft.c.fields))
    assert sorted(name for name, _ in kept) == ["reason", "tool"]


@ON_ONE_DATABASE
def test_who_is_logged_out_by_hand_is_shown_what_they_typed(app: Flask, root: AdminClient) -> None:
    fields = forms()[f"{EDITION}/words"]
    stranger = AdminClient(app)
    shown = stranger.posts(f"{EDITION}/words", token=stranger.token(), **fields)
    assert (shown.status_code, CARE in shown.text, drafts()) == (401, True, 0)
    assert f'href="/admin/login?next={EDITION}"' in shown.text


@ON_ONE_DATABASE
def test_what_was_typed_about_what_somebody_else_has_resolved_is_shown_to_be_copied(root: AdminClient) -> None:
    sent = forms()
    message, votes = sent[f"{MESSAGES}/1"], sent[VOTES]
    root.posts(f"{MESSAGES}/1", **message | {"outcome": "Done already."})
    root.posts(VOTES, **votes | {"reason": "Done already."})
    db.session.rollback()
    with pytest.raises(CorrectionNotOpen):
        corrections.get_open(1)
    for path, fields in ((f"{MESSAGES}/1", message), (VOTES, votes)):
        answer = root.posts(path, **fields)
        assert (answer.status_code, "Your unsaved text" in answer.text) == (409, True)
        assert CARE in filled(answer.text)


UNCOPIED = re.compile(  # what is only looked for, and forms of a single short value that is quickly entered again
    "/admin/(subscribers|digest/draft|digest/[^/]+/(test|schedule))$"
)
COPIED = {VOTES, f"{MESSAGES}/1", "/admin/subscribers/new", "/admin/subscribers/suppress", "/admin/people/new"}


@ON_ONE_DATABASE
def test_every_small_form_with_text_is_copied_in_the_browser_and_each_apart(root: AdminClient) -> None:
    forms()
    pages = ("digest", EDITION.removeprefix("/admin/"), "queues/votes", "queues/corrections", "queues/prices")
    pages += ("subscribers", "subscribers/new", "subscribers/suppress", "people/new", "people")
    copied = []
    for path in pages:
        for form in read_html(root.gets(f"/admin/{path}").text)[0].iter("form"):
            inputs = list(form.iter("input")) + list(form.iter("textarea"))
            has_text = any(each.get("type", "text") in {"text", "email", "url"} for each in inputs)
            action = form.get("action", "")
            if row := [each.get("data-row", "") for each in inputs if each.get("name") == "copy"]:
                copied.append(action + row[0])
            elif has_text and form.get("method") == "post" and "data-draft-url" not in form.attrib:
                assert UNCOPIED.fullmatch(action), action
    assert {each.partition("#")[0] for each in copied} >= COPIED
    assert len(set(copied)) == len(copied)
    assert NETWORK not in "".join(copied)


@ON_ONE_DATABASE
def test_the_browser_is_told_which_small_form_was_saved(root: AdminClient) -> None:
    sent = forms()
    for path in sorted(COPIED):
        fields = {**sent[path], "copy": "1234567890123"}
        refused = root.posts(path, token="forged", **fields)
        assert ("data-unsaved>" in refused.text, "saved_form" in str(refused.headers)) == (True, False), path
        assert "saved_form=1234567890123;" in str(root.posts(path, **fields).headers), path
