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
    a_turn,
    a_week,
    an_old_tool,
    drafted,
    items,
    writing,
)
from tests.makers import NOW
from tests.web.admin.digest_desk import DESK, does, order, state, statements_of, the_edition, titles
from tests.web.admin.editor import Editor, logged_in, newest_entry
from verdicts.digest import editing, editions, queries
from verdicts.digest.freezing import freeze
from verdicts.digest.models import EditionState
from verdicts.extensions import db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.headers import CONTENT_SECURITY_POLICY
from verdicts.web.mailbox import LETTER_POLICY

# Drafting, and the list


def test_an_editor_drafts_the_week_just_ended_and_is_shown_what_is_in_it(ann: Editor) -> None:
    a_turn(an_old_tool("alpha"), on=LAST_THURSDAY)
    assert 'name="week" value="2026-w46"' in ann.gets("/admin/digest").text
    done = ann.posts("/admin/digest/draft", week="2026-w46")
    assert (done.status_code, done.headers["Location"]) == (303, "/admin/digest/2026-w46")
    assert "It reads receipts now." in ann.gets("/admin/digest/2026-w46").text
    entry = newest_entry()
    assert (entry.actor, entry.action, entry.kind, entry.record) == ("ann", "drafted", "edition", "2026-w46")


def test_in_the_demo_the_current_week_is_drafted(app_with: Callable[..., Flask]) -> None:
    ann = logged_in(app_with(DEMO="1"), "ann", Role.EDITOR)
    assert 'name="week" value="2026-w47"' in ann.gets("/admin/digest").text


@pytest.mark.parametrize(
    ("week", "words"),
    [
        ("next week", "is no week: write it like 2026-w47"),
        ("2026-w48", "has not begun yet"),
        ("2026-w47", "exists already"),
        ("2026-w40", "There is no news from week 2026-w40"),
    ],
)
@ON_ONE_DATABASE
def test_a_week_that_cannot_be_drafted_is_refused_beside_the_field(ann: Editor, week: str, words: str) -> None:
    a_week()
    drafted()
    refused = ann.posts("/admin/digest/draft", week=week)
    assert (refused.status_code, words in refused.text, f'value="{week}"' in refused.text) == (422, True, True)
    assert newest_entry().action == "logged in"


def test_the_list_tells_each_editions_state_and_counts_and_goes_on_page_by_page(ann: Editor) -> None:
    a_week()
    drafting_id = drafted().id
    with writing():
        editing.set_dropped(drafting_id, items(the_edition())[0].id, dropped=True)
    readers = make_subscribers(2)
    for week in range(1, queries.PAGE_SIZE + 1):
        make_edition(readers, EditionState.CANCELLED, year=2026, week=week)
    make_edition(readers, EditionState.SENT, year=2026, week=20)
    page = re.sub(r"<[^>]+>", "", ann.gets("/admin/digest").text)
    assert re.search(r"2026-w47\s+16 to 22 November 2026\s+Statedraft\s+Items2, 1 removed\s+Emails—", page)
    assert re.search(r"2026-w20\s+11 to 17 May 2026\s+Statesent\s+Items0\s+Emails0 of 2: 2 pending", page)
    assert re.search(r"2026-w20\s+11 to 17 May 2026\s+Statecancelled, drafted again", page)
    assert "2026-w02" not in page
    assert "2026-w02" in ann.gets("/admin/digest?page=2").text
    assert [
        ann.gets(f"/admin/digest?page={wrong}").status_code for wrong in ("0", "x", "9" * 30, "0" * 9 + "9" * 30)
    ] == [400] * 4


@pytest.mark.parametrize(("path", "count"), [("/admin/digest", 4), (DESK, 8)])
def test_a_page_takes_a_fixed_number_of_statements(
    ann: Editor, statements: StatementCount, path: str, count: int
) -> None:
    a_week()
    drafted()
    make_subscribers(50)
    for week in range(1, 20):
        make_edition([1, 2], EditionState.SENT, year=2026, week=week)
    assert statements_of(ann, path, statements) == count


@ON_ONE_DATABASE
def test_an_edition_that_is_not_there_is_not_found(ann: Editor) -> None:
    assert [ann.gets(f"/admin/digest/{name}").status_code for name in ("2026-w01", "nonsense")] == [404, 404]


# Ordering and removing items


