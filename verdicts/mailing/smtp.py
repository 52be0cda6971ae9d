"""SMTP in the phases that matter: all before the final dot may be done again, what comes after it may not."""

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import flask_mail

from verdicts.mailing.addresses import AddressParts, AddressRefused, address_parts
from verdicts.mailing.outcomes import Outcome, OutcomeKind, Step

MESSAGES_A_CONNECTION = 100
GOODBYE_SECONDS = 5.0
GO_AHEAD, CLOSING = 354, 421
_LEADING_DOTS = re.compile(rb"(?m)^\.")


@dataclass(frozen=True)
class Timeouts:
    """How long to wait, in seconds. RFC 5321 wants patience after the final dot: giving up there leaves doubt."""

    connect: float = 30
    reply: float = 60
    last_reply: float = 300


class SmtpConnection(flask_mail.Connection):
    """Flask-Mail's connection with timeouts, verified TLS, and an outcome for whatever happens."""

    def __init__(self, mail: flask_mail.Mail, timeouts: Timeouts, own_name: str) -> None:
        super().__init__(mail)
        self.host: smtplib.SMTP | None = None
        self._timeouts = timeouts
        self._own_name = own_name
        self._step = Step.CONNECT

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ready(self) -> Outcome | None:
        """Connect unless it is connected already; return None when a message may be handed over, else why not."""
        if self.host and (self.num_emails >= MESSAGES_A_CONNECTION or _has_spoken(self.host)):
            self.close()
        if self.host:
            return None
        try:
            self.host = self.configure_host()
        except (smtplib.SMTPException, OSError, UnicodeError) as fault:  # a name or password that SMTP cannot carry
            return _why_not_connected(fault)
        self.num_emails = 0
        return None

    def transmit(self, envelope_from: str, recipient: str, raw: bytes) -> Outcome:
        """Hand one message over; see transport.Connection."""
        try:
            sender, to = _envelope(envelope_from), address_parts(recipient)
        except AddressRefused as fault:
            return Outcome(OutcomeKind.REFUSED, 553, "5.1.3", str(fault), Step.RCPT)
        trouble = self.ready()
        if trouble or self.host is None:
            return trouble or Outcome.of_fault(OutcomeKind.LOST_BEFORE, Step.CONNECT, "not connected")
        self.num_emails += 1
        try:
            outcome = self._hand_over(self.host, sender, to, raw)
        except (smtplib.SMTPException, OSError) as fault:
            self._drop()
            is_lost_after = self._step is Step.DOT
            kind = OutcomeKind.LOST_AFTER if is_lost_after else OutcomeKind.LOST_BEFORE
            return Outcome.of_fault(kind, self._step, fault)
        if outcome.kind is OutcomeKind.REFUSED:
            self._tidy_up_after(outcome)
        return outcome

    def close(self) -> None:
        """Say goodbye, if anyone still listens."""
        if self.host is None:
            return
        with suppress(smtplib.SMTPException, OSError):
            if self.host.sock:
                self.host.sock.settimeout(GOODBYE_SECONDS)
            self.host.quit()
        self._drop()

    def configure_host(self) -> smtplib.SMTP:
        """Return a connection that is greeted, encrypted and logged in. Raises SMTPException or OSError."""
        host = self._greeted()
        try:
            _wait_at_most(host, self._timeouts.reply)
            _hurry(host)
            if self.mail.use_tls:
                host.starttls(context=ssl.create_default_context())
            host.ehlo_or_helo_if_needed()
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def _greeted(self) -> smtplib.SMTP:
        server, port, patience = self.mail.server, self.mail.port, self._timeouts.connect
        if not self.mail.use_ssl:
            return smtplib.SMTP(server, port, self._own_name, patience)
        return smtplib.SMTP_SSL(server, port, self._own_name, timeout=patience, context=ssl.create_default_context())

    def _hand_over(self, host: smtplib.SMTP, sender: str, to: AddressParts, raw: bytes) -> Outcome:
        needs_utf8 = not (sender.isascii() and str(to).isascii() and raw.isascii())
        if needs_utf8 and not host.has_extn("smtputf8"):
            text = "the server does not offer SMTPUTF8, which this address needs"
            return Outcome(OutcomeKind.REFUSED, 553, "5.6.7", text, Step.RCPT)
        host.command_encoding = "utf-8" if needs_utf8 else "ascii"
        options = _options(host, len(raw), needs_utf8)
        for step, argument in ((Step.MAIL, f"<{sender}>{options}"), (Step.RCPT, f"<{to}>"), (Step.DATA, "")):
            self._step = step
            code, reply = _ask(host, step, argument)
            if code != GO_AHEAD if step is Step.DATA else code // 100 != 2:
                return Outcome.of_reply(step, code, reply, str(to))
        return self._send_body(host, raw, str(to))

    def _send_body(self, host: smtplib.SMTP, raw: bytes, recipient: str) -> Outcome:
        host.send(_LEADING_DOTS.sub(b"..", raw) + (b"" if raw.endswith(b"\r\n") else b"\r\n"))
        if _has_spoken(host):
            raise smtplib.SMTPServerDisconnected("the server ended it before the message had ended")
        self._step = Step.DOT
        _wait_at_most(host, self._timeouts.last_reply)
        host.send(b".\r\n")
        code, reply = _reply(host)
        _wait_at_most(host, self._timeouts.reply)
        return Outcome.of_reply(Step.DOT, code, reply, recipient)

    def _tidy_up_after(self, refusal: Outcome) -> None:
        """Leave the connection as a next message needs it: none after a 421, and no message half begun."""
        if refusal.code == CLOSING or self.host is None:
            self._drop()
        elif refusal.step is not Step.DOT:
            try:
                self.host.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()

    def _drop(self) -> None:
        if self.host:
            self.host.close()
        self.host = None


