"""Two editors change at once what the search index says of one tool: both save, and it knows what both did."""

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask

from tests.curation.editing.records import change
from tests.makers import NOW, make_category, make_tool
from verdicts.catalog import search_index
from verdicts.comparisons import finder
from verdicts.comparisons.finder import ToolQuery
from verdicts.curation.editing import categories, tools
from verdicts.extensions import begin_write, db, limit_waiting_writers

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer

Meanwhile = Callable[[Callable[[], object]], Thread]
A_MOMENT = 0.5


@pytest.fixture(autouse=True)
def many_writers() -> Iterator[None]:
    limit_waiting_writers(16)
    yield
    limit_waiting_writers(1)


@pytest.fixture
def meanwhile(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Return what lets another editor save as soon as the next save has indexed a tool, and waits a moment for it."""

    def prepare(act: Callable[[], object]) -> Thread:
        def save() -> None:
            with app.app_context():
                begin_write()
                act()
                db.session.commit()

        def reindex_and_wait(tool_ids: Any) -> None:
            monkeypatch.undo()
            search_index.reindex(tool_ids)
            other.start()
            other.join(A_MOMENT)

        other = Thread(target=save)
        monkeypatch.setattr(search_index, "reindex", reindex_and_wait)
        return other

    return prepare


def open_tools() -> list[str]:
    db.session.rollback()
    return [tool.slug for tool in finder.list_tools(ToolQuery(is_open=True), NOW).tools]


ASKS_FOR_OPEN = {"slug": "models", "name": "Models", "facts": [{"key": "open", "label": "Open"}]}


def test_a_tool_and_its_category_are_saved_by_two_at_once(meanwhile: Meanwhile) -> None:
    models = make_category("models").id
    wren = make_tool("wren", category_id=models, facts={"open": "Yes"}).id
    other = meanwhile(lambda: categories.save(models, ASKS_FOR_OPEN, NOW))
    change(tools, wren, tagline="It sings.")
    other.join()
    assert open_tools() == ["wren"]


def test_a_tool_moves_into_a_category_that_somebody_else_changes(meanwhile: Meanwhile) -> None:
    models = make_category("models").id
    wren = make_tool("wren", facts={"open": "Yes"}).id
    other = meanwhile(lambda: categories.save(models, ASKS_FOR_OPEN, NOW))
    change(tools, wren, category="models")
    other.join()
    assert open_tools() == ["wren"]
