"""Hashes under HASH_KEY, which is never rotated: what is suppressed and what was mailed must be known for years."""

import hmac

from verdicts.config import current_settings


def keyed_hash(purpose: str, value: bytes) -> bytes:
    """Return the HMAC-SHA256 of a value; hashes for different purposes tell nothing of each other."""
    return hmac.digest(current_settings().hash_key.encode(), b"newsletter:" + purpose.encode() + b":" + value, "sha256")