def _envelope(sender: str) -> str:
    return str(address_parts(sender)) if sender else ""


def _options(host: smtplib.SMTP, size: int, needs_utf8: bool) -> str:
    options = f" SIZE={size}" if host.has_extn("size") else ""
    return f"{options} SMTPUTF8 BODY=8BITMIME" if needs_utf8 else options


def _ask(host: smtplib.SMTP, step: Step, argument: str) -> tuple[int, bytes]:
    host.putcmd(f"{step}:{argument}" if argument else step)
    return _reply(host)


def _reply(host: smtplib.SMTP) -> tuple[int, bytes]:
    code, reply = host.getreply()
    if not 200 <= code < 600:
        raise smtplib.SMTPServerDisconnected(f"no SMTP reply: {code} {reply!r}")
    return code, reply


def _hurry(host: smtplib.SMTP) -> None:
    # The final dot travels alone: without this it would wait until the body is acknowledged, 40 ms for each message.
    if host.sock:
        host.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _wait_at_most(host: smtplib.SMTP, seconds: float) -> None:
    if host.sock:
        host.sock.settimeout(seconds)


def _has_spoken(host: smtplib.SMTP) -> bool:
    """Say whether the server said something, or closed, while it was not asked; what it said is lost."""
    if host.sock is None:
        return True
    patience = host.sock.gettimeout()
    try:
        host.sock.settimeout(0)
        host.sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        host.sock.settimeout(patience)
    return True


def _why_not_connected(fault: Exception) -> Outcome:
    if isinstance(fault, smtplib.SMTPResponseException):
        error = fault.smtp_error
        reply = error if isinstance(error, bytes) else str(error).encode()
        return Outcome.of_reply(Step.CONNECT, fault.smtp_code, reply)
    is_away = isinstance(fault, (smtplib.SMTPServerDisconnected, OSError)) and not isinstance(
        fault, (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)
    )
    return Outcome.of_fault(OutcomeKind.LOST_BEFORE if is_away else OutcomeKind.REFUSED, Step.CONNECT, fault)
