"""Handing messages over: to the SMTP server of the settings, or to files where there is none."""

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

from flask import current_app
from flask_mail import email_dispatched

from verdicts.config import Settings
from verdicts.mailing import mailbox
from verdicts.mailing.addresses import named
from verdicts.mailing.messages import Message
from verdicts.mailing.outcomes import Outcome, OutcomeKind
from verdicts.mailing.smtp import SmtpConnection, Timeouts

__all__ = ["Connection", "Outcome", "OutcomeKind", "Timeouts", "open_connection", "send"]


class Connection(Protocol):
    """Somewhere to hand messages over, one after the other, from one thread. Nothing here raises for SMTP trouble."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def ready(self) -> Outcome | None:
        """Connect unless it is connected already; return None when a message may be handed over, else why not."""

    def transmit(self, envelope_from: str, recipient: str, raw: bytes) -> Outcome:
        """Hand one message to one recipient over, connecting if need be, and return how far it came.

        After a lost connection, a 421 or about a hundred messages the next call connects anew.
        """

    def close(self) -> None:
        """Say goodbye, if anyone still listens."""


def open_connection(timeouts: Timeouts | None = None) -> Connection:
    """Return a connection as the settings say. It connects when it is first needed, and needs no app context then."""
    settings: Settings = current_app.config["SETTINGS"]
    if settings.mail.server is None:
        return MailboxConnection(mailbox.folder_of(settings))
    own_name = urlsplit(settings.base_url).hostname or "localhost"
    return SmtpConnection(current_app.extensions["mail"], timeouts or Timeouts(), own_name)


def send(connection: Connection, message: Message) -> Outcome:
    """Hand a message over from its own sender; if it is accepted, Flask-Mail's record_messages() gets to know."""
    (_, sender), (_, recipient) = named(str(message.sender)), named(str(message.recipients[0]))
    outcome = connection.transmit(sender, recipient, message.as_bytes())
    if outcome.kind is OutcomeKind.ACCEPTED:
        email_dispatched.send(current_app._get_current_object(), message=message)  # type: ignore[attr-defined]
    return outcome


class MailboxConnection:
    """Stands for an SMTP server where there is none: every message becomes a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def ready(self) -> Outcome | None:
        return None

    def transmit(self, envelope_from: str, recipient: str, raw: bytes) -> Outcome:
        name = mailbox.keep(self._folder, envelope_from, recipient, raw, datetime.now(UTC))
        return Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", f"kept as {name}")

    def close(self) -> None:
        pass
