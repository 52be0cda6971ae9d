"""Secrets: comparing them, and encrypting what must be stored and read again, under a key derived from SECRET_KEY."""

import base64
import hmac
from typing import TYPE_CHECKING

from verdicts.config import current_settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_FERNET_VERSION = "gAAAA"  # what every Fernet token begins with, and no base32 text


def is_same(submitted: str | bytes, secret: str | bytes) -> bool:
    """Return whether what was submitted is the secret, in a time that does not depend on where they differ.

    It takes any text. hmac.compare_digest itself raises TypeError for texts beyond ASCII.
    """
    return hmac.compare_digest(_bytes(submitted), _bytes(secret))


def encrypt(text: str, purpose: str) -> str:
    """Return a text encrypted and authenticated under SECRET_KEY. Only decrypt() with this purpose reads it."""
    return _cipher(purpose, current_settings().secret_key).encrypt(text.encode()).decode()


def decrypt(value: str, purpose: str) -> str | None:
    """Return what encrypt() encrypted, under SECRET_KEY or one of SECRET_KEY_FALLBACKS; None if no key fits."""
    return _decrypt(value, purpose, current_settings().secret_key, *current_settings().secret_key_fallbacks)


def is_encrypted(value: str) -> bool:
    return value.startswith(_FERNET_VERSION)


def has_current_key(value: str, purpose: str) -> bool:
    """Return whether a value is encrypted under SECRET_KEY itself, and not under a former value of it."""
    return _decrypt(value, purpose, current_settings().secret_key) is not None


def _decrypt(value: str, purpose: str, *keys: str) -> str | None:
    from cryptography.fernet import InvalidToken

    try:
        return _cipher(purpose, *keys).decrypt(value.encode()).decode()
    except InvalidToken:
        return None


def _cipher(purpose: str, *keys: str) -> "MultiFernet":
    """Return the cipher of one purpose, so that a value that was copied elsewhere is not read.

    It is loaded at first use: cryptography takes 6 MB, and public pages do without it.
    """
    from cryptography.fernet import Fernet, MultiFernet

    derived = (hmac.digest(key.encode(), f"verdicts:encryption:{purpose}".encode(), "sha256") for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in derived])


def _bytes(value: str | bytes) -> bytes:
    return value.encode(errors="surrogatepass") if isinstance(value, str) else value
