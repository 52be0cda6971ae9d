"""SMTP, with an outcome for every way a transmission can end: before the final dot it may be repeated, after it not."""

import re
import select
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import flask_mail

from verdicts.mailing.addresses import AddressParts, InvalidAddress, parse_address, split_name_and_address
from verdicts.mailing.outcomes import Outcome, OutcomeKind, Step

MAX_MESSAGES_PER_CONNECTION = 100
QUIT_TIMEOUT = 5.0
GO_AHEAD, CLOSING = 354, 421
_LEADING_DOTS = re.compile(rb"(?m)^\.")


@dataclass(frozen=True)
class Timeouts:
    """How long to wait, in seconds. After the final dot longest (RFC 5321): giving up there leaves it uncertain."""

    connect: float = 30
    reply: float = 60
    last_reply: float = 300


class SmtpConnection(flask_mail.Connection):
    """Flask-Mail's connection with timeouts, verified TLS, and outcomes instead of errors."""

    def __init__(self, mail: flask_mail.Mail, timeouts: Timeouts, own_name: str) -> None:
        super().__init__(mail)
        self.host: smtplib.SMTP | None = None
        self._timeouts = timeouts
        self._own_name = own_name
        self._step = Step.CONNECT

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def connect(self) -> Outcome | None:
        """Connect unless it is connected already; see transport.Connection."""
        if self.host and (self.num_emails >= MAX_MESSAGES_PER_CONNECTION or _has_unexpected_data(self.host)):
            self.close()
        if self.host:
            return None
        try:
            self.host = self.configure_host()
        except (smtplib.SMTPException, OSError, UnicodeError) as error:  # UnicodeError: a password that is not ASCII
            return _connect_failure(error)
        self.num_emails = 0
        return None

    def transmit(self, envelope_from: str, recipient: str, raw: bytes, *, is_dot_free: bool = False) -> Outcome:
        """Transmit one message; see transport.Connection."""
        try:
            sender = str(parse_address(envelope_from)) if envelope_from else ""
        except InvalidAddress as error:
            return Outcome.from_error(OutcomeKind.REFUSED, Step.MAIL, error)
        try:
            to = parse_address(recipient)
        except InvalidAddress as error:
            return Outcome(OutcomeKind.REFUSED, 553, "5.1.3", str(error), Step.RCPT)
        problem = self.connect()  # just before MAIL FROM: a server may close some time after it accepted a message
        if problem or self.host is None:
            return problem or Outcome.from_error(OutcomeKind.LOST_BEFORE, Step.CONNECT, "not connected")
        self.num_emails += 1
        try:
            outcome = self._send_message(self.host, sender, to, raw, is_dot_free)
        except (smtplib.SMTPException, OSError) as error:
            self._disconnect()
            kind = OutcomeKind.LOST_AFTER if self._step is Step.DOT else OutcomeKind.LOST_BEFORE
            return Outcome.from_error(kind, self._step, error)
        if outcome.kind is OutcomeKind.REFUSED:
            self._reset_after(outcome)
        return outcome

    def close(self) -> None:
        """End the session with QUIT, if there is one."""
        if self.host is None:
            return
        with suppress(smtplib.SMTPException, OSError):
            if self.host.sock:
                self.host.sock.settimeout(QUIT_TIMEOUT)
            self.host.quit()
        self._disconnect()

    def configure_host(self) -> smtplib.SMTP:
        """Return a connection that is encrypted and logged in. Raises SMTPException or OSError."""
        host = self._open_host()
        try:
            _set_timeout(host, self._timeouts.reply)
            _disable_nagle(host)
            if self.mail.use_tls:
                host.starttls(context=ssl.create_default_context())
            host.ehlo_or_helo_if_needed()
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def _open_host(self) -> smtplib.SMTP:
        server, port, timeout = self.mail.server, self.mail.port, self._timeouts.connect
        if not self.mail.use_ssl:
            return smtplib.SMTP(server, port, self._own_name, timeout)
        return smtplib.SMTP_SSL(server, port, self._own_name, timeout=timeout, context=ssl.create_default_context())

    def _send_message(
        self, host: smtplib.SMTP, sender: str, to: AddressParts, raw: bytes, is_dot_free: bool
    ) -> Outcome:
        needs_utf8 = not (sender.isascii() and str(to).isascii() and raw.isascii())
        if needs_utf8 and not host.has_extn("smtputf8"):
            text = "the server does not offer SMTPUTF8, which this address needs"
            return Outcome(OutcomeKind.REFUSED, 553, "5.6.7", text, Step.RCPT)
        host.command_encoding = "utf-8" if needs_utf8 else "ascii"
        options = f" SIZE={len(raw)}" if host.has_extn("size") else ""
        options += " SMTPUTF8 BODY=8BITMIME" if needs_utf8 else ""
        envelope = {Step.MAIL: f"{Step.MAIL}:<{sender}>{options}", Step.RCPT: f"{Step.RCPT}:<{to}>", Step.DATA: "DATA"}
        if refusal := self._send_envelope(host, envelope):
            return Outcome.from_reply(*refusal, str(to), self._senders(sender))
        body = raw if is_dot_free else _LEADING_DOTS.sub(b"..", raw)
        return self._send_body(host, body, str(to), sender)

    def _send_envelope(self, host: smtplib.SMTP, envelope: dict[Step, str]) -> tuple[Step, int, bytes] | None:
        """Send the commands before the body, together if the server offers that; return the refusal of one."""
        self._step = Step.MAIL
        is_pipelined = host.has_extn("pipelining")
        if is_pipelined:
            host.send("".join(f"{command}\r\n" for command in envelope.values()))
        for number, (step, command) in enumerate(envelope.items(), start=1):
            self._step = step
            if not is_pipelined:
                host.putcmd(command)
            code, reply = _reply(host)
            if code != GO_AHEAD if step is Step.DATA else code // 100 != 2:
                if is_pipelined and code != CLOSING:
                    self._read_other_replies(host, len(envelope) - number)
                return step, code, reply
        return None

    def _read_other_replies(self, host: smtplib.SMTP, count: int) -> None:
        """Read the replies to what was sent along with a refused command. A server that waits for a body gets none."""
        try:
            codes = [_reply(host)[0] for _ in range(count)]
        except (smtplib.SMTPException, OSError):
            self._disconnect()
        else:
            if GO_AHEAD in codes:
                self._disconnect()

    def _send_body(self, host: smtplib.SMTP, body: bytes, recipient: str, sender: str) -> Outcome:
        host.send(body if body.endswith(b"\r\n") else body + b"\r\n")
        if _has_unexpected_data(host):
            raise smtplib.SMTPServerDisconnected("the server ended it before the message had ended")
        self._step = Step.DOT
        _set_timeout(host, self._timeouts.last_reply)
        host.send(b".\r\n")
        code, reply = _reply(host)
        _set_timeout(host, self._timeouts.reply)
        return Outcome.from_reply(Step.DOT, code, reply, recipient, self._senders(sender))

    def _senders(self, envelope_from: str) -> tuple[str, ...]:
        """Return what a reply calls us: by the envelope's sender, the visible one, or our host."""
        return envelope_from, split_name_and_address(self.mail.default_sender)[1], self._own_name

    def _reset_after(self, refusal: Outcome) -> None:
        """Prepare the connection for the next message: close it after a 421, else abort the refused message."""
        if refusal.code == CLOSING or self.host is None:
            self._disconnect()
        elif refusal.step is not Step.DOT:
            try:
                self.host.rset()
            except (smtplib.SMTPException, OSError):
                self._disconnect()

    def _disconnect(self) -> None:
        if self.host:
            self.host.close()
        self.host = None


