"""A recipient's whole message, put together of encoded pieces: nothing is rendered or encoded a second time."""

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from verdicts.config import current_settings
from verdicts.digest import editions
from verdicts.digest.blocks import LEAVE_TOKEN, PREFERENCES_TOKEN, Block, Choices, chosen
from verdicts.digest.freezing import hash_of
from verdicts.digest.queries import blocks_of, items_of
from verdicts.mailing.addresses import header_address, parse_address, split_name_and_address
from verdicts.mailing.letters import absolute_url
from verdicts.mailing.messages import MAX_LINE_LENGTH, validate_header
from verdicts.newsletter.headers import delivery_headers, envelope_sender, leave_by_mail, leave_path
from verdicts.newsletter.keys import keyed_hash
from verdicts.newsletter.tokens import TOKEN_LENGTH, leave_token, preferences_token

_LINE = b"\r\n"
_FOLD = "\r\n "
ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
# Ends a line that does not end for the reader (RFC 2045, 6.7).
_SOFT_BREAK = b"=\r\n"
_TOKEN = re.compile(f"({LEAVE_TOKEN}|{PREFERENCES_TOKEN})")

Pieces = Sequence[bytes]


class EditionTampered(editions.DigestError):
    """What is stored is not what was frozen, so nothing of it may be sent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Edition {name} is not what was frozen: its hash does not match. Nothing is sent of it.")


@dataclass(frozen=True)
class Recipient:
    """Whom a copy is for. `generation` is the subscriber's, for their tokens."""

    subscriber_id: int
    address: str
    generation: int
    choices: Choices = field(default_factory=Choices)


class Press:
    """Prints one edition's copies; made once by whoever sends, and shared by their threads (each in an app context)."""

    def __init__(
        self, edition_id: int, subject: str, sender: str, blocks: Sequence[Block], boundary: str, run: str = ""
    ) -> None:
        self._edition_id = edition_id
        self._run = run
        self._blocks = blocks
        self._head = (_headers_of_all(subject, sender, boundary), *_unsubscribe_headers(), _LINE)
        self._texts = [encoded(block.text) for block in blocks]
        self._pages = [encoded(block.html) for block in blocks]
        self._text, self._page = (_part_head(boundary, kind) for kind in ("plain", "html"))
        self._end = f"\r\n--{boundary}--\r\n".encode()
        self._domain = parse_address(split_name_and_address(sender)[1]).domain

    def print(self, recipient: Recipient, now: datetime) -> bytes | None:
        """Return the whole message with CRLF line ends, as SMTP takes it; None where it would tell them nothing.

        Raises InvalidAddress (mailing.addresses) where the address cannot stand in a header.
        """
        if (places := chosen(self._blocks, recipient.choices)) is None:
            return None
        tokens = {
            LEAVE_TOKEN.encode(): leave_token(recipient.subscriber_id, recipient.generation).encode(),
            PREFERENCES_TOKEN.encode(): preferences_token(recipient.subscriber_id, recipient.generation).encode(),
        }
        pieces = (
            self._headers_of_one(recipient, now),
            *self._head,
            self._text,
            *(piece for place in places for piece in self._texts[place]),
            self._page,
            *(piece for place in places for piece in self._pages[place]),
            self._end,
        )
        return b"".join(tokens.get(piece, piece) for piece in pieces)

    def envelope_from(self, recipient: Recipient) -> str:
        """Return the envelope sender: one of the recipient's own where BOUNCE_DOMAIN is set."""
        return envelope_sender(self._edition_id, recipient.subscriber_id)

    def message_id(self, recipient: Recipient) -> str:
        """Return the one Message-ID of this edition to this subscriber, however often it is printed."""
        words = f"{self._edition_id} {recipient.subscriber_id} {self._run}".encode()
        return f"<{keyed_hash('digest-message-id', words).hex()[:40]}@{self._domain}>"

    def _delivery_headers(self, recipient: Recipient) -> dict[str, str]:
        return delivery_headers(self._edition_id, recipient.subscriber_id)

    def _headers_of_one(self, recipient: Recipient, now: datetime) -> bytes:
        lines = (
            f"To: {parse_address(recipient.address)}",
            f"Date: {format_datetime(now)}",
            f"Message-ID: {self.message_id(recipient)}",
            *(f"{name}: {value}" for name, value in self._delivery_headers(recipient).items()),
            "",
        )
        # An address may hold UTF-8 (RFC 6532); the connection knows whether the server takes that.
        return "\r\n".join(lines).encode()


def open_press(edition_id: int) -> Press:
    """Read a frozen edition for printing. Raises EditionTampered where it is not what was frozen. Three statements."""
    edition, blocks = editions.by_id(edition_id), blocks_of(edition_id)
    kept = [item.id for item in items_of(edition_id) if not item.dropped]
    digest = hash_of(edition.subject, edition.sender, kept, blocks)
    if edition.digest != digest:
        raise EditionTampered(edition.name)
    return Press(edition_id, edition.subject, edition.sender, blocks, f"=_{digest[:32]}")


def encoded(text: str) -> Pieces:
    """Return a block as quoted-printable, each token a piece of its own between soft line breaks.

    So pieces can be put one after another, and a token's place can take another token of any characters that need no
    encoding. Every line has at most 76 characters, unless a token itself is longer.
    """
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[bytes]:
    for part in _TOKEN.split(text):
        if _TOKEN.fullmatch(part):
            yield from (_SOFT_BREAK, part.encode(), _SOFT_BREAK)
        elif part:
            yield _quoted_printable(part)


def _quoted_printable(text: str) -> bytes:
    """Encode a text that something may follow: the letter at its end makes room for what ends its last line."""
    lines = re.sub(r"\r\n?|\n", "\n", text) + "x"
    return binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)[:-1].replace(b"\n", _LINE)


def _part_head(boundary: str, kind: str) -> bytes:
    lines = (
        "",
        f"--{boundary}",
        f'Content-Type: text/{kind}; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


def _headers_of_all(subject: str, sender: str, boundary: str) -> bytes:
    """Return the headers that every copy has, as the email package writes them."""
    settings = current_settings()
    name, address = split_name_and_address(sender)
    written = EmailMessage(SMTP.clone(max_line_length=MAX_LINE_LENGTH, utf8=not address.isascii()))
    written["From"] = header_address(name or settings.site_name, address)
    written["Subject"] = validate_header("Subject", subject)
    written["List-Id"] = f"<digest.{urlsplit(settings.base_url).hostname}>"
    written["Precedence"] = "bulk"
    written["Auto-Submitted"] = "auto-generated"
    mime = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n'
    return written.as_bytes().removesuffix(_LINE) + mime.encode()


def _unsubscribe_headers() -> Pieces:
    """Return newsletter.headers.unsubscribe_headers with places for tokens; a line that is too long is folded."""
    by_link, by_mail = f"<{absolute_url(leave_path(LEAVE_TOKEN))}>", f"<{leave_by_mail(LEAVE_TOKEN)}>"
    is_long = len(by_link) + len(by_mail) + 2 * TOKEN_LENGTH > MAX_LINE_LENGTH - len("List-Unsubscribe: , ")
    lines = f"List-Unsubscribe: {by_link},{_FOLD if is_long else ' '}{by_mail}\r\n{ONE_CLICK}\r\n"
    return tuple(part.encode() for part in _TOKEN.split(lines))
