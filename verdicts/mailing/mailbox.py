"""Mail without a mail server: each message becomes a file in mailbox/ in the instance folder."""

import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from verdicts.config import Settings
from verdicts.mailing.addresses import require_one_line

_NAME_PATTERN = re.compile(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{8}")
_TIME_FORMAT = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True)
class StoredLetter:
    """A letter that was stored instead of sent. Names sort by time."""

    name: str
    recipient: str
    sender: str
    subject: str
    at: datetime
    text: str
    html: str


def folder_path(settings: Settings) -> Path:
    return settings.instance_path / "mailbox"


def save(folder: Path, envelope_from: str, recipient: str, raw: bytes, at: datetime) -> str:
    """Write a message to a file and return the file's name without .eml. Readers never see half a file.

    The file begins with the envelope as in any mailbox: Return-Path and Delivered-To.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{at.astimezone(UTC):{_TIME_FORMAT}}-{secrets.token_hex(4)}"
    envelope = f"Return-Path: <{require_one_line(envelope_from)}>\r\nDelivered-To: {require_one_line(recipient)}\r\n"
    unfinished = folder / f"{name}.part"
    with open(unfinished, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(envelope.encode() + raw)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / f"{name}.eml")
    return name


def list_newest(folder: Path, limit: int) -> list[StoredLetter]:
    names = sorted((path.stem for path in folder.glob("*.eml") if _NAME_PATTERN.fullmatch(path.stem)), reverse=True)
    return [letter for letter in (find(folder, name) for name in names[:limit]) if letter]


def find(folder: Path, name: str) -> StoredLetter | None:
    if not _NAME_PATTERN.fullmatch(name):
        return None
    try:
        raw = (folder / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(raw, EmailMessage, policy=policy.SMTP)
    return StoredLetter(
        name=name,
        recipient=str(message["Delivered-To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        at=datetime.strptime(name.partition("-")[0], _TIME_FORMAT).replace(tzinfo=UTC),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if isinstance(part, EmailMessage) else ""
