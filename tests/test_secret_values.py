"""Secrets: comparing any two texts, and encryption under SECRET_KEY and its former values."""

import base64
from pathlib import Path

import pytest
from flask import Flask

from tests.apps import NO_DATABASE, new_app
from verdicts import secret_values
from verdicts.config import CHECKOUT

FIRST, SECOND = "the first key of this installation", "the second key of this installation"
TEXTS = ["", "a", "é", "１２３４５６", "\ud800", "\u2028", "😀" * 100]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_can_be_compared(text: str) -> None:
    assert secret_values.is_same(text, text)
    assert not secret_values.is_same(text, "123456")
    assert not secret_values.is_same("123456", text)


def test_secrets_are_compared_in_one_place_alone() -> None:
    modules = {path.name for path in Path(CHECKOUT, "verdicts").rglob("*.py") if "compare_digest" in path.read_text()}
    assert modules == {"secret_values.py"}


def with_keys(folder: Path, key: str, fallbacks: str = "") -> Flask:
    with new_app(NO_DATABASE, folder, SECRET_KEY=key, SECRET_KEY_FALLBACKS=fallbacks) as app:
        return app


@pytest.mark.parametrize("text", ["", "JBSWY3DPEHPK3PXP", "long " * 100, "ключ"])
def test_what_is_encrypted_is_read_under_the_same_key_and_under_the_next_one(tmp_path: Path, text: str) -> None:
    with with_keys(tmp_path, FIRST).app_context():
        value = secret_values.encrypt(text, "a test")
        assert value != secret_values.encrypt(text, "a test")
        assert not text or text not in value
        assert secret_values.decrypt(value, "a test") == text
        assert secret_values.has_current_key(value, "a test")
    with with_keys(tmp_path, SECOND, FIRST).app_context():
        assert secret_values.decrypt(value, "a test") == text
        assert not secret_values.has_current_key(value, "a test")
    with with_keys(tmp_path, SECOND).app_context():
        assert secret_values.decrypt(value, "a test") is None


def test_what_was_changed_or_is_for_something_else_is_not_read(tmp_path: Path) -> None:
    with with_keys(tmp_path, FIRST).app_context():
        value = secret_values.encrypt("JBSWY3DPEHPK3PXP", "a test")
        assert secret_values.decrypt(value, "another test") is None
        raw = base64.urlsafe_b64decode(value)
        for position in range(len(raw)):
            changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
            assert secret_values.decrypt(base64.urlsafe_b64encode(changed).decode(), "a test") is None
        for broken in ("", "gAAAA", "gAAAAé", value[:-4], "JBSWY3DPEHPK3PXP"):
            assert secret_values.decrypt(broken, "a test") is None