def test_items_and_categories_move_by_one_place_and_the_first_stays_first(ann: Editor) -> None:
    a_week()
    drafted()
    turn, price, new = order()
    assert does(ann, f"items/{price}/move", what="item", direction="up").status_code == 303
    assert order() == [price, turn, new]
    assert newest_entry().changes == {"position of Prices: Alpha": [2, 1]}
    does(ann, f"items/{new}/move", what="category", direction="up")
    assert order() == [new, price, turn]
    assert newest_entry().changes == {"position of Chat": [2, 1]}
    before = newest_entry().id
    does(ann, f"items/{new}/move", what="category", direction="up")
    does(ann, f"items/{turn}/move", what="item", direction="down")
    assert (order(), newest_entry().id) == ([new, price, turn], before)


def test_going_back_after_a_move_leads_to_the_item(ann: Editor) -> None:
    a_week()
    drafted()
    moved = does(ann, f"items/{order()[0]}/move", what="item", direction="down")
    assert moved.headers["Location"] == f"{DESK}#item-{order()[1]}"


@ON_ONE_DATABASE
def test_htmx_gets_the_news_alone_each_button_with_its_id(ann: Editor) -> None:
    a_week()
    drafted()
    first = order()[0]
    fragment = does(ann, f"items/{first}/move", htmx=True, what="item", direction="down")
    assert (fragment.status_code, "<html" in fragment.text) == (200, False)
    assert fragment.text.strip().startswith('<div id="news">')
    assert f'id="up-{first}"' in fragment.text


def test_an_item_is_dropped_and_taken_back_and_no_letter_tells_it_meanwhile(ann: Editor) -> None:
    a_week()
    drafted()
    first = order()[0]
    does(ann, f"items/{first}/drop")
    assert newest_entry().changes == {"Changed their mind: Alpha": ["included", "removed"]}
    assert "It reads receipts now." not in ann.gets(f"{DESK}/preview").text
    does(ann, f"items/{first}/take-back")
    assert "It reads receipts now." in ann.gets(f"{DESK}/preview").text


def test_an_item_of_another_edition_is_not_found(ann: Editor) -> None:
    a_turn(an_old_tool("alpha"))
    a_turn(an_old_tool("beta"), on=LAST_THURSDAY)
    drafted()
    other = items(drafted(LAST_WEEK))[0].id
    assert does(ann, f"items/{other}/drop").status_code == 404
    assert does(ann, f"items/{other}/move", what="item", direction="up").status_code == 404
    assert does(ann, f"items/{other}/move", what="item", direction="sideways").status_code == 400


def test_a_frozen_edition_is_not_arranged_and_the_page_says_why(ann: Editor) -> None:
    a_week()
    id = drafted().id
    stale = ann.gets(DESK).text
    with writing():
        freeze(id, NOW)
    refused = does(ann, f"items/{order()[0]}/drop", stale)
    assert (refused.status_code, "is frozen, so nothing in it can be changed" in refused.text) == (409, True)
    notice = does(ann, f"items/{order()[0]}/drop", stale, htmx=True)
    assert (notice.status_code, notice.text.strip().startswith('<p class="notice"')) == (409, True)


def test_what_was_sent_about_an_edition_that_was_since_replaced_does_nothing(ann: Editor) -> None:
    a_week()
    old = drafted().id
    with writing():
        editions.cancel(old, NOW)
    drafted()
    refused = does(ann, f"items/{order()[0]}/drop", edition=str(old))
    assert (refused.status_code, "Look at it again" in refused.text) == (409, True)
    assert not any(item.dropped for item in items(the_edition()))


def test_a_cancelled_edition_offers_to_draft_its_week_anew(ann: Editor) -> None:
    a_week()
    old = drafted().id
    with writing():
        editions.cancel(old, NOW)
    page = ann.gets(DESK).text
    assert 'action="/admin/digest/draft"' in page
    assert 'name="week" value="2026-w47"' in page
    assert ann.posts("/admin/digest/draft", week="2026-w47").status_code == 303
    assert (the_edition().id != old, state()) == (True, EditionState.DRAFT)


# Subject and intro


