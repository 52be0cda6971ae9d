"""Messages: each copy of a frozen edition, joined from encoded pieces. Nothing is rendered or encoded twice.

In this package "email" is what a reader sees, "message" its bytes (RFC 5322), and "letter" the template.
"""

import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache, partial
from urllib.parse import urlsplit

from verdicts.config import current_settings
from verdicts.digest import editions
from verdicts.digest.blocks import (
    LEAVE_PLACEHOLDER,
    PREFERENCES_PLACEHOLDER,
    PREVIEW_PLACEHOLDER,
    Block,
    fit_blocks,
    html_size,
    preview_for,
    select_blocks,
    subject_for,
)
from verdicts.digest.freezing import content_hash
from verdicts.digest.queries import list_blocks, list_items
from verdicts.mailing.addresses import AddressParts, header_address, parse_address, split_name_and_address
from verdicts.mailing.messages import MAX_LINE_LENGTH, POLICY, validate_header
from verdicts.newsletter.headers import delivery_headers, envelope_sender, unsubscribe_headers
from verdicts.newsletter.queries import SubscriberChoices
from verdicts.newsletter.tokens import TOKEN_LENGTH, keyed_hash, leave_token, preferences_token

_CRLF = b"\r\n"
_FOLD = "\r\n "
# A line end in the encoded text only, not in the decoded text (RFC 2045, 6.7).
_SOFT_BREAK = b"=\r\n"
# SMTP doubles a dot that begins a line, so no line of ours begins with one: that is encoded here once for all copies.
_LEADING_DOTS = re.compile(rb"(?m)^\.+")
_PLACEHOLDER = re.compile(f"({LEAVE_PLACEHOLDER}|{PREFERENCES_PLACEHOLDER}|{PREVIEW_PLACEHOLDER})")

_LEAVE, _PREFERENCES = LEAVE_PLACEHOLDER.encode(), PREFERENCES_PLACEHOLDER.encode()
_TOKEN_PLACEHOLDERS = {_LEAVE, _PREFERENCES}
_format_date = lru_cache(maxsize=1)(format_datetime)  # the messages of a batch have one

Pieces = Sequence[bytes]
# For how many choices of blocks a builder remembers a letter's bytes: most readers have the same.
MAX_PREPARED_CHOICES = 200


class EditionTampered(editions.DigestError):
    """The stored blocks or headers are not what was frozen. Nothing is sent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Edition {name} is not what was frozen: its hash does not match. Nothing is sent of it.")


@dataclass(frozen=True)
class Recipient:
    """The subscriber a copy is for. `token_generation` goes into their tokens."""

    subscriber_id: int
    address: str
    token_generation: int
    choices: SubscriberChoices = field(default_factory=SubscriberChoices)


class MessageBuilder:
    """Builds the messages of one edition. The threads of a sending process share it, each in its own app context.

    `message_id_salt` gives a test message another Message-ID than the copy for the same recipient, and `subject_prefix`
    marks its subject.
    """

    def __init__(
        self,
        edition_id: int,
        subject: str,
        sender: str,
        blocks: Sequence[Block],
        boundary: str,
        message_id_salt: str = "",
        subject_prefix: str = "",
    ) -> None:
        self._edition_id = edition_id
        self._subject, self._subject_prefix = subject, subject_prefix
        self._sizes = [html_size(block) for block in blocks]
        self._select = lru_cache(MAX_PREPARED_CHOICES)(partial(select_blocks, blocks))
        self._join_pieces = lru_cache(MAX_PREPARED_CHOICES)(self._join_chosen)
        self._message_id_salt = message_id_salt
        self.blocks = blocks
        self._common_headers = (_common_headers(sender, boundary), *_unsubscribe_headers(), _CRLF)
        self._text_parts = [encode_block(block.text) for block in blocks]
        self._html_parts = [encode_block(block.html) for block in blocks]
        self._text_part_header, self._html_part_header = (_part_header(boundary, kind) for kind in ("plain", "html"))
        self._end = f"\r\n--{boundary}--\r\n".encode()
        self._domain = parse_address(split_name_and_address(sender)[1]).domain

    def build(self, recipient: Recipient, now: datetime) -> bytes | None:
        """Return the whole message with CRLF line ends, ready for SMTP; None if it would hold no news for them.

        Raises InvalidAddress (mailing.addresses) if the address cannot be written in a header.
        """
        pieces = self.prepare(recipient, now)
        return None if pieces is None else b"".join(pieces)

    def prepare(self, recipient: Recipient, now: datetime) -> Pieces | None:
        """Return the pieces of the message that build() does, or None as it does. The long ones are all recipients'."""
        to = parse_address(recipient.address)
        chosen = self._select(recipient.choices)
        if chosen is None:
            return None
        id, generation = recipient.subscriber_id, recipient.token_generation
        tokens = {
            _LEAVE: leave_token(id, generation).encode(),
            _PREFERENCES: preferences_token(id, generation).encode(),
        }
        pieces = [tokens.get(piece, piece) for piece in self._join_pieces(chosen)]
        return [self._recipient_headers(recipient, to, now), *pieces]

    def envelope_from(self, recipient: Recipient) -> str:
        """Return the envelope sender: one for each recipient if BOUNCE_DOMAIN is set."""
        return envelope_sender(self._edition_id, recipient.subscriber_id)

    def message_id(self, recipient: Recipient) -> str:
        """Return the Message-ID of this edition for this subscriber, which is the same in every build."""
        identity = f"{self._edition_id} {recipient.subscriber_id} {self._message_id_salt}".encode()
        return f"<{keyed_hash('digest-message-id', identity).hex()[:40]}@{self._domain}>"

    def _join_chosen(self, chosen: tuple[int, ...]) -> Pieces:
        """Return what follows the recipient's headers in all copies with this choice, each token a piece of its own."""
        header = EmailMessage(POLICY)
        subject = self._subject_prefix + (subject_for(self.blocks, chosen) or self._subject)
        header["Subject"] = validate_header("Subject", subject)
        preview = _quoted_printable(preview_for(self.blocks, chosen))
        indexes = fit_blocks(self.blocks, chosen, self._sizes)
        pieces = (
            header.as_bytes().removesuffix(_CRLF),
            *self._common_headers,
            self._text_part_header,
            *(piece for index in indexes for piece in self._text_parts[index]),
            self._html_part_header,
            *(piece for index in indexes for piece in self._html_parts[index]),
            self._end,
        )
        with_preview = (preview if piece == PREVIEW_PLACEHOLDER.encode() else piece for piece in pieces)
        return tuple(_join_constant(with_preview))

    def _recipient_headers(self, recipient: Recipient, to: AddressParts, now: datetime) -> bytes:
        lines = (
            f"To: {to}",
            f"Date: {_format_date(now)}",
            f"Message-ID: {self.message_id(recipient)}",
            *(
                f"{name}: {value}"
                for name, value in delivery_headers(self._edition_id, recipient.subscriber_id).items()
            ),
            "",
        )
        # An address may hold UTF-8 (RFC 6532); the connection checks that the server takes it.
        return "\r\n".join(lines).encode()