def _reply(host: smtplib.SMTP) -> tuple[int, bytes]:
    code, reply = host.getreply()
    if not 200 <= code < 600:
        raise smtplib.SMTPServerDisconnected(f"no SMTP reply: {code} {reply!r}")
    return code, reply


def _disable_nagle(host: smtplib.SMTP) -> None:
    # The final dot is a packet of its own, which would wait until the body is acknowledged: 40 ms for each message.
    if host.sock:
        host.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _set_timeout(host: smtplib.SMTP, seconds: float) -> None:
    if host.sock:
        host.sock.settimeout(seconds)


def _has_unexpected_data(host: smtplib.SMTP) -> bool:
    """Return whether the server sent something without a command, or closed the connection. What it sent is lost."""
    if host.sock is None:
        return True
    if not _is_readable(host.sock):
        return False
    timeout = host.sock.gettimeout()
    try:
        host.sock.settimeout(0)
        host.sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        host.sock.settimeout(timeout)
    return True


def _is_readable(connection: socket.socket) -> bool:
    """Return whether something has arrived that may be data, or the end; one system call. TLS may have read ahead."""
    if isinstance(connection, ssl.SSLSocket) and connection.pending():
        return True
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _connect_failure(error: Exception) -> Outcome:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        reply = text if isinstance(text, bytes) else str(text).encode()
        return Outcome.from_reply(Step.CONNECT, error.smtp_code, reply)
    is_away = isinstance(error, (smtplib.SMTPServerDisconnected, OSError)) and not isinstance(
        error, (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)
    )
    return Outcome.from_error(OutcomeKind.LOST_BEFORE if is_away else OutcomeKind.REFUSED, Step.CONNECT, error)