def test_a_note_and_a_subject_are_saved_and_printed(ann: Editor) -> None:
    a_week()
    drafted()
    saved = does(ann, "words", subject="A quiet week", note="Good *morning*.\r\nRead on.")
    assert saved.status_code == 303
    assert (the_edition().subject, the_edition().note) == ("A quiet week", "Good *morning*.\nRead on.")
    assert newest_entry().changes == {"subject": ["", "A quiet week"], "note": ["", "Good *morning*.\nRead on."]}
    assert "Good *morning*." in ann.gets(f"{DESK}/preview").text


def test_saving_what_is_there_already_is_no_entry_in_the_trail(ann: Editor) -> None:
    a_week()
    drafted()
    assert does(ann, "words", subject="", note="").status_code == 303
    assert newest_entry().action == "logged in"


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"subject": "x" * 201}, "subject"), ({"note": "x" * 5001}, "note"), ({"subject": "a\x07b"}, "subject")],
)
@ON_ONE_DATABASE
def test_words_that_do_not_fit_are_refused_and_kept(ann: Editor, typed: dict[str, str], field: str) -> None:
    a_week()
    drafted()
    refused = does(ann, "words", **{"subject": "Kept", "note": "Kept too.", **typed})
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    assert ("Kept too." in refused.text) is (field == "subject")
    assert typed[field] in refused.text
    assert the_edition().subject == ""


def test_of_two_who_write_at_once_the_second_sees_the_firsts_words_before_replacing_them(ann: Editor) -> None:
    a_week()
    drafted()
    stale = ann.gets(DESK).text
    does(ann, "words", note="The first.")
    refused = does(ann, "words", stale, note="The second.")
    assert refused.status_code == 409
    assert "The second.</textarea>" in refused.text
    assert "<p>The first.</p>" in refused.text
    assert the_edition().note == "The first."
    again = does(ann, "words", refused.text, note="The second.")
    assert (again.status_code, the_edition().note) == (303, "The second.")


def test_a_note_that_comes_too_late_is_not_lost_to_its_writer(ann: Editor) -> None:
    a_week()
    id = drafted().id
    stale = ann.gets(DESK).text
    with writing():
        freeze(id, NOW)
    refused = does(ann, "words", stale, note="An hour of work.")
    assert (refused.status_code, the_edition().note) == (409, "")
    assert "An hour of work.</textarea>" in refused.text


@pytest.mark.parametrize("htmx", [True, False])
@ON_ONE_DATABASE
def test_a_note_is_looked_at_as_it_would_be_printed_and_nothing_is_saved(ann: Editor, htmx: bool) -> None:
    a_week()
    drafted()
    shown = does(ann, "words/look", htmx=htmx, subject="Kept", note="Good *morning*, <script>you</script>.")
    assert (shown.status_code, "<html" in shown.text) == (200, not htmx)
    assert "<p>Good <em>morning</em>, &lt;script&gt;you&lt;/script&gt;.</p>" in shown.text
    assert ('value="Kept"' in shown.text) is not htmx
    assert the_edition().note == ""


# The preview of the email


@ON_ONE_DATABASE
def test_a_letter_is_shown_as_text_and_in_a_frame_that_nothing_gets_out_of(ann: Editor) -> None:
    a_week()
    drafted()
    page, letter = ann.gets(f"{DESK}/preview"), ann.gets(f"{DESK}/letter")
    assert "One change of mind, one new price and one new tool" in page.text
    assert page.headers["Content-Security-Policy"] == f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    assert f'src="{DESK}/letter"' in page.text
    assert letter.headers["Content-Security-Policy"] == LETTER_POLICY
    assert "It reads receipts now." in letter.text


def test_an_edition_of_which_all_was_dropped_has_no_letter(ann: Editor) -> None:
    a_week()
    drafted()
    for id in order():
        does(ann, f"items/{id}/drop")
    refused = ann.gets(f"{DESK}/preview")
    assert (refused.status_code, "holds no news" in refused.text) == (422, True)
    assert ann.gets(f"{DESK}/letter").status_code == 404


def test_an_editor_is_told_that_an_admin_sends_it_and_sees_no_button_for_it(ann: Editor) -> None:
    a_week()
    drafted()
    page = ann.gets(DESK).text
    assert "Only an admin can send it." in page
    assert [f"{DESK}/{act}" in page for act in ("send", "test", "schedule", "cancel")] == [False] * 4
    assert (state(), len(titles())) == (EditionState.DRAFT, 3)
    db.session.rollback()
    assert {entry.action for entry in audit.search()} == {"logged in"}
