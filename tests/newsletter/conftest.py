"""Fixtures of the newsletter tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from tests.apps import pooled_app
from tests.makers import make_tool
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import db


@pytest.fixture
def app_with(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes an application with other settings: `app_with(BOUNCE_DOMAIN="bounces.verdicts.test")`."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(pooled_app(database_url, **changes))


@pytest.fixture
def tool(app: Flask) -> ToolLink:
    made = make_tool("mistral-code", name="Mistral Code")
    link = ToolLink(made.id, "mistral-code", "Mistral Code")
    db.session.rollback()  # reading the id began a transaction, and begin_write() must be the first to
    return link
