"""Reading returned mail: from a maildir, a file, standard input, or a folder of an IMAP server."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from verdicts.cli import files
from verdicts.newsletter.returned_mail import MAX_MESSAGE_BYTES

TIMEOUT_SECONDS = 30
IMAP_PORT, IMAPS_PORT = 143, 993
SEEN_FLAG = "S"
MAX_MBOX_BYTES = 64 * MAX_MESSAGE_BYTES
_MBOX_LINE = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From \S.*\d:\d\d.*\d{4}[ \t]*\r?\n(?=[!-9;-~]+[ \t]*:)")
_BOUNDARY = re.compile(
    rb"""^content-type:[^\n]*(?:\n[ \t][^\n]*)*?boundary=["']?([^"';\s]+)""", re.IGNORECASE | re.MULTILINE
)


class MailboxUnavailable(Exception):
    """A mailbox cannot be read; the message says why."""


def read_unseen(source: str, password: str | None = None) -> Iterator[bytes]:
    """Yield the messages that are not marked as seen. Each is marked when the next one is requested.

    So a message whose processing fails is read again next time. Raises MailboxUnavailable or OSError.
    """
    if "://" in source:
        yield from _read_imap(urlsplit(source), password)
    elif source != "-" and Path(source).is_dir():
        yield from _read_maildir(Path(source))
    else:
        raw = files.read_limited(source, MAX_MBOX_BYTES)
        if len(raw) > MAX_MBOX_BYTES:
            raise MailboxUnavailable(f"it is larger than {MAX_MBOX_BYTES // 1024 // 1024} MB: give a maildir")
        yield from split_mbox(raw)


def split_mbox(raw: bytes) -> Iterator[bytes]:
    """Yield the messages of an mbox; anything else is one message.

    A line that begins with "From " starts a message where it has a date, a blank line before it, a header after it,
    and does not stand in a multipart message that ends later: a returned letter may contain such a line.
    """
    begin = 0
    starts = [match.start() for match in _MBOX_LINE.finditer(raw)] if raw.startswith(b"From ") else []
    for start in starts[1:]:
        if not _ends_later(raw, begin, start):
            yield raw[begin:start]
            begin = start
    yield raw[begin:]


def _ends_later(raw: bytes, begin: int, end: int) -> bool:
    """Return whether a message is multipart and its last boundary comes only after `end`."""
    head = raw[begin:end].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    if (match := _BOUNDARY.search(head)) is None:
        return False
    return raw.find(b"--" + match[1] + b"--", begin, begin + MAX_MESSAGE_BYTES) >= end


def _read_maildir(folder: Path) -> Iterator[bytes]:
    if not all((folder / name).is_dir() for name in ("new", "cur", "tmp")):
        raise MailboxUnavailable("this folder is no maildir: it lacks new, cur or tmp")
    for path in sorted([*(folder / "new").iterdir(), *(folder / "cur").iterdir()]):
        name, _, flags = path.name.partition(":2,")
        if name.startswith(".") or SEEN_FLAG in flags:
            continue
        try:
            with path.open("rb") as stream:
                yield stream.read(MAX_MESSAGE_BYTES)
            path.rename(folder / "cur" / f"{name}:2,{''.join(sorted({*flags, SEEN_FLAG}))}")
        except FileNotFoundError:
            continue  # another program has moved it meanwhile


def _read_imap(address: SplitResult, password: str | None) -> Iterator[bytes]:
    try:
        port = address.port
    except ValueError:
        raise MailboxUnavailable("its port is no number up to 65535") from None
    if address.scheme not in {"imap", "imaps"} or not address.hostname or not address.username:
        raise MailboxUnavailable("an IMAP folder is written imaps://user@host/folder")
    password = password or (unquote(address.password) if address.password else None)
    if password is None:
        raise MailboxUnavailable("its password is missing: set IMAP_PASSWORD")
    try:
        with _connect(address.scheme, address.hostname, port) as server:
            server.login(unquote(address.username), password)
            yield from _read_imap_folder(server, unquote(address.path.strip("/")) or "INBOX")
    except imaplib.IMAP4.error as error:
        raise MailboxUnavailable(f"the server refused: {error}") from None


def _connect(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    if scheme == "imap":
        return imaplib.IMAP4(host, port or IMAP_PORT, timeout=TIMEOUT_SECONDS)
    context = ssl.create_default_context()
    return imaplib.IMAP4_SSL(host, port or IMAPS_PORT, ssl_context=context, timeout=TIMEOUT_SECONDS)


def _read_imap_folder(server: imaplib.IMAP4, folder: str) -> Iterator[bytes]:
    _require_ok(server.select(f'"{folder}"'))
    (uids, *_) = _require_ok(server.uid("SEARCH", "UNSEEN"))
    for uid in (uids or b"").split():
        parts = _require_ok(server.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MAX_MESSAGE_BYTES}>)"))
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        if raw is None:
            continue
        yield raw
        _require_ok(server.uid("STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen)"))


def _require_ok(answer: tuple[str, list[Any]]) -> list[Any]:
    state, content = answer
    if state != "OK":
        raise MailboxUnavailable(f"the server answered {state}: {content[:1]}")
    return content
