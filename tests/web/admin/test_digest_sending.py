"""The digest's pages for admins: test emails, the schedule, sending, pausing, uncertain deliveries."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, first_on_both
from tests.digest.mailing_list import address, make_edition, make_subscribers, state_of, states
from tests.digest.weekly import a_week, drafted, writing
from tests.makers import NOW, make_subscriber
from tests.smtp_server import SmtpServer
from tests.web.admin.admin_client import AdminClient, latest_entry, logged_in
from tests.web.admin.digest_pages import EDITION, edition_state, item_ids, submit, this_edition
from verdicts.catalog.models import Tool
from verdicts.curation.editing import publication
from verdicts.digest import editions
from verdicts.digest.freezing import freeze
from verdicts.digest.models import DeliveryState, EditionState, delivery
from verdicts.extensions import db
from verdicts.staff.models import Role, audit_entry

PAUSED, SENDING = EditionState.PAUSED, EditionState.SENDING


def a_draft(readers: int = 2) -> int:
    a_week()
    for number in range(readers):
        make_subscriber(address(number))
    return drafted().id


def letters(app: Flask) -> int:
    return len(list(Path(app.instance_path, "mailbox").glob("*.eml")))


def an_uncertain_edition(uncertain: int = 2, state: EditionState = SENDING) -> int:
    """Make an edition with four deliveries: some are uncertain, the others are sent."""
    id = make_edition(make_subscribers(4), state)
    with writing():
        for number in range(1, 5):
            became = DeliveryState.UNCERTAIN if number <= uncertain else DeliveryState.SENT
            one = (delivery.c.edition_id == id) & (delivery.c.subscriber_id == number)
            db.session.connection().execute(sa.update(delivery).where(one).values(state=became, state_reason="cut off"))
    return id


def whole_activity_log() -> str:
    db.session.rollback()
    rows = db.session.execute(sa.select(audit_entry)).all()
    db.session.rollback()
    return json.dumps([tuple(row) for row in rows], default=str)


# Test emails


@ON_ONE_DATABASE
def test_a_test_email_goes_to_one_address_and_the_log_does_not_say_which(
    app_with: Callable[..., Flask], smtp: SmtpServer
) -> None:
    root = logged_in(app_with(**smtp.settings), "root", Role.ADMIN)
    a_draft()
    done = submit(root, "test", address="me@elsewhere.example")
    assert (done.status_code, done.headers["Location"]) == (303, f"{EDITION}?done=tested#out")
    (letter,) = smtp.received()
    assert letter.recipient == "me@elsewhere.example"
    assert str(letter.message["Subject"]).startswith("[Test] Alpha: the Skeptic")
    assert "The test email was sent." in root.gets(f"{EDITION}?done=tested").text
    assert (latest_entry().action, "elsewhere" in whole_activity_log()) == ("sent a test email of", False)
    assert edition_state() is EditionState.DRAFT


@ON_ONE_DATABASE
def test_a_server_that_refuses_the_test_email_is_quoted_beside_the_address(
    app_with: Callable[..., Flask], smtp: SmtpServer
) -> None:
    smtp.behave(rcpt={"me@elsewhere.example": "550 5.1.1 no such mailbox"})
    root = logged_in(app_with(**smtp.settings), "root", Role.ADMIN)
    a_draft()
    refused = submit(root, "test", address="me@elsewhere.example")
    assert (refused.status_code, smtp.accepted()) == (422, 0)
    assert "550 5.1.1 no such mailbox" in refused.text
    assert 'value="me@elsewhere.example"' in refused.text
    assert latest_entry().action == "logged in"


@pytest.mark.parametrize("wrong", ["nobody", "a@b\r\nBcc: c@example.org", ""])
@ON_ONE_DATABASE
def test_a_test_email_to_no_address_is_refused(app: Flask, root: AdminClient, wrong: str) -> None:
    a_draft()
    assert (submit(root, "test", address=wrong).status_code, letters(app)) == (422, 0)


@ON_ONE_DATABASE
def test_there_is_no_test_email_of_an_edition_without_news(app: Flask, root: AdminClient) -> None:
    a_draft()
    for id in item_ids():
        submit(root, f"items/{id}/drop")
    refused = submit(root, "test", address="me@example.org")
    assert (refused.status_code, "contains no news" in refused.text, letters(app)) == (422, True, 0)


# The schedule


def test_a_draft_is_locked_scheduled_in_utc_and_unscheduled_again(root: AdminClient) -> None:
    a_draft()
    assert submit(root, "schedule", at="2026-11-23T08:00").status_code == 303
    found = this_edition()
    assert (found.state, f"{found.scheduled_at:%Y-%m-%dT%H:%M%z}") == (EditionState.FROZEN, "2026-11-23T08:00+0000")
    assert latest_entry().changes == {"scheduled for": [None, "2026-11-23 08:00 UTC"]}
    page = root.gets(EDITION).text
    assert 'value="2026-11-23T08:00"' in page
    assert "to 2 subscribers" in page
    assert submit(root, "unschedule").status_code == 303
    assert (this_edition().state, this_edition().scheduled_at) == (EditionState.FROZEN, None)
    assert latest_entry().changes == {"scheduled for": ["2026-11-23 08:00 UTC", None]}
    assert "The edition is locked. Schedule it, or send it now." in root.gets(EDITION).text


@ON_ONE_DATABASE
def test_unscheduling_what_is_not_scheduled_is_not_logged(root: AdminClient) -> None:
    a_draft()
    submit(root, "schedule", at="2026-11-23T08:00")
    page = root.gets(EDITION).text
    submit(root, "unschedule", page)
    before = latest_entry().id
    assert submit(root, "unschedule", page).status_code == 303
    assert latest_entry().id == before


@pytest.mark.parametrize(
    ("at", "words"),
    [("2026-11-22T08:00", "has passed"), ("soon", "Enter a date and time such as"), ("", "Fill this in.")],
)
@ON_ONE_DATABASE
def test_a_time_that_is_not_valid_is_refused_and_shown_again(root: AdminClient, at: str, words: str) -> None:
    a_draft()
    refused = submit(root, "schedule", at=at)
    assert (refused.status_code, words in refused.text, f'value="{at}"' in refused.text) == (422, True, True)
    assert edition_state() is EditionState.DRAFT


# Sending


def test_sending_locks_and_starts_the_edition_and_leaves_the_email_to_the_timer(app: Flask, root: AdminClient) -> None:
    id = a_draft()
    page = root.gets(EDITION).text
    assert "goes to 2 subscribers" in page
    assert "Sent email cannot be recalled." in page
    assert "flask digest run" in page
    assert submit(root, "send").status_code == 303
    assert (edition_state(), set(states(id).values()), letters(app)) == (SENDING, {DeliveryState.PENDING}, 0)
    assert latest_entry().changes == {"state": ["draft", "sending"]}
    app.test_cli_runner().invoke(args=["digest", "run"])
    assert (edition_state(), letters(app)) == (EditionState.SENT, 2)
    assert "2 of 2" in root.gets(EDITION).text


@ON_ONE_DATABASE
def test_what_is_approved_is_what_was_seen(root: AdminClient) -> None:
    a_draft()
    stale = root.gets(EDITION).text
    submit(root, f"items/{item_ids()[0]}/drop")
    for act, more in (("send", {}), ("schedule", {"at": "2026-11-23T08:00"})):
        refused = submit(root, act, stale, **more)
        assert (refused.status_code, "Someone has changed edition 2026-w47" in refused.text) == (409, True)
        assert edition_state() is EditionState.DRAFT
    assert submit(root, "send").status_code == 303


def test_what_readers_cannot_see_any_more_is_left_out_and_whoever_sends_has_seen_that(
    app: Flask, root: AdminClient
) -> None:
    a_draft()
    beta = db.session.scalars(sa.select(Tool).where(Tool.name == "Beta")).one().id
    stale = root.gets(EDITION).text
    with writing():
        publication.archive(db.session.get_one(Tool, beta), NOW)
    refused = submit(root, "send", stale)
    assert (refused.status_code, edition_state()) == (409, EditionState.DRAFT)
    assert "Left out: readers cannot see this tool." in refused.text
    assert "2 items, 1 left out." in " ".join(refused.text.split())
    assert submit(root, "send").status_code == 303
    assert latest_entry().changes == {"state": ["draft", "sending"], "New here: Beta": ["included", "left out"]}
    archived = root.gets(f"/digest/{this_edition().name}").text
    assert ("Alpha" in archived, "Beta" in archived) == (True, False)


@ON_ONE_DATABASE
def test_an_edition_without_news_is_not_sent(root: AdminClient) -> None:
    a_draft()
    for id in item_ids():
        submit(root, f"items/{id}/drop")
    refused = submit(root, "send")
    assert (refused.status_code, "contains no news" in refused.text, edition_state()) == (422, True, EditionState.DRAFT)


@ON_ONE_DATABASE
def test_an_edition_is_paused_resumed_and_cancelled(root: AdminClient) -> None:
    id = make_edition(make_subscribers(2))
    submit(root, "pause")
    assert (edition_state(), this_edition().pause_reason) == (PAUSED, "root paused it")
    assert "root paused it." in root.gets(EDITION).text
    submit(root, "resume")
    assert edition_state() is SENDING
    submit(root, "cancel")
    assert (edition_state(), set(states(id).values())) == (EditionState.CANCELLED, {DeliveryState.SKIPPED})
    assert (latest_entry().action, latest_entry().changes) == ("cancelled", {"state": ["sending", "cancelled"]})
    assert "you can draft this week again" not in root.gets(EDITION).text


@first_on_both(
    "act, meanwhile, words",
    [
        ("pause", PAUSED, "is paused"),
        ("resume", SENDING, "is being sent"),
        ("cancel", EditionState.SENT, "has been sent"),
        ("unschedule", SENDING, "is being sent"),
    ],
)
def test_of_two_admins_the_second_reads_what_the_first_did(
    root: AdminClient, act: str, meanwhile: EditionState, words: str
) -> None:
    id = make_edition(make_subscribers(1), meanwhile)
    refused = submit(root, act, edition=str(id))
    assert (refused.status_code, f"Edition 2026-w47 {words}" in refused.text) == (409, True)
    assert (state_of(id), latest_entry().action) == (meanwhile, "logged in")


# Progress


@ON_ONE_DATABASE
def test_the_progress_asks_for_itself_until_the_state_changes(root: AdminClient) -> None:
    id = make_edition(make_subscribers(4))
    page = root.gets(EDITION).text
    assert f'hx-get="{EDITION}/progress" hx-trigger="every 2s"' in page
    asked = root.gets(f"{EDITION}/progress", htmx=True)
    assert asked.text.strip().startswith('<div class="progress" id="progress"')
    assert 'max="4" value="0"' in asked.text
    assert ">0 of 4: 4 pending</progress>" in asked.text
    with writing():
        editions.pause(id, "why not")
    assert root.gets(f"{EDITION}/progress", htmx=True).headers["HX-Refresh"] == "true"
    assert f'hx-get="{EDITION}/progress"' not in root.gets(EDITION).text


@ON_ONE_DATABASE
def test_a_browser_that_opens_the_progress_is_led_to_the_whole_page(root: AdminClient) -> None:
    make_edition(make_subscribers(1))
    assert root.gets(f"{EDITION}/progress").headers["Location"] == EDITION


@ON_ONE_DATABASE
def test_whose_session_is_over_gets_the_page_reloaded_instead_of_a_log_in_inside_it(
    app: Flask, root: AdminClient
) -> None:
    make_edition(make_subscribers(1))
    root.posts("/admin/logout")
    answer = root.gets(f"{EDITION}/progress", htmx=True)
    assert (answer.status_code, answer.headers["HX-Refresh"], answer.text) == (401, "true", "")


@ON_ONE_DATABASE
def test_a_page_that_is_being_filled_in_is_not_reloaded_when_the_session_is_over(app: Flask, root: AdminClient) -> None:
    a_draft()
    root.posts("/admin/logout")
    answer = root.posts(f"{EDITION}/words/look", token=root.token(), htmx=True, intro="An hour of work.")
    assert (answer.status_code, "HX-Refresh" in answer.headers) == (401, False)
    assert "You are logged out, so nothing was done." in answer.text
    assert "<html" not in answer.text


@ON_ONE_DATABASE
def test_an_edition_with_nobody_to_send_to_says_so(root: AdminClient) -> None:
    id = a_draft(readers=0)
    assert "There are no subscribers, so no email is sent." in root.gets(EDITION).text
    with writing():
        freeze(id, NOW)
        editions.start(id)
    assert "There were no subscribers when the edition was locked" in root.gets(EDITION).text


# Uncertain deliveries


def test_uncertain_deliveries_are_listed_and_resolved_one_by_one(root: AdminClient) -> None:
    id = an_uncertain_edition()
    listed = root.gets(f"{EDITION}/uncertain").text
    assert [address(number) in listed for number in range(4)] == [True, True, False, False]
    settled = submit(root, "settle", which="1", decision="sent", shown="2")
    assert (settled.status_code, settled.headers["Location"]) == (303, f"{EDITION}/uncertain")
    assert states(id)[1] is DeliveryState.SENT
    assert (latest_entry().action, latest_entry().changes) == (
        "resolved deliveries of",
        {"uncertain": [2, 1], "resolved as": [None, "sent"]},
    )
    submit(root, "settle", which="2", decision="resend", shown="1")
    assert states(id)[2] is DeliveryState.PENDING
    assert "This edition has no uncertain deliveries." in root.gets(f"{EDITION}/uncertain").text
    assert "example.org" not in whole_activity_log()


@ON_ONE_DATABASE
def test_all_that_were_shown_are_resolved_at_once_and_the_edition_is_sent_then(root: AdminClient) -> None:
    id = an_uncertain_edition()
    refused = submit(root, "settle", which="all", decision="sent", shown="1")
    assert (refused.status_code, states(id)[1]) == (409, DeliveryState.UNCERTAIN)
    submit(root, "settle", which="all", decision="sent", shown="2")
    assert (set(states(id).values()), edition_state()) == ({DeliveryState.SENT}, EditionState.SENT)


@ON_ONE_DATABASE
def test_nothing_is_sent_again_of_an_edition_that_was_cancelled(root: AdminClient) -> None:
    id = an_uncertain_edition(state=EditionState.CANCELLED)
    assert "again" not in root.gets(f"{EDITION}/uncertain").text
    refused = submit(root, "settle", which="all", decision="resend", shown="2", edition=str(id))
    assert (refused.status_code, states(id)[1]) == (409, DeliveryState.UNCERTAIN)


@pytest.mark.parametrize("form", [{"which": "all", "decision": "perhaps"}, {"which": "some", "decision": "sent"}, {}])
@ON_ONE_DATABASE
def test_a_decision_that_says_nothing_is_refused(root: AdminClient, form: dict[str, str]) -> None:
    an_uncertain_edition()
    assert submit(root, "settle", **form).status_code == 400


def test_a_long_list_shows_the_oldest_and_says_how_many_there_are(root: AdminClient) -> None:
    make_edition(make_subscribers(60))
    with writing():
        db.session.connection().execute(
            sa.update(delivery).values(state=DeliveryState.UNCERTAIN, state_reason="cut off")
        )
    page = root.gets(f"{EDITION}/uncertain").text
    assert ("The 50 oldest of 60." in page, page.count('<li class="row-list-item uncertain-delivery">')) == (True, 50)
