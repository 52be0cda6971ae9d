"""The digest's pages for editors: drafting a week, ordering its news, writing the intro, previewing the email."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.digest.mailing_list import make_edition, make_subscribers
from tests.digest.weekly import (
    LAST_THURSDAY,
    LAST_WEEK,
    a_price_move,
    a_turn,
    a_week,
    an_old_tool,
    drafted,
    items,
    writing,
)
from tests.makers import NOW
from tests.web.admin.admin_client import AdminClient, latest_entry, logged_in
from tests.web.admin.digest_pages import (
    EDITION,
    count_statements,
    edition_state,
    item_ids,
    item_titles,
    submit,
    this_edition,
)
from verdicts.digest import editing, editions, queries
from verdicts.digest.freezing import freeze
from verdicts.digest.models import EditionState
from verdicts.extensions import db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.headers import CONTENT_SECURITY_POLICY
from verdicts.web.mailbox import LETTER_POLICY

# Drafting, and the list


def test_an_editor_drafts_the_week_just_ended_and_is_shown_what_is_in_it(ann: AdminClient) -> None:
    a_turn(an_old_tool("alpha"), on=LAST_THURSDAY)
    assert 'name="week" value="2026-w46"' in ann.gets("/admin/digest").text
    done = ann.posts("/admin/digest/draft", week="2026-w46")
    assert (done.status_code, done.headers["Location"]) == (303, "/admin/digest/2026-w46")
    assert "It reads receipts now." in ann.gets("/admin/digest/2026-w46").text
    entry = latest_entry()
    assert (entry.actor, entry.action, entry.kind, entry.record) == ("ann", "drafted", "edition", "2026-w46")


def test_a_draft_is_refreshed_with_what_happened_since(ann: AdminClient) -> None:
    alpha = an_old_tool("alpha")
    a_turn(alpha)
    edition = drafted()
    assert "Refresh draft" in ann.gets(EDITION).text
    a_price_move(alpha)
    done = ann.posts(f"{EDITION}/refresh", edition=str(edition.id))
    assert (done.status_code, done.headers["Location"]) == (303, EDITION)
    assert "Draft refreshed: 1 new, 0 updated, 0 no longer news." in ann.gets(EDITION).text
    assert len(items(edition)) == 2
    assert (latest_entry().action, latest_entry().record) == ("refreshed", "2026-w47")


def test_names_from_before_are_marked_until_the_draft_is_refreshed(root: AdminClient) -> None:
    alpha = an_old_tool("alpha")
    a_turn(alpha)
    edition = drafted()
    mark, notice = "A name has changed since: refresh the draft.", "1 item uses a name from before."
    assert mark not in root.gets(EDITION).text
    with writing():
        db.session.merge(alpha).name = "Omega"
    page = root.gets(EDITION).text
    assert (mark in page, notice in page) == (True, True)
    root.posts(f"{EDITION}/refresh", edition=str(edition.id))
    page = root.gets(EDITION).text
    assert (mark in page, notice in page, "Omega" in page) == (False, False, True)


def test_in_the_demo_the_current_week_is_drafted(app_with: Callable[..., Flask]) -> None:
    ann = logged_in(app_with(DEMO="1"), "ann", Role.EDITOR)
    assert 'name="week" value="2026-w47"' in ann.gets("/admin/digest").text


@pytest.mark.parametrize(
    ("week", "words"),
    [
        ("next week", "is not a week. Enter a week such as 2026-w47."),
        ("2026-w48", "has not started yet"),
        ("2026-w47", "already exists"),
        ("2026-w40", "There is no news from week 2026-w40"),
    ],
)
@ON_ONE_DATABASE
def test_a_week_that_cannot_be_drafted_is_refused_beside_the_field(ann: AdminClient, week: str, words: str) -> None:
    a_week()
    drafted()
    refused = ann.posts("/admin/digest/draft", week=week)
    assert (refused.status_code, words in refused.text, f'value="{week}"' in refused.text) == (422, True, True)
    assert latest_entry().action == "logged in"


def test_the_list_shows_each_editions_state_and_counts_page_by_page(ann: AdminClient) -> None:
    a_week()
    drafting_id = drafted().id
    with writing():
        editing.set_removed(drafting_id, items(this_edition())[0].id, is_removed=True)
    readers = make_subscribers(2)
    for week in range(1, queries.PAGE_SIZE + 1):
        make_edition(readers, EditionState.CANCELLED, year=2026, week=week)
    make_edition(readers, EditionState.SENT, year=2026, week=20)
    page = " ".join(re.sub(r"<[^>]+>", " ", ann.gets("/admin/digest").text).split())
    assert "2026-w47 16 to 22 November 2026 State draft Items 2, 1 removed Emails —" in page
    assert "2026-w20 11 to 17 May 2026 State sent Items 0 Emails 0 of 2: 2 pending" in page
    assert "2026-w20 11 to 17 May 2026 State cancelled, drafted again" in page
    assert "2026-w02" not in page
    assert "2026-w02" in ann.gets("/admin/digest?page=2").text
    assert [
        ann.gets(f"/admin/digest?page={wrong}").status_code for wrong in ("0", "x", "9" * 30, "0" * 9 + "9" * 30)
    ] == [400] * 4


@pytest.mark.parametrize(("path", "count"), [("/admin/digest", 6), (EDITION, 14)])
def test_a_page_takes_a_fixed_number_of_statements(
    ann: AdminClient, statements: StatementCount, path: str, count: int
) -> None:
    a_week()
    drafted()
    make_subscribers(50)
    for week in range(1, 20):
        make_edition([1, 2], EditionState.SENT, year=2026, week=week)
    assert count_statements(ann, path, statements) == count


@ON_ONE_DATABASE
def test_an_edition_that_is_not_there_is_not_found(ann: AdminClient) -> None:
    assert [ann.gets(f"/admin/digest/{name}").status_code for name in ("2026-w01", "nonsense")] == [404, 404]


# Ordering and removing items


def test_items_and_categories_move_by_one_place_and_the_first_stays_first(ann: AdminClient) -> None:
    a_week()
    drafted()
    turn, price, new = item_ids()
    assert submit(ann, f"items/{price}/move", what="item", direction="up").status_code == 303
    assert item_ids() == [price, turn, new]
    assert latest_entry().changes == {"position of Prices: Alpha": [2, 1]}
    submit(ann, f"items/{new}/move", what="category", direction="up")
    assert item_ids() == [new, price, turn]
    assert latest_entry().changes == {"position of Chat": [2, 1]}
    before = latest_entry().id
    submit(ann, f"items/{new}/move", what="category", direction="up")
    submit(ann, f"items/{turn}/move", what="item", direction="down")
    assert (item_ids(), latest_entry().id) == ([new, price, turn], before)


@ON_ONE_DATABASE
def test_going_back_after_a_move_leads_to_the_item(ann: AdminClient) -> None:
    a_week()
    drafted()
    moved = submit(ann, f"items/{item_ids()[0]}/move", what="item", direction="down")
    assert moved.headers["Location"] == f"{EDITION}#item-{item_ids()[1]}"


@ON_ONE_DATABASE
def test_htmx_gets_the_news_alone_each_button_with_its_id(ann: AdminClient) -> None:
    a_week()
    drafted()
    first = item_ids()[0]
    fragment = submit(ann, f"items/{first}/move", htmx=True, what="item", direction="down")
    assert (fragment.status_code, "<html" in fragment.text) == (200, False)
    assert fragment.text.strip().startswith('<div id="news">')
    assert f'id="up-{first}"' in fragment.text


def test_an_item_is_removed_and_restored_and_is_not_in_the_email_meanwhile(ann: AdminClient) -> None:
    a_week()
    drafted()
    first = item_ids()[0]
    submit(ann, f"items/{first}/drop")
    assert latest_entry().changes == {"Changed their mind: Alpha": ["included", "removed"]}
    assert "It reads receipts now." not in ann.gets(f"{EDITION}/preview").text
    submit(ann, f"items/{first}/take-back")
    assert "It reads receipts now." in ann.gets(f"{EDITION}/preview").text


@ON_ONE_DATABASE
def test_an_item_of_another_edition_is_not_found(ann: AdminClient) -> None:
    a_turn(an_old_tool("alpha"))
    a_turn(an_old_tool("beta"), on=LAST_THURSDAY)
    drafted()
    other = items(drafted(LAST_WEEK))[0].id
    assert submit(ann, f"items/{other}/drop").status_code == 404
    assert submit(ann, f"items/{other}/move", what="item", direction="up").status_code == 404
    assert submit(ann, f"items/{other}/move", what="item", direction="sideways").status_code == 400


@ON_ONE_DATABASE
def test_the_items_of_a_locked_edition_cannot_be_changed_and_the_page_says_why(ann: AdminClient) -> None:
    a_week()
    id = drafted().id
    stale = ann.gets(EDITION).text
    with writing():
        freeze(id, NOW)
    refused = submit(ann, f"items/{item_ids()[0]}/drop", stale)
    assert (refused.status_code, "is locked, so it cannot be changed" in refused.text) == (409, True)
    notice = submit(ann, f"items/{item_ids()[0]}/drop", stale, htmx=True)
    assert (notice.status_code, notice.text.strip().startswith('<p class="notice"')) == (409, True)


@ON_ONE_DATABASE
def test_what_was_sent_about_an_edition_that_was_since_replaced_does_nothing(ann: AdminClient) -> None:
    a_week()
    old = drafted().id
    with writing():
        editions.cancel(old, NOW)
    drafted()
    refused = submit(ann, f"items/{item_ids()[0]}/drop", edition=str(old))
    assert (refused.status_code, "Check it again" in refused.text) == (409, True)
    assert not any(item.is_removed for item in items(this_edition()))


@ON_ONE_DATABASE
def test_a_cancelled_edition_offers_to_draft_its_week_again(ann: AdminClient) -> None:
    a_week()
    old = drafted().id
    with writing():
        editions.cancel(old, NOW)
    page = ann.gets(EDITION).text
    assert 'action="/admin/digest/draft"' in page
    assert 'name="week" value="2026-w47"' in page
    assert ann.posts("/admin/digest/draft", week="2026-w47").status_code == 303
    assert (this_edition().id != old, edition_state()) == (True, EditionState.DRAFT)


# Subject and intro


def test_an_intro_and_a_subject_are_saved_and_shown(ann: AdminClient) -> None:
    a_week()
    drafted()
    saved = submit(ann, "words", subject="A quiet week", intro="Good *morning*.\r\nRead on.")
    assert saved.status_code == 303
    assert (this_edition().subject, this_edition().intro) == ("A quiet week", "Good *morning*.\nRead on.")
    assert latest_entry().changes == {"subject": ["", "A quiet week"], "intro": ["", "Good *morning*.\nRead on."]}
    assert "Good *morning*." in ann.gets(f"{EDITION}/preview").text


@ON_ONE_DATABASE
def test_saving_an_unchanged_text_is_not_logged(ann: AdminClient) -> None:
    a_week()
    drafted()
    assert submit(ann, "words", subject="", intro="").status_code == 303
    assert latest_entry().action == "logged in"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"subject": "x" * 201}, "subject"),
        ({"intro": "x" * 5001}, "intro"),
        ({"subject": "a\x07b"}, "subject"),
        ({"intro": "a\x07b"}, "intro"),
    ],
)
@ON_ONE_DATABASE
def test_text_that_is_not_valid_is_refused_and_shown_again(ann: AdminClient, typed: dict[str, str], field: str) -> None:
    a_week()
    drafted()
    refused = submit(ann, "words", **{"subject": "Kept", "intro": "Kept too.", **typed})
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    assert ("Kept too." in refused.text) is (field == "subject")
    assert typed[field] in refused.text
    assert this_edition().subject == ""


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
@pytest.mark.parametrize("field", ["subject", "intro"])
@ON_ONE_DATABASE
def test_a_text_that_changes_the_direction_of_text_is_refused_beside_its_field(
    ann: AdminClient, field: str, control: str
) -> None:
    a_week()
    drafted()
    refused = submit(ann, "words", **{"subject": "Kept", "intro": "Kept too.", field: f"a{control}b"})
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    assert f"U+{ord(control):04X}, which changes the direction of text. Remove it." in refused.text
    assert (this_edition().subject, this_edition().intro) == ("", "")


@ON_ONE_DATABASE
def test_an_intro_and_a_subject_keep_the_marks_of_arabic_and_hebrew_keyboards(ann: AdminClient) -> None:
    a_week()
    drafted()
    assert submit(ann, "words", subject="שלום\u200f", intro="سلام\u200e\u061c\r\n\tمی\u200cخواهم").status_code == 303
    assert (this_edition().subject, this_edition().intro) == ("שלום\u200f", "سلام\u200e\u061c\n\tمی\u200cخواهم")


def test_of_two_who_write_at_once_the_second_sees_the_firsts_text_before_replacing_it(ann: AdminClient) -> None:
    a_week()
    drafted()
    stale = ann.gets(EDITION).text
    submit(ann, "words", intro="The first.")
    refused = submit(ann, "words", stale, intro="The second.")
    assert refused.status_code == 409
    assert "The second.</textarea>" in refused.text
    assert "<p>The first.</p>" in refused.text
    assert this_edition().intro == "The first."
    again = submit(ann, "words", refused.text, intro="The second.")
    assert (again.status_code, this_edition().intro) == (303, "The second.")


@ON_ONE_DATABASE
def test_an_intro_that_is_sent_too_late_is_not_lost(ann: AdminClient) -> None:
    a_week()
    id = drafted().id
    stale = ann.gets(EDITION).text
    with writing():
        freeze(id, NOW)
    refused = submit(ann, "words", stale, intro="An hour of work.")
    assert (refused.status_code, this_edition().intro) == (409, "")
    assert "An hour of work.</textarea>" in refused.text


@pytest.mark.parametrize("htmx", [True, False])
@ON_ONE_DATABASE
def test_an_intro_is_previewed_and_nothing_is_saved(ann: AdminClient, htmx: bool) -> None:
    a_week()
    drafted()
    shown = submit(ann, "words/look", htmx=htmx, subject="Kept", intro="Good *morning*, <script>you</script>.")
    assert (shown.status_code, "<html" in shown.text) == (200, not htmx)
    assert "<p>Good <em>morning</em>, &lt;script&gt;you&lt;/script&gt;.</p>" in shown.text
    assert ('value="Kept"' in shown.text) is not htmx
    assert this_edition().intro == ""


# The preview of the email


@ON_ONE_DATABASE
def test_an_email_is_previewed_as_text_and_in_a_frame_that_nothing_gets_out_of(ann: AdminClient) -> None:
    a_week()
    drafted()
    page, letter = ann.gets(f"{EDITION}/preview"), ann.gets(f"{EDITION}/letter")
    assert "Alpha: the Skeptic says SHIP now, and more" in page.text
    assert page.headers["Content-Security-Policy"] == f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    assert f'src="{EDITION}/letter"' in page.text
    assert letter.headers["Content-Security-Policy"] == LETTER_POLICY
    assert "It reads receipts now." in letter.text


@ON_ONE_DATABASE
def test_an_edition_without_items_has_no_email(ann: AdminClient) -> None:
    a_week()
    drafted()
    for id in item_ids():
        submit(ann, f"items/{id}/drop")
    refused = ann.gets(f"{EDITION}/preview")
    assert (refused.status_code, "contains no news" in refused.text) == (422, True)
    assert ann.gets(f"{EDITION}/letter").status_code == 404


@ON_ONE_DATABASE
def test_an_editor_reads_that_only_an_admin_can_send_it_and_sees_no_button_for_it(ann: AdminClient) -> None:
    a_week()
    drafted()
    page = ann.gets(EDITION).text
    assert "Only an admin can send it." in page
    assert [f"{EDITION}/{act}" in page for act in ("send", "test", "schedule", "cancel")] == [False] * 4
    assert (edition_state(), len(item_titles())) == (EditionState.DRAFT, 3)
    db.session.rollback()
    assert {entry.action for entry in audit.search()} == {"logged in"}
