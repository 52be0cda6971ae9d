"""Transmitting messages to a server in another process, which misbehaves in every way a server can."""

import shutil
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.apps import NO_DATABASE, new_app, pooled_app
from tests.mailing.letters import LETTER
from tests.makers import NOW
from tests.smtp_server import SmtpServer, smtp_server
from verdicts.extensions import mail
from verdicts.mailing.messages import compose, message_id
from verdicts.mailing.outbox import LEASE
from verdicts.mailing.outcomes import Action, Outcome, OutcomeKind, Step, action_for
from verdicts.mailing.smtp import MAX_MESSAGES_PER_CONNECTION, SmtpConnection, Timeouts
from verdicts.mailing.transport import Connection, open_connection, own_name, transmit_message

ADA, BEN = "ada@readers.example", "ben@readers.example"
HASTY = Timeouts(connect=1, reply=0.5, last_reply=0.5)


@pytest.fixture
def app(smtp: SmtpServer) -> Iterator[Flask]:
    """An application that sends through the server, without a database."""
    with pooled_app(NO_DATABASE, **smtp.settings) as application:
        yield application


@pytest.fixture
def connection(app: Flask) -> Iterator[Connection]:
    with open_connection(HASTY) as connection:
        yield connection


def raw_to(recipient: str) -> bytes:
    return compose(LETTER, to=recipient, message_id=message_id("test", recipient), date=NOW).as_bytes()


def transmit(connection: Connection, recipient: str = ADA, sender: str = "news@verdicts.example") -> Outcome:
    return connection.transmit(sender, recipient, raw_to(recipient))


def test_a_message_is_accepted_as_it_was_written(connection: Connection, smtp: SmtpServer) -> None:
    outcome = transmit(connection)
    assert (outcome.kind, outcome.code, outcome.enhanced, outcome.step) == (
        OutcomeKind.ACCEPTED,
        250,
        "2.0.0",
        Step.DOT,
    )
    (received,) = smtp.received()
    assert (received.sender, received.recipient) == ("news@verdicts.example", ADA)
    assert received.raw == raw_to(ADA)


def test_lines_that_begin_with_a_dot_arrive_as_they_were(connection: Connection, smtp: SmtpServer) -> None:
    raw = b"Subject: dots\r\n\r\n.\r\n..\r\n.end\r\n"
    assert connection.transmit("", ADA, raw).kind is OutcomeKind.ACCEPTED
    assert smtp.received()[0].raw == raw
    assert smtp.received()[0].sender in {"", "<>"}  # the null sender


def test_one_connection_carries_many_messages_and_is_then_recycled(connection: Connection, smtp: SmtpServer) -> None:
    for number in range(MAX_MESSAGES_PER_CONNECTION + 1):
        assert transmit(connection, f"reader{number}@readers.example").kind is OutcomeKind.ACCEPTED
    assert [each.connection for each in smtp.received()] == [1] * MAX_MESSAGES_PER_CONNECTION + [2]


def test_the_dot_does_not_wait_for_the_body_to_be_acknowledged(app: Flask) -> None:
    """By Nagle's algorithm the second of two small writes waits some forty milliseconds for the first one's answer."""
    with open_connection(HASTY) as connection:
        assert transmit(connection).kind is OutcomeKind.ACCEPTED
        assert isinstance(connection, SmtpConnection)
        assert connection.host
        assert connection.host.sock
        assert connection.host.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("reply", "enhanced"),
    [
        ("550 5.1.1 no such mailbox", "5.1.1"),
        ("552 5.2.2 mailbox full", "5.2.2"),
        ("550 5.7.515 access denied, the sender is not authenticated", "5.7.515"),
        ("454 4.7.0 later", "4.7.0"),
        ("599 never heard of", None),
        ("450 5.1 is no status", None),
    ],
)
@pytest.mark.parametrize("step", [Step.MAIL, Step.RCPT, Step.DOT])
@pytest.mark.parametrize("is_pipelined", [True, False])
def test_a_refusal_has_its_codes_and_its_step_and_the_next_message_goes_through(
    connection: Connection, smtp: SmtpServer, is_pipelined: bool, step: Step, reply: str, enhanced: str | None
) -> None:
    where = {Step.MAIL: {"mail": reply}, Step.RCPT: {"rcpt": {ADA: reply}}, Step.DOT: {"dot": {ADA: reply}}}
    smtp.behave(pipelining=is_pipelined, **where[step])
    outcome = transmit(connection)
    assert (outcome.kind, outcome.code, outcome.enhanced) == (OutcomeKind.REFUSED, int(reply[:3]), enhanced)
    assert (outcome.text, outcome.step) == (reply[4:], step)
    smtp.behave()
    assert transmit(connection, BEN).kind is OutcomeKind.ACCEPTED
    assert [(each.recipient, each.connection) for each in smtp.received()] == [(BEN, 1)]


