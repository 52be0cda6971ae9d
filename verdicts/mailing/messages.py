"""Messages: Flask-Mail's, with headers that are folded correctly and no line that is too long."""

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
from typing import Any

import flask_mail

from verdicts.config import current_settings
from verdicts.mailing import encoded_words
from verdicts.mailing.addresses import (
    InvalidHeader,
    header_address,
    parse_address,
    require_one_line,
    split_name_and_address,
)
from verdicts.mailing.rendering import Letter

MAX_LINE_LENGTH = 998


class _Policy(policy.EmailPolicy):
    """SMTP's policy with lines as long as they may be, so that hardly any header is folded.

    Texts that must be encoded are the exception, and so is the name of one sender.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, str]:
        # The email package would decode a subject that looks like an encoded word.
        if name.lower() == "subject" and encoded_words.needs_encoding(value):
            return name, value
        return super().header_store_parse(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        addresses = getattr(value, "addresses", ())
        text = addresses[0].display_name if addresses else value
        if self.utf8 or not encoded_words.needs_encoding(text):
            return super().fold_binary(name, value)
        return encoded_words.fold_mailbox(name, addresses[0]) if addresses else encoded_words.fold_text(name, value)


POLICY = _Policy(linesep="\r\n", max_line_length=MAX_LINE_LENGTH)
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_RESERVED = {"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version"}


class Message(flask_mail.Message):
    """A message to one recipient that Flask-Mail can send and record, serialised by the modern email package.

    Header lines have at most MAX_LINE_LENGTH characters and are folded only at spaces; bodies are quoted-printable.
    Serialising raises InvalidHeader or InvalidAddress where a value does not allow that.
    """

    def as_string(self) -> str:
        return self.as_bytes().decode()

    def _message(self) -> EmailMessage:  # type: ignore[override]
        sender, recipient = _parse_mailbox(str(self.sender)), _parse_mailbox(str(self.recipients[0]))
        needs_utf8 = not (sender.addr_spec.isascii() and recipient.addr_spec.isascii())
        message = EmailMessage(POLICY.clone(utf8=True) if needs_utf8 else POLICY)
        for name, value in {"From": sender, "To": recipient, **self._headers()}.items():
            message[name] = value
        message["MIME-Version"] = "1.0"
        # "=_" never occurs in quoted-printable; the hash gives the same letter the same bytes each time.
        boundary = hashlib.sha256(self.msgId.encode()).hexdigest()[:32]
        message["Content-Type"] = f'multipart/alternative; boundary="=_{boundary}"'
        message.attach(_part("plain", self.body or ""))
        message.attach(_part("html", self.html or ""))
        return message

    def _headers(self) -> dict[str, str]:
        headers = {"Subject": validate_header("Subject", self.subject)}
        headers["Date"] = format_datetime(datetime.fromtimestamp(self.date or 0, UTC))
        headers["Message-ID"] = validate_header("Message-ID", self.msgId)
        for name, value in (self.extra_headers or {}).items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _RESERVED or name.lower().startswith("content-"):
                raise InvalidHeader(f"{name[:80]!r} is no header that a letter may set")
            headers[name] = validate_header(name, value)
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
    """Return a letter as a message to one recipient with these headers.

    `sender` is "Name <address>" or an address, by default MAIL_DEFAULT_SENDER; without a name it gets the site's.
    Raises InvalidHeader where a value has a control character or a word too long for a line, and InvalidAddress where
    `to` or `sender` is no address.
    """
    settings = current_settings()
    name, address = split_name_and_address(sender or settings.mail.default_sender)
    message = Message(
        subject=letter.subject,
        recipients=[str(parse_address(to))],
        body=letter.text,
        html=letter.html,
        sender=str(header_address(name or settings.site_name, address)),
        date=date.timestamp(),
        extra_headers=dict(headers or {}),
    )
    message.msgId = message_id
    message._headers()  # raise InvalidHeader now, not when it is sent
    return message


def message_id(purpose: str, *parts: object) -> str:
    """Return a Message-ID that is always the same for the same parts. It is an HMAC, so it reveals none of them."""
    settings = current_settings()
    key, content = settings.hash_key.encode(), "\0".join(["message-id", purpose, *map(str, parts)])
    _, address = split_name_and_address(settings.mail.default_sender)
    return f"<{hmac.new(key, content.encode(), hashlib.sha256).hexdigest()[:40]}@{parse_address(address).domain}>"


def validate_header(name: str, value: str) -> str:
    """Return a header's value if it fits into lines. Raises InvalidHeader."""
    require_one_line(value)
    if max((len(word) for word in value.split()), default=0) + len(name) + 3 > MAX_LINE_LENGTH:
        raise InvalidHeader(f"{name} holds a word that fits no line: {value[:80]!r}")
    return value


def _parse_mailbox(mailbox: str) -> Address:
    return header_address(*split_name_and_address(mailbox))


def _part(subtype: str, text: str) -> EmailMessage:
    """Return a body as quoted-printable: mail servers may change long or dotted lines in any other encoding."""
    part = EmailMessage(POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    part.set_payload(binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True).decode("ascii"))
    return part
