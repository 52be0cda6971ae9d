"""`flask digest send`, `status`, `pause`, `resume`, `settle` and `run`, as an operator and a timer call them."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import time_machine
from click.testing import Result
from flask import Flask

from tests.apps import new_app, pooled_app
from tests.conftest import ON_ONE_DATABASE
from tests.digest.mailing_list import address, make_edition, make_subscribers, state_of, states
from tests.digest.weekly import THIS_WEEK, a_week, drafted, items, writing
from tests.faults.serving import wait_until
from tests.makers import make_subscriber
from tests.programs import SETTINGS, start
from tests.smtp_server import SmtpServer
from verdicts.digest import editing, editions
from verdicts.digest.models import DeliveryState, EditionState, delivery
from verdicts.extensions import db
from verdicts.staff import audit

MONDAY = datetime.fromisoformat("2026-11-23T08:00+00:00")
DONE, WRONG, PAUSED, UNCERTAIN, LATER = 0, 1, 3, 4, 75


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    """The weekly moment of 2026-w47's edition; tests move it."""
    with time_machine.travel(MONDAY, tick=True) as traveller:
        yield traveller


@pytest.fixture
def mailing(database_url: str, smtp: SmtpServer) -> Iterator[Flask]:
    """An application that mails through a real server, over one connection."""
    with pooled_app(database_url, MAIL_CONNECTIONS="1", **smtp.settings) as app:
        yield app


def digest(app: Flask, *arguments: str) -> Result:
    db.session.rollback()  # the command shares this test's session, and begins with none of its statements
    return app.test_cli_runner().invoke(args=["digest", *arguments])


def letters(app: Flask) -> int:
    return len(list(Path(app.instance_path, "mailbox").glob("*.eml")))


def a_drafted_week(subscribers: int = 3) -> None:
    a_week()
    for number in range(subscribers):
        make_subscriber(f"reader{number}@example.org")
    drafted()


def uncertain_edition() -> int:
    """Make an edition of four deliveries: two sent, two uncertain."""
    edition = make_edition(make_subscribers(4))
    with writing():
        for number, state in ((1, "sent"), (2, "sent"), (3, "uncertain"), (4, "uncertain")):
            set_state(edition, number, DeliveryState(state))
    return edition


def set_state(edition: int, subscriber: int, state: DeliveryState) -> None:
    one = (delivery.c.edition_id == edition) & (delivery.c.subscriber_id == subscriber)
    db.session.connection().execute(delivery.update().where(one).values(state=state, state_reason="cut off"))


def audit_log() -> list[tuple[str, object]]:
    """Return what the command line did to the edition, the oldest first."""
    db.session.rollback()
    entries = [each for each in reversed(audit.search()) if each.kind == "edition"]
    assert {(each.actor, each.record) for each in entries} <= {(audit.COMMAND_LINE, "2026-w47")}
    return [(each.action, each.changes) for each in entries]


# send


def test_send_freezes_a_draft_and_sends_it_to_everyone_once(app: Flask) -> None:
    a_drafted_week()
    done = digest(app, "send", "--yes")
    assert (done.exit_code, done.output) == (DONE, "Edition 2026-w47: 3 of 3: 3 sent.\n")
    assert letters(app) == 3
    again = digest(app, "send", "2026-w47", "--yes")
    assert (again.exit_code, letters(app)) == (DONE, 3)
    assert again.output == "Edition 2026-w47 has been sent. Nothing is left to do.\n"


@ON_ONE_DATABASE
def test_that_an_edition_began_to_be_sent_is_in_the_audit_log_once(app: Flask) -> None:
    a_drafted_week()
    for _ in range(2):
        digest(app, "send", "--yes")
    assert audit_log() == [("began to send", {"state": ["draft", "sending"]})]


@ON_ONE_DATABASE
def test_going_on_with_an_edition_is_no_entry_of_the_audit_log(app: Flask) -> None:
    make_edition(make_subscribers(2))
    assert digest(app, "send", "--yes").exit_code == DONE
    digest(app, "run")
    assert audit_log() == []


