"""An editor deletes a tool while a reader acts on it: the reader is answered as for a tool that is not there.

On PostgreSQL alone: on SQLite nobody deletes anything between a request's first statement and its commit.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import listening
from tests.makers import make_price, make_tool
from tests.newsletter.world import ANN, ask, make_subscriber, row_of
from tests.web.conftest import PRESENT
from tests.web.test_newsletter_links import confirm_path, preferences_path
from tests.web.visitor import Visitor
from verdicts.catalog.models import Tool
from verdicts.catalog.summaries import ToolLink
from verdicts.curation.editing import tools as tool_editing
from verdicts.extensions import db
from verdicts.feedback.models import price_doubt
from verdicts.newsletter.models import Status, subscriber_tool
from verdicts.voting.models import tally, vote

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def tool(app: Flask) -> ToolLink:
    made = make_tool("alpha", name="Alpha")
    make_price(made)
    link = ToolLink(made.id, "alpha", "Alpha")
    db.session.rollback()
    return link


@contextmanager
def deleted_once_found(app: Flask, tool: ToolLink) -> Iterator[None]:
    """Delete the tool, in a transaction of its own, right after the first statement that looks it up by its address."""
    is_done = threading.Event()

    def delete(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "requested_slug" in statement and not is_done.is_set():
            is_done.set()
            with app.app_context():
                tool_editing.delete(db.session.get_one(Tool, tool.id))
                db.session.commit()

    with listening("after_cursor_execute", delete):
        yield
    assert is_done.is_set()


def count(table: sa.Table) -> int:
    db.session.rollback()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    db.session.rollback()
    return count


@pytest.mark.parametrize("verdict", ["ship", "none"])
def test_a_vote_is_answered_as_for_a_tool_that_is_not_there(
    app: Flask, visitor: Visitor, tool: ToolLink, verdict: str
) -> None:
    make_tool("beta")
    visitor.votes("beta", "ship")  # whoever votes first is only given a cookie
    with deleted_once_found(app, tool):
        page = visitor.sends("/tools/alpha/vote", {"verdict": verdict}, 404)
    assert "We know no tool under this name." in page.words
    assert (count(vote), count(tally)) == (1, 1)


def test_a_vote_waits_for_a_deletion_that_is_under_way(app: Flask, visitor: Visitor, tool: ToolLink) -> None:
    make_tool("beta")
    visitor.votes("beta", "ship")

    def vote_for_it() -> int:
        with app.app_context():
            return visitor.sends("/tools/alpha/vote", {"verdict": "ship"}, 404).status

    with ThreadPoolExecutor(1) as threads, app.app_context():
        tool_editing.delete(db.session.get_one(Tool, tool.id))
        answer = threads.submit(vote_for_it)
        with pytest.raises(StillWaiting):
            answer.result(0.5)
        db.session.commit()
        assert answer.result(10) == 404


def test_a_doubt_about_a_price_is_answered_as_for_a_tool_that_is_not_there(
    app: Flask, visitor: Visitor, tool: ToolLink
) -> None:
    with deleted_once_found(app, tool):
        page = visitor.sends("/tools/alpha/price-doubt", {}, 404)
    assert "We know no tool under this name." in page.words
    assert count(price_doubt) == 0


def test_confirming_confirms_though_there_is_nothing_to_follow_any_more(
    app: Flask, visitor: Visitor, tool: ToolLink
) -> None:
    ask(ANN, PRESENT, tool)
    with deleted_once_found(app, tool):
        visitor.sends(confirm_path().partition("?")[0], {"tool": "alpha"}, 303)
    assert (row_of(1).status, count(subscriber_tool)) == (Status.CONFIRMED, 0)


def test_preferences_are_saved_though_a_tool_among_them_is_gone(app: Flask, visitor: Visitor, tool: ToolLink) -> None:
    ann = make_subscriber()
    form = {"rhythm": "on-change", "scope": "all", "tool": "alpha"}
    with deleted_once_found(app, tool):
        visitor.sends(preferences_path(ann), form, 303)
    assert (row_of(ann).rhythm, count(subscriber_tool)) == ("on-change", 0)