def test_a_server_that_lets_data_through_after_a_refusal_gets_no_message(
    connection: Connection, smtp: SmtpServer
) -> None:
    smtp.behave(rcpt={ADA: "550 5.1.1 no such mailbox"}, lets_data_through=True)
    outcome = transmit(connection)
    assert (outcome.kind, outcome.enhanced, outcome.step) == (OutcomeKind.REFUSED, "5.1.1", Step.RCPT)
    smtp.behave()
    assert transmit(connection, BEN).kind is OutcomeKind.ACCEPTED
    assert [(each.recipient, each.connection) for each in smtp.received()] == [(BEN, 2)]


@pytest.mark.parametrize(
    "where", [{"mail": "421 4.3.2 closing"}, {"rcpt": {ADA: "421 4.3.2 closing"}}, {"dot": {ADA: "421 4.3.2 closing"}}]
)
def test_after_a_421_the_next_message_takes_another_connection(
    connection: Connection, smtp: SmtpServer, where: dict[str, str]
) -> None:
    smtp.behave(**where)
    assert transmit(connection).code == 421
    smtp.behave()
    assert transmit(connection, BEN).kind is OutcomeKind.ACCEPTED
    assert [each.connection for each in smtp.received()] == [2]


@pytest.mark.parametrize("trouble", ["hang_before_dot", "drop_before_dot"])
@pytest.mark.parametrize("is_pipelined", [True, False])
def test_what_is_lost_before_the_final_dot_was_not_delivered(
    connection: Connection, smtp: SmtpServer, is_pipelined: bool, trouble: str
) -> None:
    smtp.behave(pipelining=is_pipelined, **{trouble: [ADA]})
    outcome = transmit(connection)
    assert (outcome.kind, outcome.code, outcome.step) == (OutcomeKind.LOST_BEFORE, None, Step.DATA)
    assert transmit(connection, BEN).kind is OutcomeKind.ACCEPTED
    assert smtp.recipients() == [BEN]


def test_a_connection_lost_within_the_body_is_lost_however_soon_we_notice(
    connection: Connection, smtp: SmtpServer
) -> None:
    smtp.behave(drop_in_body=[ADA])
    assert transmit(connection).kind in {OutcomeKind.LOST_BEFORE, OutcomeKind.LOST_AFTER}
    assert transmit(connection, BEN).kind is OutcomeKind.ACCEPTED
    assert smtp.recipients() == [BEN]


@pytest.mark.parametrize("trouble", ["hang_after_dot", "drop_after_dot"])
def test_what_is_lost_after_the_final_dot_may_have_been_delivered(
    connection: Connection, smtp: SmtpServer, trouble: str
) -> None:
    smtp.behave(**{trouble: [ADA]})
    outcome = transmit(connection)
    assert (outcome.kind, outcome.code, outcome.step) == (OutcomeKind.LOST_AFTER, None, Step.DOT)
    assert transmit(connection, BEN).kind is OutcomeKind.ACCEPTED
    assert smtp.recipients() == [ADA, BEN]


def test_a_server_that_closes_every_few_messages_costs_no_message(connection: Connection, smtp: SmtpServer) -> None:
    smtp.behave(drop_every=3)
    for number in range(10):
        assert transmit(connection, f"reader{number}@readers.example").kind is OutcomeKind.ACCEPTED
        time.sleep(0.05)  # longer than the server takes to close
    assert [each.connection for each in smtp.received()] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4]


def test_a_server_that_is_away_is_an_outcome_and_no_error(connection: Connection, smtp: SmtpServer) -> None:
    smtp.stop()
    for trouble in (connection.connect(), transmit(connection)):
        assert trouble
        assert (trouble.kind, trouble.step) == (OutcomeKind.LOST_BEFORE, Step.CONNECT)
    smtp.start()
    assert connection.connect() is None
    assert transmit(connection).kind is OutcomeKind.ACCEPTED


