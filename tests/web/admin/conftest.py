"""Hashes that cost little: what is tested is who comes in, and test_passwords looks at what a hash costs."""

import pytest
from argon2 import PasswordHasher

from verdicts.staff import passwords


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords._dummy_hash.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
