"""Hashes under HASH_KEY, which is never rotated: what is suppressed and what was mailed must be known for years."""

import hmac

from flask import current_app

from verdicts.config import Settings


def keyed_hash(purpose: str, value: bytes) -> bytes:
    """Return the HMAC-SHA256 of a value; hashes for different purposes tell nothing of each other."""
    settings: Settings = current_app.config["SETTINGS"]
    return hmac.digest(settings.hash_key.encode(), b"newsletter:" + purpose.encode() + b":" + value, "sha256")
