"""Fixtures of the admin tests: cheap password hashes, and an editor and an admin who are logged in."""

import pytest
from flask import Flask

from tests.web.admin.admin_client import AdminClient, logged_in
from verdicts.staff.models import Role


@pytest.fixture(autouse=True)
def passwords_hashed_cheaply(cheap_hashes: None) -> None:
    """Every test logs somebody in."""


@pytest.fixture
def ann(app: Flask) -> AdminClient:
    return logged_in(app)


@pytest.fixture
def root(app: Flask) -> AdminClient:
    return logged_in(app, "root", Role.ADMIN)
