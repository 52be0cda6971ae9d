"""Passwords: argon2id hashes, at most two computed at once, and none that is easy to guess.

A third does not wait: strangers could make every thread of the site wait so.
"""

import threading
from collections.abc import Collection
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from verdicts.extensions import acquire_or_raise

MIN_LENGTH, MAX_LENGTH = 12, 200
MAX_CONCURRENT_HASHES = 2  # each takes 64 MiB
_MAX_SCORED_LENGTH = 72  # scoring longer passwords is slow
_MIN_SCORE = 3  # of 0 to 4: more than 10^8 guesses (zxcvbn)

_hasher = PasswordHasher()
_hash_slots = threading.BoundedSemaphore(MAX_CONCURRENT_HASHES)


class TooManyHashes(Exception):
    """MAX_CONCURRENT_HASHES passwords are being hashed already; the caller should answer 503."""


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, parameters and salt included. Raises TooManyHashes."""
    with acquire_or_raise(_hash_slots, TooManyHashes):
        return _hasher.hash(password)


def is_correct(password: str, password_hash: str | None) -> bool:
    """Return whether a password has this hash; False for None, after the same work. Raises TooManyHashes."""
    with acquire_or_raise(_hash_slots, TooManyHashes):
        try:
            return _hasher.verify(password_hash or _dummy_hash(), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def find_problem(password: str, personal_words: Collection[str] = ()) -> str | None:
    """Return what is wrong with a new password, in words; None where it is good.

    `personal_words` are the owner's name and address. zxcvbn rejects what is on its lists or takes few guesses.
    """
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters, such as a few unrelated words."
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    from zxcvbn import zxcvbn  # its lists of words take 12 MB of every process, and few ever set a password

    if zxcvbn(password[:_MAX_SCORED_LENGTH], user_inputs=list(personal_words))["score"] < _MIN_SCORE:
        return "This password is easy to guess. Use a few unrelated words."
    return None


@cache
def _dummy_hash() -> str:
    return _hasher.hash("nobody has this password")