def test_pausing_resuming_and_resolving_are_in_the_audit_log_without_an_address(app: Flask) -> None:
    uncertain_edition()
    digest(app, "pause")
    digest(app, "resume")
    digest(app, "settle")
    digest(app, "settle", "--sent", address(3))
    digest(app, "settle", "--resend", "--all")
    assert audit_log() == [
        ("paused", {}),
        ("resumed", {}),
        ("resolved deliveries of", {"uncertain": [2, 1], "resolved as": [None, "sent"]}),
        ("resolved deliveries of", {"uncertain": [1, 0], "resolved as": [None, "resend"]}),
    ]


@ON_ONE_DATABASE
def test_send_does_nothing_without_yes(app: Flask) -> None:
    a_drafted_week()
    refused = digest(app, "send")
    assert (refused.exit_code, letters(app)) == (2, 0)
    assert "--yes" in refused.output
    assert editions.get_by_week(THIS_WEEK).state is EditionState.DRAFT


@ON_ONE_DATABASE
def test_send_says_that_a_paused_edition_must_be_resumed_first(app: Flask) -> None:
    make_edition(make_subscribers(2), EditionState.PAUSED)
    refused = digest(app, "send", "--yes")
    assert (refused.exit_code, refused.output) == (WRONG, "Error: Edition 2026-w47 is paused.\n")


@ON_ONE_DATABASE
def test_an_edition_of_which_everything_was_removed_is_not_sent(app: Flask) -> None:
    a_drafted_week()
    found = editions.get_by_week(THIS_WEEK)
    with writing():
        for item in items(found):
            editing.set_removed(found.id, item.id, is_removed=True)
    refused = digest(app, "send", "--yes")
    assert refused.exit_code == WRONG
    assert "contains no news" in refused.output


# How it ended, for a timer


@ON_ONE_DATABASE
def test_a_refusal_of_us_exits_with_3_and_says_what_to_do(mailing: Flask, smtp: SmtpServer) -> None:
    make_edition(make_subscribers(3))
    smtp.behave(rcpt={"*": "550 5.7.515 Access denied, sender does not meet the requirements"})
    ended = digest(mailing, "send", "--yes")
    assert ended.exit_code == PAUSED
    assert "PAUSED: The mail server refuses us: refused at RCPT TO: 550 5.7.515" in ended.output
    assert "flask digest resume 2026-w47" in ended.output


def test_status_names_whom_the_server_refused(mailing: Flask, smtp: SmtpServer) -> None:
    make_edition(make_subscribers(30))
    smtp.behave(rcpt={"*": "554 no"})
    assert digest(mailing, "send", "2026-w47", "--yes").exit_code == PAUSED
    output = digest(mailing, "status", "2026-w47").output
    assert "is paused (The mail server refuses us: refused at RCPT TO: 554 no (last for subscriber 5))" in output
    refused = "(subscriber 5), tried again after the others: refused at RCPT TO: 554 no"
    assert f"Not delivered to {address(4)} {refused}" in output
    smtp.behave(rcpt={address(4): "554 no"})
    digest(mailing, "resume", "2026-w47")
    assert digest(mailing, "send", "2026-w47", "--yes").exit_code == DONE
    output = digest(mailing, "status", "2026-w47").output
    assert output.splitlines() == [
        "Edition 2026-w47 is sent: 30 of 30: 29 sent, 1 failed",
        f"Not delivered to {address(4)} (subscriber 5): refused at RCPT TO: 554 no",
    ]


@ON_ONE_DATABASE
def test_a_doubt_exits_with_4_and_says_what_to_do(mailing: Flask, smtp: SmtpServer) -> None:
    make_edition(make_subscribers(3))
    smtp.behave(drop_after_dot=[address(1)])
    ended = digest(mailing, "send", "--yes")
    assert ended.exit_code == UNCERTAIN
    assert "flask digest settle 2026-w47" in ended.output