def test_a_server_that_closes_after_it_was_looked_at_costs_no_message(connection: Connection, smtp: SmtpServer) -> None:
    assert connection.connect() is None
    smtp.stop()
    smtp.start()
    assert transmit(connection).kind is OutcomeKind.ACCEPTED


def test_a_server_that_goes_away_after_it_was_looked_at_has_got_nothing(
    connection: Connection, smtp: SmtpServer
) -> None:
    assert connection.connect() is None
    smtp.stop()
    assert transmit(connection).kind is OutcomeKind.LOST_BEFORE
    smtp.start()
    assert transmit(connection).kind is OutcomeKind.ACCEPTED
    assert smtp.recipients() == [ADA]


@pytest.mark.parametrize("banner", ["554 5.7.1 you are on a list", "421 4.3.2 too many connections"])
def test_a_server_that_refuses_the_connection_is_reported_with_its_reply(
    connection: Connection, smtp: SmtpServer, banner: str
) -> None:
    smtp.behave(banner=banner)
    outcome = transmit(connection)
    assert (outcome.kind, outcome.code, outcome.step) == (OutcomeKind.REFUSED, int(banner[:3]), Step.CONNECT)


def test_a_connection_that_was_dropped_raises_nothing_on_leaving(app: Flask, smtp: SmtpServer) -> None:
    with open_connection(HASTY) as connection:
        transmit(connection)
        smtp.stop()
    smtp.start()
    with pytest.raises(smtplib.SMTPServerDisconnected), mail.connect():
        smtp.stop()  # Flask-Mail's own raises on its way out


def test_a_server_that_never_answers_is_not_waited_for_for_ever(app: Flask, smtp: SmtpServer) -> None:
    smtp.behave(latency=5)
    with open_connection(HASTY) as connection:
        assert transmit(connection).kind is OutcomeKind.LOST_BEFORE
    smtp.behave()
    with mail.connect() as theirs:
        assert theirs.host
        assert theirs.host.sock.gettimeout() is None, "Flask-Mail waits for ever"


@pytest.mark.parametrize(
    "recipient",
    [
        "ada",
        "ada@",
        "@readers.example",
        "ada@readers.example\r\nDATA",
        "a da@readers.example",
        "a\x00da@readers.example",
        "ada@rea\u202eders.example",
    ],
)
def test_what_is_no_address_is_refused_before_the_server_hears_of_it(
    connection: Connection, smtp: SmtpServer, recipient: str
) -> None:
    outcome = connection.transmit("news@verdicts.example", recipient, raw_to(ADA))
    assert (outcome.kind, outcome.enhanced) == (OutcomeKind.REFUSED, "5.1.3")
    assert smtp.received() == []


def test_a_sender_that_is_no_address_is_our_fault_and_no_readers(connection: Connection) -> None:
    outcome = connection.transmit("panel@", ADA, raw_to(ADA))
    assert (outcome.kind, outcome.step, action_for(outcome)) == (OutcomeKind.REFUSED, Step.MAIL, Action.PAUSE)


@pytest.mark.parametrize("step", ["rcpt", "dot"])
def test_a_reply_that_names_the_senders_domain_marks_no_reader(
    connection: Connection, smtp: SmtpServer, step: str
) -> None:
    reply = "550 5.1.2 Domain verdicts.example does not exist"
    smtp.behave(**{step: {ADA: reply}})
    assert action_for(transmit(connection, sender="news@verdicts.example")) is Action.REFUSED


def test_an_address_on_an_international_domain_needs_nothing_of_the_server(
    connection: Connection, smtp: SmtpServer
) -> None:
    smtp.behave(smtputf8=False)
    assert transmit(connection, "ada@bücher.example").kind is OutcomeKind.ACCEPTED
    (received,) = smtp.received()
    assert received.recipient == "ada@xn--bcher-kva.example"
    assert received.raw.isascii()


def test_an_international_local_part_goes_where_smtputf8_is_offered(connection: Connection, smtp: SmtpServer) -> None:
    assert transmit(connection, "jörg@bücher.example").kind is OutcomeKind.ACCEPTED
    (received,) = smtp.received()
    assert received.recipient == "jörg@xn--bcher-kva.example"
    assert received.message["To"].addresses[0].addr_spec == "jörg@xn--bcher-kva.example"


