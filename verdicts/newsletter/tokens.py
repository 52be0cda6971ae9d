"""Tokens in letters: computed from the subscriber and the purpose, signed with HASH_KEY, and stored nowhere."""

import base64
import hmac
import re
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from verdicts.config import current_settings
from verdicts.secret_values import is_same

TOKEN_LENGTH = 40
NO_EDITION = 0
_NUMBERS = struct.Struct(">II")
_SIGNATURE_BYTES = 17
# Lower-case base32: a token can be part of a mail address, whose case not every mail server preserves.
_TOKEN_PATTERN = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z2-7]{{{TOKEN_LENGTH}}}(?![A-Za-z0-9])")


class Purpose(StrEnum):
    LEAVE = "leave"
    PREFERENCES = "preferences"
    BOUNCE = "bounce"
    FOLLOW = "follow"


@dataclass(frozen=True)
class TokenContent:
    """What a token contains. `number` is the subscriber's generation; in a bounce token, the edition's id."""

    subscriber_id: int
    number: int


def keyed_hash(purpose: str, value: bytes) -> bytes:
    """Return the HMAC-SHA256 of a value under HASH_KEY, which is never rotated. Purposes have unrelated hashes."""
    key = current_settings().hash_key.encode()
    return hmac.digest(key, b"newsletter:" + purpose.encode() + b":" + value, "sha256")


def leave_token(subscriber_id: int, generation: int) -> str:
    """Return the token of /newsletter/leave/<token>: TOKEN_LENGTH characters a–z and 2–7, as all tokens here."""
    return _sign(Purpose.LEAVE, subscriber_id, generation)


def preferences_token(subscriber_id: int, generation: int) -> str:
    """Return the token of /newsletter/preferences/<token>."""
    return _sign(Purpose.PREFERENCES, subscriber_id, generation)


def follow_token(subscriber_id: int, generation: int) -> str:
    """Return the token of /newsletter/confirm/<token> in a letter that leaves the link of an earlier one alone."""
    return _sign(Purpose.FOLLOW, subscriber_id, generation)


def bounce_token(edition_id: int, subscriber_id: int) -> str:
    """Return the token that identifies a bounce or complaint. `edition_id` is NO_EDITION for single letters."""
    return _sign(Purpose.BOUNCE, subscriber_id, edition_id)


def read_token(purpose: Purpose, token: str) -> TokenContent | None:
    """Return what a token of this purpose contains, whatever its case; None where it is not one of ours."""
    try:
        raw = base64.b32decode(token.upper())
    except ValueError:
        return None
    numbers, signature = raw[: _NUMBERS.size], raw[_NUMBERS.size :]
    is_genuine = is_same(signature, _signature(purpose, numbers))  # False for another length, too
    return TokenContent(*_NUMBERS.unpack(numbers)) if is_genuine else None


def find_tokens(purpose: Purpose, text: str) -> Iterator[TokenContent]:
    """Yield what the genuine tokens of this purpose in a text contain."""
    for match in _TOKEN_PATTERN.finditer(text):
        if content := read_token(purpose, match[0]):
            yield content


def new_confirm_token() -> str:
    """Return a random token for /newsletter/confirm/<token>. The database stores only its confirm_hash."""
    return secrets.token_urlsafe(32)


def confirm_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def reports_secret() -> str:
    """Return the secret in the address that mail providers post their reports to."""
    return _encode(keyed_hash("reports-address", b"")[: _NUMBERS.size + _SIGNATURE_BYTES])


def _sign(purpose: Purpose, subscriber_id: int, number: int) -> str:
    numbers = _NUMBERS.pack(subscriber_id, number)
    return _encode(numbers + _signature(purpose, numbers))


def _signature(purpose: Purpose, numbers: bytes) -> bytes:
    return keyed_hash(purpose, numbers)[:_SIGNATURE_BYTES]


def _encode(raw: bytes) -> str:
    return base64.b32encode(raw).decode().lower()