def load_message_builder(edition_id: int) -> MessageBuilder:
    """Return the builder of a frozen edition's messages. Raises EditionTampered. Three statements."""
    edition, blocks = editions.get_by_id(edition_id), list_blocks(edition_id)
    item_ids = [item.id for item in list_items(edition_id) if not item.is_removed]
    current_hash = content_hash(edition.subject, edition.sender, item_ids, blocks)
    if edition.content_hash != current_hash:
        raise EditionTampered(edition.name)
    return MessageBuilder(edition_id, edition.subject, edition.sender, blocks, f"=_{current_hash[:32]}")


def _join_constant(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join the pieces between tokens."""
    constant: list[bytes] = []
    for piece in pieces:
        if piece in _TOKEN_PLACEHOLDERS:
            yield b"".join(constant)
            yield piece
            constant.clear()
        else:
            constant.append(piece)
    yield b"".join(constant)


def encode_block(text: str) -> Pieces:
    """Return a block's text as quoted-printable, with each placeholder as a piece of its own between soft breaks.

    Pieces can therefore be joined in any selection, and a placeholder can be replaced by a token whose characters need
    no encoding. Every line has at most 76 characters, unless a token alone is longer.
    """
    return tuple(_encoded_pieces(text))


def _encoded_pieces(text: str) -> Iterator[bytes]:
    for part in _PLACEHOLDER.split(text):
        if _PLACEHOLDER.fullmatch(part):
            yield from (_SOFT_BREAK, part.encode(), _SOFT_BREAK)
        elif part:
            yield _quoted_printable(part)


def _quoted_printable(text: str) -> bytes:
    # An "x" is appended for encoding and then removed, so that the last line has room for a soft break.
    lines = re.sub(r"\r\n?|\n", "\n", text) + "x"
    encoded = binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)[:-1].replace(b"\n", _CRLF)
    return _LEADING_DOTS.sub(lambda dots: (b"=2E" + _SOFT_BREAK) * len(dots[0]), encoded)


def _part_header(boundary: str, kind: str) -> bytes:
    lines = (
        "",
        f"--{boundary}",
        f'Content-Type: text/{kind}; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


def _common_headers(sender: str, boundary: str) -> bytes:
    """Return the headers that all copies share, as the email package writes them."""
    settings = current_settings()
    name, address = split_name_and_address(sender)
    message = EmailMessage(POLICY.clone(utf8=not address.isascii()))
    message["From"] = header_address(name or settings.site_name, address)
    host = urlsplit(settings.base_url).hostname or ""
    message["List-Id"] = f"<digest.{'localhost' if ':' in host else host}>"  # an IPv6 address is no name (RFC 2919)
    message["Precedence"] = "bulk"
    message["Auto-Submitted"] = "auto-generated"
    mime = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n'
    return message.as_bytes().removesuffix(_CRLF) + mime.encode()


def _unsubscribe_headers() -> Pieces:
    """Return newsletter.headers.unsubscribe_headers in pieces, with placeholders. A line that is too long is folded."""
    by_link_and_mail, one_click = (
        f"{name}: {value}\r\n" for name, value in unsubscribe_headers(LEAVE_PLACEHOLDER).items()
    )
    is_long = len(by_link_and_mail.rstrip()) + 2 * TOKEN_LENGTH > MAX_LINE_LENGTH
    lines = (by_link_and_mail.replace(">, <", f">,{_FOLD}<") if is_long else by_link_and_mail) + one_click
    return tuple(part.encode() for part in _PLACEHOLDER.split(lines))
