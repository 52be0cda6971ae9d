"""The outbox: committed letters are sent once, those that cannot be sent wait, and failed ones are deleted."""

import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import programs
from tests.apps import new_app, pooled_app
from tests.conftest import ON_ONE_DATABASE, first_on_both
from tests.faults.serving import wait_until
from tests.forked import Program
from tests.mailing.letters import LETTER
from tests.makers import NOW
from tests.smtp_server import SmtpServer
from verdicts.extensions import begin_write, db, limit_waiting_writers, mail
from verdicts.mailing import outbox
from verdicts.mailing.addresses import InvalidAddress, InvalidHeader
from verdicts.mailing.models import outbox_letter, sending_allowance
from verdicts.mailing.outbox import LEASE, LetterStatus, deliver_due
from verdicts.mailing.outcomes import GIVE_UP_AFTER
from verdicts.mailing.smtp import Timeouts
from verdicts.mailing.transport import open_connection

ADA, BEN = "ada@readers.example", "ben@readers.example"
HASTY = Timeouts(connect=1, reply=0.5, last_reply=0.5)
FOUR_HOURS = timedelta(hours=4)
Starts = Callable[..., Program]


@pytest.fixture
def app(database_url: str, tmp_path: Path, smtp: SmtpServer) -> Iterator[Flask]:
    with pooled_app(database_url, **smtp.settings) as application:
        yield application


def put(*recipients: str, now: datetime = NOW, **headers: str) -> None:
    begin_write()
    for recipient in recipients:
        outbox.put(LETTER, to=recipient, now=now, headers=headers)
    db.session.commit()


def deliver(now: datetime = NOW) -> dict[LetterStatus, int]:
    with open_connection(HASTY) as connection:
        return dict(deliver_due(connection, lambda: now).counts)


def waiting() -> list[str]:
    found = list(db.session.scalars(sa.select(outbox_letter.c.recipient).order_by(outbox_letter.c.id)))
    db.session.rollback()
    return found


def row_of(recipient: str) -> Any:
    found = db.session.execute(sa.select(outbox_letter).where(outbox_letter.c.recipient == recipient)).one()
    db.session.rollback()
    return found


def test_a_letter_goes_out_once_it_is_committed_and_not_before(app: Flask, smtp: SmtpServer) -> None:
    begin_write()
    outbox.put(LETTER, to=ADA, now=NOW)
    db.session.rollback()
    assert deliver() == {}
    put(ADA)
    assert deliver() == {LetterStatus.SENT: 1}
    assert waiting() == []
    assert deliver() == {}
    (received,) = smtp.received()
    assert (received.recipient, received.sender) == (ADA, "verdicts@verdicts.test")
    assert (received.text, received.html) == (LETTER.text, LETTER.html)
    assert received.message["Subject"] == LETTER.subject
    assert received.message["Date"].datetime == NOW
    assert received.message["Auto-Submitted"] == "auto-generated"


@ON_ONE_DATABASE
def test_a_letter_takes_its_headers_with_it(app: Flask, smtp: SmtpServer) -> None:
    put(ADA, Precedence="bulk")
    deliver()
    assert smtp.received()[0].message["Precedence"] == "bulk"


