"""What every voting test may ask for."""

import pytest
from flask import Flask

from tests.makers import make_tool
from verdicts.extensions import db
from verdicts.voting import pair_readers


@pytest.fixture
def tool(app: Flask) -> int:
    return _id_of_new("mistral-code")


@pytest.fixture
def other_tool(app: Flask) -> int:
    return _id_of_new("claude-code")


@pytest.fixture
def few_make_popular(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools are popular from four votes on."""
    monkeypatch.setattr(pair_readers, "POPULAR_FROM", 4)


def _id_of_new(slug: str) -> int:
    id = make_tool(slug).id
    db.session.rollback()  # reading the id began a transaction, and begin_write() must be the first to
    return id
