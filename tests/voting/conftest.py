"""What every voting test may ask for."""

import pytest
from flask import Flask

from tests.makers import make_tool
from verdicts.extensions import db


@pytest.fixture
def tool(app: Flask) -> int:
    return _id_of_new("mistral-code")


@pytest.fixture
def other_tool(app: Flask) -> int:
    return _id_of_new("claude-code")


def _id_of_new(slug: str) -> int:
    id = make_tool(slug).id
    db.session.rollback()  # reading the id began a transaction, and begin_write() must be the first to
    return id
