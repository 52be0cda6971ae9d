"""The pages behind the tools that a search ranks: who walks through all of them sees what may be shown, each once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.makers import NOW, make_tool
from verdicts.catalog import search
from verdicts.catalog.models import Tool
from verdicts.comparisons import finder
from verdicts.comparisons.finder import ToolQuery
from verdicts.comparisons.tool_orders import Sort
from verdicts.curation.editing import publication
from verdicts.extensions import begin_write_after_read, db

SOON = NOW + timedelta(minutes=1)
PUBLIC = {f"code-{number}" for number in range(7)}


@pytest.fixture(autouse=True)
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven public tools, every other of a licence, of which two are ranked; a draft, and one that is public soon."""
    for number in range(7):
        make_tool(f"code-{number}", name=f"Code {number}", license="MIT" if number % 2 else "")
    make_tool("draft", name="Code draft", license="MIT", published_at=None)
    make_tool("soon", name="Code soon", license="MIT", published_at=SOON)
    monkeypatch.setattr(search, "MAX_RANKED", 2)
    monkeypatch.setattr(finder, "PAGE_SIZE", 2)


def walk(text: str, now: datetime = NOW, **filters: Any) -> list[str]:
    """Return the slugs of all pages, each of which begins behind the one before."""
    query, slugs = ToolQuery(text=text, sort=Sort.RELEVANCE, **filters), list[str]()
    while True:
        found = finder.find_tools(query, now)
        slugs += [tool.slug for tool in found.tools]
        if not found.next_after:
            assert found.total == len(slugs)
            return slugs
        query = replace(query, after=found.next_after)


@pytest.mark.parametrize("text", ["cod", "codde", "code unheardof"])
@pytest.mark.parametrize(("filters", "expected"), [({}, PUBLIC), ({"license": "MIT"}, {"code-1", "code-3", "code-5"})])
def test_no_page_shows_what_is_not_public_or_left_out_by_a_filter(
    text: str, filters: dict[str, str], expected: set[str]
) -> None:
    slugs = walk(text, **filters)
    assert (set(slugs), len(slugs)) == (expected, len(expected))


def test_no_page_shows_what_was_unpublished_since_somebody_looked_at_it() -> None:
    *_, last = walk("code")
    begin_write_after_read()
    publication.unpublish(db.session.scalars(sa.select(Tool).where(Tool.slugs.any(slug=last))).one(), NOW)
    db.session.commit()
    assert set(walk("code")) == PUBLIC - {last}


def test_what_is_scheduled_is_on_a_page_from_its_moment() -> None:
    walk("code")
    assert set(walk("code", SOON)) == PUBLIC | {"soon"}