@ON_ONE_DATABASE
def test_what_has_to_wait_exits_with_75_and_says_until_when(mailing: Flask, smtp: SmtpServer) -> None:
    make_edition(make_subscribers(3))
    smtp.behave(rcpt={address(1): "450 4.2.0 greylisted"})
    ended = digest(mailing, "send", "--yes")
    assert ended.exit_code == LATER
    assert "2 of 3: 2 sent, 1 deferred" in ended.output
    assert "There is more to send from 2026-11-23 08:" in ended.output


@ON_ONE_DATABASE
def test_a_server_that_cannot_be_reached_exits_with_75(database_url: str, tmp_path: Path) -> None:
    with pooled_app(database_url, MAIL_SERVER="127.0.0.1", MAIL_PORT="1") as app:
        make_edition(make_subscribers(2))
        threading.Timer(1.0, lambda: signal.raise_signal(signal.SIGTERM)).start()  # it would wait for a minute
        ended = digest(app, "send", "--yes")
        assert ended.exit_code == LATER
        assert "Connection refused" in ended.output or "Stopped." in ended.output
        assert set(states(1).values()) == {DeliveryState.PENDING}


# status


def test_status_counts_by_state(app: Flask) -> None:
    uncertain_edition()
    assert digest(app, "status").output == (
        "Edition 2026-w47 is sending: 4 of 4: 2 sent, 2 uncertain\n"
        "List what is uncertain with: flask digest settle 2026-w47\n"
    )


@ON_ONE_DATABASE
def test_status_for_programs_holds_every_state(app: Flask) -> None:
    uncertain_edition()
    found = json.loads(digest(app, "status", "2026-w47", "--json").output)
    assert list(found) == ["edition", "state", "counts"]
    assert (found["edition"], found["state"]) == ("2026-w47", "sending")
    assert found["counts"] == {str(state): 0 for state in DeliveryState} | {"sent": 2, "uncertain": 2}


@ON_ONE_DATABASE
def test_status_of_an_edition_that_is_not_there_is_an_error_in_words(app: Flask) -> None:
    missing = digest(app, "status", "2026-w01")
    assert (missing.exit_code, "There is no edition 2026-w01" in missing.output) == (WRONG, True)


# pause, resume


def test_a_paused_edition_is_sent_only_once_it_is_resumed(app: Flask) -> None:
    edition = make_edition(make_subscribers(2))
    assert digest(app, "pause").exit_code == DONE
    assert "is paused (an operator paused it)" in digest(app, "status").output
    waiting = digest(app, "run")
    assert (waiting.exit_code, letters(app)) == (PAUSED, 0)
    assert digest(app, "resume").exit_code == DONE
    assert (digest(app, "run").exit_code, letters(app)) == (DONE, 2)
    assert state_of(edition) is EditionState.SENT


@ON_ONE_DATABASE
def test_what_cannot_be_paused_or_resumed_is_said_in_words(app: Flask) -> None:
    make_edition(make_subscribers(2), EditionState.SENT)
    for command in ("pause", "resume"):
        refused = digest(app, command)
        assert (refused.exit_code, refused.output) == (WRONG, "Error: Edition 2026-w47 has been sent.\n")


# settle


def test_settle_lists_what_is_uncertain_and_changes_nothing(app: Flask) -> None:
    edition = uncertain_edition()
    before = states(edition)
    listed = digest(app, "settle")
    assert listed.exit_code == DONE
    assert [line.split()[0] for line in listed.output.splitlines()[:2]] == [address(2), address(3)]
    assert "cut off" in listed.output
    assert states(edition) == before


def test_resolved_as_sent_is_sent_and_the_edition_with_it(app: Flask) -> None:
    edition = uncertain_edition()
    assert digest(app, "settle", "--sent", address(2)).output == "1 delivery is counted as sent.\n"
    assert state_of(edition) is EditionState.SENDING
    assert digest(app, "settle", "--sent", "2026-w47", address(3).upper()).output == "1 delivery is counted as sent.\n"
    assert state_of(edition) is EditionState.SENT
    assert (digest(app, "run").exit_code, letters(app)) == (DONE, 0)


