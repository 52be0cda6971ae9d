"""Passwords: argon2id, never more than two hashes at once, and none that a list knows."""

import threading
from collections.abc import Collection
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

SHORTEST, LONGEST = 12, 200
MOST_AT_ONCE = 2  # each takes 64 MiB
WAIT_SECONDS = 5.0
_LOOKED_AT = 72  # characters; what guesses more cleverly gets slow
_STRONG_ENOUGH = 3  # of 0 to 4: more than 10^8 guesses (zxcvbn)

_hasher = PasswordHasher()
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


class TooManyHashes(Exception):
    """Passwords are being checked as fast as this process may; the caller should answer 503."""


def hashed(password: str) -> str:
    """Return the argon2id hash of a password, parameters and salt included. Raises TooManyHashes."""
    with _Turn():
        return _hasher.hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Say whether a password has this hash; without one the same work is done for nothing. Raises TooManyHashes."""
    with _Turn():
        try:
            return _hasher.verify(password_hash or _nobodys(), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def fault_of(password: str, about: Collection[str] = ()) -> str | None:
    """Return what is wrong with a new password, in words; `about` is what its owner is called.

    A password is refused where the lists that come with zxcvbn know it, or make it up in few guesses.
    """
    if len(password) < SHORTEST:
        return f"Take at least {SHORTEST} characters: a few words that do not belong together are good."
    if len(password) > LONGEST:
        return f"Take at most {LONGEST} characters."
    if zxcvbn(password[:_LOOKED_AT], user_inputs=list(about))["score"] < _STRONG_ENOUGH:
        return (
            "This is easy to guess: it is on a list, or made of what is on one. Take words that do not belong together."
        )
    return None


class _Turn:
    def __enter__(self) -> None:
        if not _turns.acquire(timeout=WAIT_SECONDS):
            raise TooManyHashes

    def __exit__(self, *_: object) -> None:
        _turns.release()


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")
