"""Messages: Flask-Mail's, but written so that no header is folded into nonsense and no line is too long."""

import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import flask_mail
from flask import current_app

from verdicts.config import Settings
from verdicts.mailing.addresses import (
    AddressParts,
    AddressRefused,
    HeaderRefused,
    address_parts,
    header_address,
    named,
    one_line,
)
from verdicts.mailing.letters import Letter

__all__ = ["AddressParts", "AddressRefused", "HeaderRefused", "Message", "address_parts", "compose", "message_id"]

LONGEST_LINE = 998


class _Policy(policy.EmailPolicy):
    """SMTP's, with lines as long as they may be, so that only spaces far apart are ever folded at.

    Save where a value must be encoded: an encoded word may have only 75 characters (RFC 2047).
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if self.utf8 or value.isascii():
            return super().fold_binary(name, value)
        return _NARROW_POLICY.fold_binary(name, value)


_NARROW_POLICY = policy.SMTP.clone(max_line_length=76)
_POLICY = _Policy(linesep="\r\n", max_line_length=LONGEST_LINE)
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_OURS = {"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version"}


class Message(flask_mail.Message):
    """A message to one recipient that Flask-Mail can send and record, written by the modern email package.

    Header lines have at most 998 characters and are folded only at spaces; bodies are quoted-printable. Whatever
    would break that is refused with HeaderRefused or AddressRefused when it is written.
    """

    def as_bytes(self) -> bytes:
        return bytes(self._message())

    def as_string(self) -> str:
        return self.as_bytes().decode()

    def _message(self) -> EmailMessage:  # type: ignore[override]
        sender, recipient = _addressed(str(self.sender)), _addressed(str(self.recipients[0]))
        needs_utf8 = not (sender.addr_spec.isascii() and recipient.addr_spec.isascii())
        written = EmailMessage(_POLICY.clone(utf8=True) if needs_utf8 else _POLICY)
        for name, value in {"From": sender, "To": recipient, **self._headers()}.items():
            written[name] = value
        written["MIME-Version"] = "1.0"
        # "=_" never occurs in quoted-printable; the rest makes the same letter the same bytes whenever it is written.
        boundary = hashlib.sha256(self.msgId.encode()).hexdigest()[:32]
        written["Content-Type"] = f'multipart/alternative; boundary="=_{boundary}"'
        written.attach(_part("plain", self.body or ""))
        written.attach(_part("html", self.html or ""))
        return written

    def _headers(self) -> dict[str, str]:
        headers = {"Subject": checked("Subject", self.subject)}
        headers["Date"] = format_datetime(datetime.fromtimestamp(self.date or 0, UTC))
        headers["Message-ID"] = checked("Message-ID", self.msgId)
        for name, value in (self.extra_headers or {}).items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("content-"):
                raise HeaderRefused(f"{name[:80]!r} is no header that a letter may set")
            headers[name] = checked(name, value)
        return headers


def compose(
    letter: Letter,
    *,
    to: str,
    message_id: str,
    date: datetime,
    headers: Mapping[str, str] | None = None,
    sender: str | None = None,
) -> Message:
    """Return a letter as a message to one recipient, complete with the headers that are given.

    `sender` is "Name <address>" or an address, by default MAIL_DEFAULT_SENDER; without a name it gets the site's.
    Raises HeaderRefused where a value holds a line break, NUL, another control or text-turning character, or a word
    too long for a line, and AddressRefused where `to` or `sender` is no address.
    """
    settings = _settings()
    name, address = named(sender or settings.mail.default_sender)
    message = Message(
        subject=letter.subject,
        recipients=[str(address_parts(to))],
        body=letter.text,
        html=letter.html,
        sender=str(header_address(name or settings.site_name, address)),
        date=date.timestamp(),
        extra_headers=dict(headers or {}),
    )
    message.msgId = message_id
    message._headers()  # so that whoever composes is told, not whoever sends
    return message


def message_id(purpose: str, *parts: object) -> str:
    """Return the Message-ID of what is sent for this purpose: always the same, and telling nothing (it is an HMAC)."""
    settings = _settings()
    key, words = settings.hash_key.encode(), "\0".join(["message-id", purpose, *map(str, parts)])
    _, address = named(settings.mail.default_sender)
    return f"<{hmac.new(key, words.encode(), hashlib.sha256).hexdigest()[:40]}@{address_parts(address).domain}>"


def checked(name: str, value: str) -> str:
    """Return a header's value if it can be written in lines; raise HeaderRefused if not."""
    one_line(value)
    if max((len(word) for word in value.split()), default=0) + len(name) + 3 > LONGEST_LINE:
        raise HeaderRefused(f"{name} holds a word that fits no line: {value[:80]!r}")
    return value


def _addressed(mailbox: str) -> Address:
    return header_address(*named(mailbox))


def _part(subtype: str, text: str) -> EmailMessage:
    """Return a body as quoted-printable: a mail server may change anything else in a long or dotted line."""
    part = EmailMessage(_POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    part.set_payload(binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True).decode("ascii"))
    return part


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
