"""Secrets: comparing them, and encrypting what must be stored and read again, under a key derived from SECRET_KEY."""

import base64
import hmac
import secrets
from collections.abc import Iterator

from verdicts.config import current_settings

_PREFIX = "v1."
_NONCE_BYTES = 16
_TAG_BYTES = 32  # as many as a block of the keystream has


def is_same(submitted: str | bytes, secret: str | bytes) -> bool:
    """Return whether what was submitted is the secret, in a time that does not depend on where they differ.

    It takes any text. hmac.compare_digest itself raises TypeError for texts beyond ASCII.
    """
    return hmac.compare_digest(_bytes(submitted), _bytes(secret))


def encrypt(text: str, purpose: str) -> str:
    """Return a text encrypted and authenticated under SECRET_KEY. Only decrypt() with this purpose reads it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    key = current_settings().secret_key
    ciphertext = _apply_keystream(key, purpose, nonce, text.encode())
    return _PREFIX + base64.urlsafe_b64encode(nonce + ciphertext + _tag(key, purpose, nonce + ciphertext)).decode()


def decrypt(value: str, purpose: str) -> str | None:
    """Return what encrypt() encrypted, under SECRET_KEY or one of SECRET_KEY_FALLBACKS; None if no key fits."""
    return next((text for _, text in _decryptions(value, purpose)), None)


def is_encrypted(value: str) -> bool:
    return value.startswith(_PREFIX)


def has_current_key(value: str, purpose: str) -> bool:
    """Return whether a value is encrypted under SECRET_KEY itself, and not under a former value of it."""
    return any(key == current_settings().secret_key for key, _ in _decryptions(value, purpose))


def _decryptions(value: str, purpose: str) -> Iterator[tuple[str, str]]:
    """Yield the key of a value and its text, if there is one."""
    try:
        raw = base64.b64decode(value.removeprefix(_PREFIX), altchars=b"-_", validate=True)
    except ValueError:
        return
    sealed, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    for key in (current_settings().secret_key, *current_settings().secret_key_fallbacks):
        if hmac.compare_digest(_tag(key, purpose, sealed), tag):
            yield key, _apply_keystream(key, purpose, sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]).decode()


def _apply_keystream(key: str, purpose: str, nonce: bytes, data: bytes) -> bytes:
    """Encrypt or decrypt: HMAC-SHA256 of a counter is the keystream."""
    derived = _derived_key(key, "keystream", purpose)
    blocks = range(-(-len(data) // _TAG_BYTES))
    keystream = b"".join(hmac.digest(derived, nonce + number.to_bytes(4, "big"), "sha256") for number in blocks)
    return bytes(byte ^ mask for byte, mask in zip(data, keystream, strict=False))


def _tag(key: str, purpose: str, sealed: bytes) -> bytes:
    return hmac.digest(_derived_key(key, "tag", purpose), sealed, "sha256")


def _derived_key(key: str, use: str, purpose: str) -> bytes:
    return hmac.digest(key.encode(), f"verdicts:encryption:{use}:{purpose}".encode(), "sha256")


def _bytes(value: str | bytes) -> bytes:
    return value.encode(errors="surrogatepass") if isinstance(value, str) else value