def test_an_international_local_part_is_cleanly_refused_elsewhere(connection: Connection, smtp: SmtpServer) -> None:
    smtp.behave(smtputf8=False)
    outcome = transmit(connection, "jörg@readers.example")
    assert (outcome.kind, outcome.enhanced) == (OutcomeKind.REFUSED, "5.6.7")
    assert transmit(connection).kind is OutcomeKind.ACCEPTED
    assert smtp.recipients() == [ADA]


def test_what_is_stored_of_a_reply_names_no_recipient_and_is_one_short_line(
    connection: Connection, smtp: SmtpServer
) -> None:
    smtp.behave(rcpt={ADA: f"550-5.1.1 <ADA@readers.example>: unknown\r\n550 5.1.1 {'x' * 450}"})
    outcome = transmit(connection)
    assert outcome.enhanced == "5.1.1"
    assert outcome.summary.startswith("refused at RCPT TO: 550 5.1.1 <…>: unknown 5.1.1 xxx")
    assert len(outcome.summary) <= 500


def test_flask_mail_records_what_was_accepted(connection: Connection, smtp: SmtpServer) -> None:
    smtp.behave(rcpt={BEN: "550 5.1.1 no such mailbox"})
    with mail.record_messages() as recorded:
        for recipient in (ADA, BEN):
            transmit_message(connection, compose(LETTER, to=recipient, message_id=message_id("test"), date=NOW))
    assert [message.recipients for message in recorded] == [[ADA]]


@contextmanager
def encrypting(folder: Path) -> Iterator[tuple[SmtpServer, str]]:
    """Run a server that offers STARTTLS with a self-signed certificate for 127.0.0.1."""
    certificate = folder / "certificate.pem"
    request = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=smtp.test -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*request.split(), "-keyout", str(certificate), "-out", str(folder / "public.pem")],
        check=True,
        capture_output=True,
    )
    certificate.write_text(certificate.read_text() + (folder / "public.pem").read_text())
    with smtp_server(folder / "tls", certificate=str(certificate)) as server:
        yield server, str(folder / "public.pem")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_encryption_counts_only_with_a_certificate_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        encrypting(tmp_path) as (server, certificate),
        new_app(NO_DATABASE, tmp_path, **server.settings, MAIL_USE_TLS="1"),
        open_connection() as connection,
    ):
        outcome = transmit(connection)
        assert (outcome.kind, outcome.code) == (OutcomeKind.REFUSED, None)
        assert "certificate" in outcome.text
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        assert [transmit(connection).kind for _ in range(3)] == [OutcomeKind.ACCEPTED] * 3
        assert [each.connection for each in server.received()] == [2, 2, 2]


def test_encryption_that_is_asked_for_and_not_offered_is_our_fault(smtp: SmtpServer) -> None:
    with pooled_app(NO_DATABASE, **smtp.settings, MAIL_USE_TLS="1"), open_connection(HASTY) as connection:
        outcome = transmit(connection)
    assert (outcome.kind, outcome.code, outcome.step) == (OutcomeKind.REFUSED, None, Step.CONNECT)


def test_a_lease_outlasts_the_slowest_transmission() -> None:
    slowest = Timeouts()
    turns = 12  # EHLO, STARTTLS, EHLO, AUTH in three steps, MAIL, RCPT, DATA, body, and two to spare
    assert timedelta(seconds=slowest.connect + turns * slowest.reply + slowest.last_reply) < LEASE


@pytest.mark.parametrize(
    "settings", [{"MAIL_USERNAME": "ann", "MAIL_PASSWORD": "schlüssel"}, {"MAIL_SERVER": "mail..example.org"}]
)
def test_settings_that_smtp_cannot_carry_are_our_fault_and_no_crash(smtp: SmtpServer, settings: dict[str, str]) -> None:
    with pooled_app(NO_DATABASE, **smtp.settings | settings), open_connection(HASTY) as connection:
        trouble = connection.connect()
    assert trouble
    assert (trouble.kind, trouble.step) == (OutcomeKind.REFUSED, Step.CONNECT)


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("https://verdicts.example", "verdicts.example"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "[IPv6:::1]"),
    ],
)
def test_a_mail_server_is_greeted_by_name_or_by_an_address_in_brackets(base_url: str, name: str) -> None:
    assert own_name(base_url) == name
