"""Transmitting messages: to the SMTP server of the settings, or into files where there is none."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit

from flask import current_app
from flask_mail import email_dispatched

from verdicts.config import current_settings
from verdicts.mailing import mailbox
from verdicts.mailing.addresses import split_name_and_address
from verdicts.mailing.messages import Message
from verdicts.mailing.outcomes import Outcome, OutcomeKind
from verdicts.mailing.smtp import SmtpConnection, Timeouts


class Connection(Protocol):
    """Transmits messages one after the other, in one thread. SMTP errors become outcomes; none are raised."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def connect(self) -> Outcome | None:
        """Connect unless it is connected already; return None where that worked, else the outcome that says why."""

    def transmit(self, envelope_from: str, recipient: str, raw: bytes, *, is_dot_free: bool = False) -> Outcome:
        """Transmit one message to one recipient, connecting where necessary, and return how far it got.

        `is_dot_free`: no line of it begins with a dot, so none is looked for. After a lost connection, a 421 or about a
        hundred messages it connects again.
        """

    def close(self) -> None:
        """End the session with QUIT, if there is one."""


def open_connection(timeouts: Timeouts | None = None) -> Connection:
    """Return a connection as the settings say. It connects when it is first used, which needs no app context."""
    settings = current_settings()
    if settings.mail.server is None:
        return MailboxConnection(mailbox.folder_path(settings))
    return SmtpConnection(current_app.extensions["mail"], timeouts or Timeouts(), own_name(settings.base_url))


def own_name(base_url: str) -> str:
    """Return what we call ourselves to a mail server: the site's host; an address as RFC 5321 4.1.3 writes it."""
    host = urlsplit(base_url).hostname or "localhost"
    try:
        return f"[IPv6:{host}]" if ip_address(host).version == 6 else f"[{host}]"
    except ValueError:
        return host


def transmit_message(connection: Connection, message: Message) -> Outcome:
    """Transmit a message from its own sender. Flask-Mail's record_messages() sees those that are accepted."""
    _, sender = split_name_and_address(str(message.sender))
    _, recipient = split_name_and_address(str(message.recipients[0]))
    outcome = connection.transmit(sender, recipient, message.as_bytes())
    if outcome.kind is OutcomeKind.ACCEPTED:
        email_dispatched.send(current_app._get_current_object(), message=message)  # type: ignore[attr-defined]
    return outcome


class MailboxConnection(Connection):
    """A connection for installations without a mail server: every message becomes a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def connect(self) -> Outcome | None:
        return None

    def transmit(self, envelope_from: str, recipient: str, raw: bytes, *, is_dot_free: bool = False) -> Outcome:
        name = mailbox.save(self._folder, envelope_from, recipient, raw, datetime.now(UTC))
        return Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", f"kept as {name}")

    def close(self) -> None:
        pass
