"""Encoded words (RFC 2047): header text that is not ASCII, in pieces of at most 75 characters.

The email package leaves spaces between pieces, where readers drop them (RFC 2047, 6.2). Here all of a text, its spaces
too, is inside of the words.
"""

import binascii
import re
from collections.abc import Callable, Iterator
from email.headerregistry import Address

MAX_WORD_LENGTH = 75
MAX_LINE_LENGTH = 76
_OVERHEAD = len("=?utf-8?q??=")
# What Q leaves as it is, also in the name before an address.
_Q_PLAIN = re.compile(rb"[A-Za-z0-9!*+/-]")


def needs_encoding(text: str) -> bool:
    """Return whether a header can hold a text only as encoded words: it is not ASCII, or it looks like one itself."""
    return not text.isascii() or "=?" in text


def fold_text(name: str, text: str) -> bytes:
    """Return a header with a text as encoded words, its lines ended by CRLF."""
    return f"{name}: {_encode(text, len(name) + 2)}\r\n".encode("ascii")


def fold_mailbox(name: str, mailbox: Address) -> bytes:
    """Return a header with one address and its name as encoded words. The address is ASCII."""
    words = _encode(mailbox.display_name, len(name) + 2)
    return f"{name}: {words}\r\n <{mailbox.addr_spec}>\r\n".encode("ascii")


def _encode(text: str, used: int) -> str:
    """Return the encoded words of a text, one a line; `used` characters of the first line are in use."""
    quoted, based = ("\r\n ".join(_words(text, used, *each)) for each in (("q", _q), ("b", _b)))
    return min(quoted, based, key=len)


def _words(text: str, used: int, encoding: str, encode: Callable[[bytes], str]) -> Iterator[str]:
    """Yield the words. A character is never split."""
    piece, room = "", MAX_LINE_LENGTH - used
    for character in text:
        longer = piece + character
        if piece and _OVERHEAD + len(encode(longer.encode())) > min(room, MAX_WORD_LENGTH):
            yield f"=?utf-8?{encoding}?{encode(piece.encode())}?="
            longer, room = character, MAX_WORD_LENGTH
        piece = longer
    yield f"=?utf-8?{encoding}?{encode(piece.encode())}?="


def _q(raw: bytes) -> str:
    characters = (raw[index : index + 1] for index in range(len(raw)))
    return "".join(
        each.decode() if _Q_PLAIN.fullmatch(each) else "_" if each == b" " else f"={each[0]:02X}" for each in characters
    )


def _b(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode()