@pytest.mark.parametrize(
    ("recipient", "headers", "error"),
    [
        ("ada", {}, InvalidAddress),
        ("ada@readers.example\r\nBcc: eve@elsewhere.example", {}, InvalidHeader),
        (ADA, {"X-Name": "x\r\nBcc: eve@elsewhere.example"}, InvalidHeader),
    ],
)
@ON_ONE_DATABASE
def test_what_could_not_become_a_message_is_refused_before_it_is_written(
    app: Flask, recipient: str, headers: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        put(recipient, **headers)
    db.session.rollback()
    assert waiting() == []


@ON_ONE_DATABASE
def test_letters_wait_untouched_while_the_server_is_away(app: Flask, smtp: SmtpServer) -> None:
    put(ADA, BEN)
    smtp.stop()
    assert deliver() == {}
    assert waiting() == [ADA, BEN]
    assert row_of(ADA).tries == 0
    smtp.start()
    assert deliver(NOW + 3 * GIVE_UP_AFTER) == {LetterStatus.SENT: 2}
    assert smtp.recipients() == [ADA, BEN]


def test_a_greylisted_letter_is_tried_again_after_a_while(app: Flask, smtp: SmtpServer) -> None:
    smtp.behave(greylists=True)
    put(ADA)
    assert deliver() == {LetterStatus.WAITING: 1}
    kept = row_of(ADA)
    assert timedelta(minutes=5) <= kept.next_try_at - NOW <= timedelta(minutes=10)
    assert (kept.owner, kept.lease_until, kept.tries) == (None, None, 1)
    assert kept.last_reply == "refused at RCPT TO: 450 4.2.0 greylisted, try again later"
    assert deliver(NOW + timedelta(minutes=4)) == {}
    assert deliver(NOW + timedelta(minutes=10)) == {LetterStatus.SENT: 1}
    assert smtp.recipients() == [ADA]


@first_on_both("reply", ["451 4.3.0 later", "550 5.7.1 relaying denied", "421 4.3.2 closing"])
def test_what_never_goes_out_is_given_up_after_two_days(app: Flask, smtp: SmtpServer, reply: str) -> None:
    smtp.behave(rcpt={ADA: reply})
    put(ADA)
    now, tries = NOW, 0
    while deliver(now) == {LetterStatus.WAITING: 1}:
        now, tries = row_of(ADA).next_try_at, tries + 1
    assert waiting() == []
    assert NOW + GIVE_UP_AFTER - FOUR_HOURS <= now <= NOW + GIVE_UP_AFTER
    assert tries >= 12


@first_on_both("reply", ["550 5.1.1 no such mailbox", "550 no", "550 5.2.1 disabled"])
def test_a_letter_that_is_refused_for_good_goes_away_at_once(app: Flask, smtp: SmtpServer, reply: str) -> None:
    smtp.behave(rcpt={ADA: reply})
    put(ADA, BEN)
    assert deliver() == {LetterStatus.GIVEN_UP: 1, LetterStatus.SENT: 1}
    assert waiting() == []
    assert smtp.recipients() == [BEN]


@ON_ONE_DATABASE
def test_when_the_fault_is_ours_the_others_are_not_even_tried(app: Flask, smtp: SmtpServer) -> None:
    smtp.behave(mail="530 5.7.0 authenticate first")
    put(ADA, BEN)
    assert deliver() == {LetterStatus.WAITING: 1}
    assert waiting() == [ADA, BEN]
    assert row_of(BEN).tries == 0


@pytest.mark.parametrize("trouble", ["drop_before_dot", "hang_before_dot"])
@ON_ONE_DATABASE
def test_what_was_lost_before_the_dot_goes_out_later_and_the_next_goes_out_now(
    app: Flask, smtp: SmtpServer, trouble: str
) -> None:
    smtp.behave(**{trouble: [ADA]})
    put(ADA, BEN)
    assert deliver() == {LetterStatus.WAITING: 1, LetterStatus.SENT: 1}
    smtp.behave()
    assert deliver(NOW + timedelta(minutes=10)) == {LetterStatus.SENT: 1}
    assert smtp.recipients() == [BEN, ADA]


@first_on_both("trouble", ["drop_after_dot", "hang_after_dot"])
def test_what_was_lost_after_the_dot_comes_a_second_time_at_most(app: Flask, smtp: SmtpServer, trouble: str) -> None:
    smtp.behave(**{trouble: [ADA]})
    put(ADA)
    assert deliver() == {LetterStatus.WAITING: 1}
    assert row_of(ADA).doubtful
    assert deliver(NOW + timedelta(hours=1)) == {LetterStatus.GIVEN_UP: 1}
    assert waiting() == []
    first, second = smtp.received()
    assert first.raw == second.raw, "a mailbox may know the second copy for one by its Message-ID"


@ON_ONE_DATABASE
def test_a_doubt_is_remembered_through_a_refusal(app: Flask, smtp: SmtpServer) -> None:
    put(ADA)
    smtp.behave(drop_after_dot=[ADA])
    assert deliver() == {LetterStatus.WAITING: 1}
    smtp.behave(rcpt={ADA: "451 4.3.0 later"})
    assert deliver(NOW + timedelta(hours=1)) == {LetterStatus.WAITING: 1}
    smtp.behave(drop_after_dot=[ADA])
    assert deliver(NOW + timedelta(hours=2)) == {LetterStatus.GIVEN_UP: 1}
    assert smtp.recipients() == [ADA, ADA]


@ON_ONE_DATABASE
def test_a_letter_that_smtputf8_alone_can_carry_is_given_up_where_it_is_not_offered(
    app: Flask, smtp: SmtpServer
) -> None:
    smtp.behave(smtputf8=False)
    put("jörg@readers.example", "ada@bücher.example")
    assert deliver() == {LetterStatus.GIVEN_UP: 1, LetterStatus.SENT: 1}
    assert smtp.recipients() == ["ada@xn--bcher-kva.example"]


def test_letters_to_an_address_can_be_deleted(app: Flask, smtp: SmtpServer) -> None:
    put(ADA, BEN, ADA)
    begin_write()
    assert outbox.delete_for(ADA) == 2
    db.session.commit()
    assert deliver() == {LetterStatus.SENT: 1}
    assert smtp.recipients() == [BEN]


def test_what_a_runner_claimed_is_left_to_it_until_its_lease_ends(app: Flask, smtp: SmtpServer) -> None:
    put(ADA)
    begin_write()
    claimed = outbox.claim("someone", NOW)
    db.session.commit()
    assert claimed
    assert deliver(NOW + LEASE) == {}
    assert deliver(NOW + LEASE + timedelta(seconds=1)) == {LetterStatus.SENT: 1}


def test_a_runner_that_lost_its_lease_writes_nothing_down(app: Flask, smtp: SmtpServer) -> None:
    put(ADA)
    begin_write()
    claimed = outbox.claim("slow", NOW)
    db.session.commit()
    begin_write()
    again = outbox.claim("quick", NOW + 2 * LEASE)
    db.session.commit()
    assert claimed
    assert again
    smtp.behave(rcpt={ADA: "451 4.3.0 later"})
    with open_connection(HASTY) as connection:
        outcome = connection.transmit("x@verdicts.test", ADA, b"Subject: x\r\n\r\nx\r\n")
    begin_write()
    outbox.record(claimed, outcome, NOW)
    db.session.commit()
    assert row_of(ADA).owner == "quick"


@ON_ONE_DATABASE
def test_flask_mail_records_what_the_outbox_sent(app: Flask) -> None:
    put(ADA)
    with mail.record_messages() as recorded:
        deliver()
    assert [(message.subject, message.recipients) for message in recorded] == [(LETTER.subject, [ADA])]


def test_runners_at_once_send_no_letter_twice(app: Flask, smtp: SmtpServer) -> None:
    limit_waiting_writers(64)
    recipients = [f"reader{number}@readers.example" for number in range(40)]
    put(*recipients)
    barrier = Barrier(4, timeout=30)

    def run(_number: int) -> int:
        with app.app_context():
            barrier.wait()
            return deliver().get(LetterStatus.SENT, 0)

    with ThreadPoolExecutor(4) as runners:
        sent = list(runners.map(run, range(4)))
    # A process that meets another one's claim ends early; the next run sends what is left.
    assert sum(sent) + deliver().get(LetterStatus.SENT, 0) == len(recipients)
    assert sorted(smtp.recipients()) == sorted(recipients)


# As a program


def start_running(app: Flask, *arguments: str) -> Program:
    settings = app.config["SETTINGS"]
    environ = {"SECRET_KEY": settings.secret_key, "HASH_KEY": settings.hash_key, "BASE_URL": settings.base_url}
    environ |= {
        "DATABASE_URL": settings.database_url,
        "MAIL_SERVER": settings.mail.server,
        "MAIL_PORT": str(settings.mail.port),
    }
    command = ("-m", "flask", "--app", "wsgi", "mail", "run", *arguments)
    return programs.start(*command, instance=Path(app.instance_path), **environ)


@pytest.fixture
def starts(app: Flask) -> Iterator[Starts]:
    """Starts `flask mail run` as a program, and kills what still runs at the end."""
    started = []

    def start(*arguments: str) -> Program:
        started.append(start_running(app, *arguments))
        return started[-1]

    yield start
    for program in started:
        program.kill()


def test_the_command_delivers_what_is_due_and_says_so(starts: Starts, smtp: SmtpServer) -> None:
    put(ADA, BEN)
    program = starts()
    assert program.wait(timeout=60) == 0
    assert program.printed == "Letters sent: 2. To be tried again: 0. Given up: 0.\n"
    assert sorted(smtp.recipients()) == [ADA, BEN]


@ON_ONE_DATABASE
def test_the_command_says_what_keeps_mail_waiting_and_a_timer_notices(starts: Starts, smtp: SmtpServer) -> None:
    smtp.stop()
    put(ADA)
    program = starts()
    assert program.wait(timeout=60) == 1
    assert "Mail waits: lost before at connect:" in program.printed


@ON_ONE_DATABASE
def test_the_loop_delivers_what_comes_and_ends_on_a_signal(starts: Starts, smtp: SmtpServer) -> None:
    process = starts("--loop")
    for number, recipient in enumerate((ADA, BEN)):
        put(recipient)
        smtp.wait_for(number + 1)
    status, printed = process.stop()
    assert status == 0
    assert sum(map(int, re.findall(r"^Letters sent: (\d)\. To be tried again: 0\. Given up: 0\.$", printed, re.M))) == 2


@ON_ONE_DATABASE
def test_the_loop_waits_for_a_server_that_is_away(starts: Starts, smtp: SmtpServer) -> None:
    smtp.stop()
    put(ADA)
    process = starts("--loop")
    wait_until(lambda: bool(process.printed), 60)
    assert process.poll() is None
    assert waiting() == [ADA]
    smtp.start()
    smtp.wait_for(1)
    _, printed = process.stop()
    (line,) = re.findall("^Mail waits: .*", printed, re.MULTILINE)  # it is said once, not each time
    assert f"This is over: {line}\n" in printed


def test_a_runner_killed_in_the_midst_costs_at_most_a_second_copy(app: Flask, starts: Starts, smtp: SmtpServer) -> None:
    put(ADA, BEN)
    smtp.behave(hang_after_dot=[ADA])
    killed = starts("--loop")
    smtp.wait_for(1)
    killed.stop(signal.SIGKILL)
    smtp.behave()
    assert deliver() == {LetterStatus.SENT: 1}, "the other letter does not wait for the dead"
    assert deliver(datetime.now(NOW.tzinfo) + LEASE) == {LetterStatus.SENT: 1}
    assert waiting() == []
    assert smtp.recipients() == [ADA, BEN, ADA]
    first, _, second = smtp.received()
    assert first.raw == second.raw


@pytest.mark.usefixtures("app")
def test_single_letters_count_towards_the_quota_and_never_wait_for_it() -> None:
    put(*[f"reader{number}@readers.example" for number in range(3)])
    with open_connection(HASTY) as connection:
        deliver_due(connection, lambda: NOW)
    used = sa.select(sending_allowance.c.used).where(sending_allowance.c.period == "2026-11-22")
    assert db.session.scalar(used) == 3


def test_a_database_without_tables_is_said_in_words(tmp_path: Path) -> None:
    with new_app(f"sqlite:///{tmp_path / 'empty.sqlite3'}", tmp_path) as app:
        refused = app.test_cli_runner().invoke(args=["mail", "run"])
    assert refused.exit_code == 1
    assert refused.output == "Error: The database is busy, away or not ready: no such table: outbox_letter\n"