def test_resolved_as_to_be_sent_again_goes_out_once_more_with_the_next_run(app: Flask) -> None:
    edition = uncertain_edition()
    assert "2 deliveries are to be sent again" in digest(app, "settle", "--resend", "--all").output
    assert (digest(app, "run").exit_code, letters(app)) == (DONE, 2)
    assert state_of(edition) is EditionState.SENT


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--sent"], 2),
        (["--sent", "--all", address(2)], 2),
        (["--sent", address(0)], WRONG),
        (["--resend", address(2), "nobody@example.org"], WRONG),
    ],
)
@ON_ONE_DATABASE
def test_resolving_that_is_not_clear_resolves_nothing(app: Flask, arguments: list[str], status: int) -> None:
    edition = uncertain_edition()
    before = states(edition)
    assert digest(app, "settle", *arguments).exit_code == status
    assert states(edition) == before


@ON_ONE_DATABASE
def test_nothing_of_a_cancelled_edition_is_sent_again(app: Flask) -> None:
    edition = uncertain_edition()
    digest(app, "cancel")
    refused = digest(app, "settle", "--resend", "--all")
    assert (refused.exit_code, "was cancelled" in refused.output) == (WRONG, True)
    assert states(edition)[3] is DeliveryState.UNCERTAIN


@ON_ONE_DATABASE
def test_there_may_be_nothing_to_resolve(app: Flask) -> None:
    make_edition(make_subscribers(2))
    assert digest(app, "settle").output == "Nothing about edition 2026-w47 is uncertain.\n"


# run


def test_run_drafts_at_the_weekly_moment_and_sends_nothing_unasked(app: Flask) -> None:
    a_week()
    make_subscriber()
    for _ in range(3):
        ended = digest(app, "run")
        assert (ended.exit_code, letters(app)) == (DONE, 0)
    assert editions.get_by_week(THIS_WEEK).state is EditionState.DRAFT
    assert ended.output == "Nothing is due.\n"


def test_run_sends_an_unscheduled_draft_where_it_may(database_url: str, tmp_path: Path) -> None:
    with pooled_app(database_url, DIGEST_AUTO="1") as app:
        a_week()
        make_subscriber()
        for _ in range(3):
            assert digest(app, "run").exit_code == DONE
        assert letters(app) == 1
        assert editions.get_by_week(THIS_WEEK).state is EditionState.SENT


@ON_ONE_DATABASE
def test_run_before_the_weekly_moment_drafts_nothing(
    database_url: str, tmp_path: Path, monday: time_machine.Traveller
) -> None:
    with pooled_app(database_url, DIGEST_AUTO="1") as app:
        a_week()
        make_subscriber()
        monday.move_to(MONDAY - timedelta(minutes=1))
        assert (digest(app, "run").exit_code, letters(app)) == (DONE, 0)
        assert editions.find_by_week(THIS_WEEK) is None


@ON_ONE_DATABASE
def test_a_clock_that_jumps_back_and_forth_sends_one_edition_of_the_week(
    database_url: str, tmp_path: Path, monday: time_machine.Traveller
) -> None:
    """An hour back as daylight saving ends, a day forth, a week back: each week has one edition all the same."""
    with pooled_app(database_url, DIGEST_AUTO="1") as app:
        a_week()
        make_subscriber()
        for hours in (0, -1, 0.5, 1, 24, -1, 0, 5 * 24, -7 * 24, 1):
            monday.move_to(MONDAY + timedelta(hours=hours))
            assert digest(app, "run").exit_code == DONE
        assert letters(app) == 1


def test_run_sends_what_is_scheduled_once_its_moment_has_come(app: Flask, monday: time_machine.Traveller) -> None:
    a_drafted_week()
    digest(app, "schedule", "2026-11-23T12:00Z")
    assert (digest(app, "run").exit_code, letters(app)) == (DONE, 0)
    monday.move_to(MONDAY + timedelta(hours=4))
    assert (digest(app, "run").exit_code, letters(app)) == (DONE, 3)


