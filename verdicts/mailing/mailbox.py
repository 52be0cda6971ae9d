"""Mail without a mail server: each message is a file in the folder mailbox/ of the instance folder."""

import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from verdicts.config import Settings
from verdicts.mailing.addresses import one_line

_NAME = re.compile(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{8}")
_TIME = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True)
class KeptLetter:
    """A letter that was kept instead of sent; names sort by time."""

    name: str
    recipient: str
    sender: str
    subject: str
    at: datetime
    text: str
    html: str


def folder_of(settings: Settings) -> Path:
    return settings.instance_path / "mailbox"


def keep(folder: Path, envelope_from: str, recipient: str, raw: bytes, at: datetime) -> str:
    """Write a message to a file, which is there as a whole or not at all, and return its name without the .eml.

    Like any mailbox's it begins with the envelope: Return-Path and Delivered-To.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{at.astimezone(UTC):{_TIME}}-{secrets.token_hex(4)}"
    envelope = f"Return-Path: <{one_line(envelope_from)}>\r\nDelivered-To: {one_line(recipient)}\r\n"
    unfinished = folder / f"{name}.part"
    with open(unfinished, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(envelope.encode() + raw)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / f"{name}.eml")
    return name


def newest(folder: Path, most: int) -> list[KeptLetter]:
    """Return the newest letters, newest first."""
    names = sorted((path.stem for path in folder.glob("*.eml") if _NAME.fullmatch(path.stem)), reverse=True)
    return [letter for letter in (find(folder, name) for name in names[:most]) if letter]


def find(folder: Path, name: str) -> KeptLetter | None:
    if not _NAME.fullmatch(name):
        return None
    try:
        raw = (folder / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(raw, EmailMessage, policy=policy.SMTP)
    return KeptLetter(
        name=name,
        recipient=str(message["Delivered-To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        at=datetime.strptime(name.partition("-")[0], _TIME).replace(tzinfo=UTC),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if isinstance(part, EmailMessage) else ""
