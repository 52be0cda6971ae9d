"""Fixtures of the admin tests: cheap password hashes, and an editor and an admin who are logged in.

What a real hash costs is tested in test_passwords.
"""

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from flask import Flask

from tests.web.admin.admin_client import AdminClient, logged_in
from verdicts.staff import passwords
from verdicts.staff.models import Role


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords._dummy_hash.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher.from_parameters(CHEAPEST))


@pytest.fixture
def ann(app: Flask) -> AdminClient:
    return logged_in(app)


@pytest.fixture
def root(app: Flask) -> AdminClient:
    return logged_in(app, "root", Role.ADMIN)
