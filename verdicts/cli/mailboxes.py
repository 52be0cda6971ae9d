"""Where mail that came back lies: a maildir, a file, standard input, or a folder of an IMAP server."""

import imaplib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import click

from verdicts.newsletter.bounces import MAX_MESSAGE_BYTES

TIMEOUT_SECONDS = 30
IMAP_PORT, IMAPS_PORT = 143, 993
SEEN = "S"


class MailboxAway(Exception):
    """A mailbox cannot be read; the message says why."""


def messages(source: str, password: str | None = None) -> Iterator[bytes]:
    """Yield the messages that nobody has seen yet; each is marked as seen once the next one is asked for.

    So a message whose handling fails is read again next time. Raises MailboxAway or OSError.
    """
    if "://" in source:
        yield from _of_imap(urlsplit(source), password)
    elif source != "-" and Path(source).is_dir():
        yield from _of_maildir(Path(source))
    else:
        with click.open_file(source, "rb") as stream:
            raw = stream.read(MAX_MESSAGE_BYTES)
        if raw.startswith(b"From ") and b"\nFrom " in raw:
            raise MailboxAway("this is an mbox, which holds many messages: give a maildir, IMAP, or one message")
        yield raw


def _of_maildir(folder: Path) -> Iterator[bytes]:
    if not all((folder / name).is_dir() for name in ("new", "cur", "tmp")):
        raise MailboxAway("this folder is no maildir: it lacks new, cur or tmp")
    for path in sorted([*(folder / "new").iterdir(), *(folder / "cur").iterdir()]):
        name, _, flags = path.name.partition(":2,")
        if name.startswith(".") or SEEN in flags:
            continue
        try:
            with path.open("rb") as stream:
                yield stream.read(MAX_MESSAGE_BYTES)
            path.rename(folder / "cur" / f"{name}:2,{''.join(sorted({*flags, SEEN}))}")
        except FileNotFoundError:
            continue  # another program has moved it meanwhile


def _of_imap(address: SplitResult, password: str | None) -> Iterator[bytes]:
    try:
        port = address.port
    except ValueError:
        raise MailboxAway("its port is no number up to 65535") from None
    if address.scheme not in {"imap", "imaps"} or not address.hostname or not address.username:
        raise MailboxAway("an IMAP folder is written imaps://user@host/folder")
    given = password or (unquote(address.password) if address.password else None)
    if given is None:
        raise MailboxAway("its password is missing: set IMAP_PASSWORD")
    try:
        with _connected(address.scheme, address.hostname, port) as server:
            server.login(unquote(address.username), given)
            yield from _unseen(server, unquote(address.path.strip("/")) or "INBOX")
    except imaplib.IMAP4.error as error:
        raise MailboxAway(f"the server refused: {error}") from None


def _connected(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    if scheme == "imap":
        return imaplib.IMAP4(host, port or IMAP_PORT, timeout=TIMEOUT_SECONDS)
    context = ssl.create_default_context()
    return imaplib.IMAP4_SSL(host, port or IMAPS_PORT, ssl_context=context, timeout=TIMEOUT_SECONDS)


def _unseen(server: imaplib.IMAP4, folder: str) -> Iterator[bytes]:
    _asked(server.select(f'"{folder}"'))
    (found, *_) = _asked(server.uid("SEARCH", "UNSEEN"))
    for uid in (found or b"").split():
        parts = _asked(server.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MAX_MESSAGE_BYTES}>)"))
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        if raw is None:
            continue
        yield raw
        _asked(server.uid("STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen)"))


def _asked(answer: tuple[str, list[Any]]) -> list[Any]:
    state, content = answer
    if state != "OK":
        raise MailboxAway(f"the server answered {state}: {content[:1]}")
    return content