def test_run_goes_on_with_what_was_interrupted(app: Flask) -> None:
    edition = make_edition(make_subscribers(3))
    set_state(edition, 1, DeliveryState.SENT)
    db.session.commit()
    assert (digest(app, "run").exit_code, letters(app)) == (DONE, 2)


@ON_ONE_DATABASE
def test_a_run_that_is_stopped_ends_between_messages(database_url: str, tmp_path: Path, smtp: SmtpServer) -> None:
    smtp.behave(latency=0.02)
    settings = SETTINGS | smtp.settings | {"DATABASE_URL": database_url, "MAIL_CONNECTIONS": "1"}
    with pooled_app(database_url):
        edition = make_edition(make_subscribers(200))
        program = start("-m", "flask", "--app", "wsgi", "digest", "run", instance=tmp_path, **settings)
        wait_until(lambda: len(smtp.recipients()) >= 3, 60)
        status, printed = program.stop()
        assert status == LATER, printed
        found = list(states(edition).values())
        assert set(found) == {DeliveryState.SENT, DeliveryState.PENDING}
        assert found.count(DeliveryState.SENT) == len(smtp.recipients()) < 200


# PING_URL


class Monitor(HTTPServer):
    """Something that expects a call after every run."""

    def __init__(self, answer: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Caller)
        self.answer, self.calls = answer, 0
        self.url = f"http://127.0.0.1:{self.server_port}/ping"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Caller(BaseHTTPRequestHandler):
    server: Monitor

    def do_GET(self) -> None:
        self.server.calls += 1
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def monitor() -> Iterator[Callable[..., Monitor]]:
    running: list[Monitor] = []

    def begin(answer: int = 200) -> Monitor:
        running.append(Monitor(answer))
        return running[-1]

    yield begin
    for each in running:
        each.shutdown()
        each.server_close()


@pytest.mark.parametrize("answer", [200, 500])
@ON_ONE_DATABASE
def test_each_run_calls_the_monitor_whatever_it_answers(
    database_url: str, tmp_path: Path, monitor: Callable[..., Monitor], answer: int
) -> None:
    expecting = monitor(answer)
    with new_app(database_url, tmp_path, PING_URL=expecting.url) as app:
        assert [digest(app, "run").exit_code for _ in range(2)] == [DONE, DONE]
        assert expecting.calls == 2


@ON_ONE_DATABASE
def test_a_monitor_that_is_away_fails_no_run(database_url: str, tmp_path: Path) -> None:
    with new_app(database_url, tmp_path, PING_URL="http://127.0.0.1:1/") as app:
        assert digest(app, "run").exit_code == DONE


@ON_ONE_DATABASE
def test_an_edition_that_cannot_be_sent_keeps_no_other_waiting_and_the_monitor_is_called(
    database_url: str, tmp_path: Path, monitor: Callable[..., Monitor]
) -> None:
    expecting = monitor()
    with new_app(database_url, tmp_path, PING_URL=expecting.url) as app:
        readers = make_subscribers(2)
        tampered = make_edition(readers, week=46, content_hash="0" * 64)
        sound = make_edition(readers)
        ended = digest(app, "run")
        assert (ended.exit_code, expecting.calls, letters(app)) == (WRONG, 1, 2)
        assert "Edition 2026-w46 is not what was frozen" in ended.output
        assert set(states(tampered).values()) == {DeliveryState.PENDING}
        assert state_of(sound) is EditionState.SENT


@ON_ONE_DATABASE
def test_a_used_up_quota_is_reported_with_when_it_goes_on(
    database_url: str, tmp_path: Path, monday: time_machine.Traveller
) -> None:
    with pooled_app(database_url, MAIL_MAX_PER_DAY="2") as app:
        make_edition(make_subscribers(3))
        ended = digest(app, "run")
        assert ended.exit_code == LATER
        assert "The quota of the day (MAIL_MAX_PER_DAY) is used up." in ended.output
        assert "There is more to send from 2026-11-24 00:00:00 UTC on." in ended.output
