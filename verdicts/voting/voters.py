"""A voter is a random token in a cookie; the database holds only its hash."""

import hmac
from datetime import timedelta

# The days are never more than these months. The voter's cookie must not outlive them, counted from when it was first
# set and not renewed by later votes: else a voter whose old ballot was folded could be counted twice.
VOTER_KEPT_MONTHS = 13
VOTER_KEPT = timedelta(days=393)


def hash_voter(token: bytes | str, hash_key: str) -> str:
    """Return what the database calls the voter who holds this token: HMAC-SHA256, 64 hexadecimal digits."""
    raw = token.encode() if isinstance(token, str) else token
    # HASH_KEY keys other tokens too; the prefix keeps their hashes apart.
    return hmac.digest(hash_key.encode(), b"voter:" + raw, "sha256").hex()
