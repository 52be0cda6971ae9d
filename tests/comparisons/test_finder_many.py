"""Filters and searches that more tools match than are counted: they are read in their order until a page is full."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.makers import NOW, TODAY, make_category, make_price, make_review, make_reviewer, make_tool
from verdicts.catalog import search, search_index
from verdicts.catalog.kept import KEPT
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.reviews import OLD_AFTER
from verdicts.comparisons import finder
from verdicts.comparisons.finder import FreshPart, PanelSplit, ToolQuery
from verdicts.comparisons.tool_orders import Sort
from verdicts.extensions import db

MANY = 9
MATCHING = {f"code-{number}" for number in range(MANY)}
EVERYTHING: dict[str, Any] = {
    "category": "models",
    "prices": (PriceModel.FREE, PriceModel.FREEMIUM),
    "panel": PanelSplit.ALL_SHIP,
    "license": "MIT “2”",
    "is_open": True,
    "fresh": (FreshPart.PRICE, FreshPart.REVIEWS),
}
SINGLE = [{name: value} for name, value in EVERYTHING.items()]


@pytest.fixture(scope="module", autouse=True)
def world(shared_app: Flask) -> Iterator[None]:
    """Nine tools that every filter leaves, and for each filter two that only this one leaves out."""
    models, apps = make_category("models", facts={"open": "Open"}), make_category("apps", facts={"open": "Open"})
    builder = make_reviewer("builder")
    old = TODAY - OLD_AFTER - timedelta(days=1)
    fresh, yes = {"checked_on": TODAY}, {"open": "Yes"}
    as_asked = (models, PriceModel.FREE, "ship", "MIT “2”", yes, fresh, TODAY)
    others: list[tuple[Any, ...]] = [as_asked] * MANY
    unlike = (apps, PriceModel.PAID, "skip", "MIT", {"open": "No"}, {}, old)
    for place, value in enumerate(unlike):
        others += [(*as_asked[:place], value, *as_asked[place + 1 :])] * 2
    for number, (kind, model, verdict, terms, facts, checked, day) in enumerate(others):
        tool = make_tool(
            f"code-{number}",
            name=f"Code {number % 4}",
            category_id=kind.id,
            license=terms,
            facts=facts,
            position=number % 3,
        )
        make_price(tool, model, **checked)
        make_review(tool, builder, verdict, reviewed_on=day)
    make_tool("soon", published_at=NOW + timedelta(days=1), license="MIT “2”", category_id=models.id)
    make_tool("han", name="日本 語")
    make_tool("run", name="日本語")
    search_index.reindex_all()
    db.session.commit()
    return


@pytest.fixture(autouse=True)
def few_are_counted(shared_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    shared_app.extensions.pop(KEPT, None)
    for module in (search, finder):
        monkeypatch.setattr(module, "MAX_COUNTED", 4)
    monkeypatch.setattr(finder, "PAGE_SIZE", 2)


def walk(query: ToolQuery) -> list[str]:
    """Return the slugs of all pages, each of which begins behind the one before."""
    found = finder.list_tools(query, NOW)
    slugs = [tool.slug for tool in found.tools]
    while found.next_after:
        found = finder.list_tools(replace(query, after=found.next_after), NOW)
        slugs += [tool.slug for tool in found.tools]
    return slugs


@pytest.mark.parametrize("text", ["", "cod"])
@pytest.mark.parametrize("sort", [sort for sort in Sort if sort is not Sort.RELEVANCE])
def test_of_many_that_all_filters_leave_each_is_on_one_page(text: str, sort: Sort) -> None:
    query = ToolQuery(text=text, sort=sort, **EVERYTHING)
    slugs = walk(query)
    assert (set(slugs), len(slugs)) == (MATCHING, MANY)
    numbered = [tool.slug for page in range(1, 6) for tool in finder.list_tools(replace(query, page=page), NOW).tools]
    assert numbered == slugs


@pytest.mark.parametrize("filters", SINGLE, ids=lambda filters: next(iter(filters)))
@pytest.mark.parametrize("text", ["", "code"])
def test_of_many_come_those_that_come_where_all_are_counted(
    filters: dict[str, Any], text: str, monkeypatch: pytest.MonkeyPatch, shared_app: Flask
) -> None:
    query = ToolQuery(text=text, sort=Sort.NAME, **filters)
    slugs = walk(query)
    for module in (search, finder):
        monkeypatch.setattr(module, "MAX_COUNTED", 1_000)
    shared_app.extensions.pop(KEPT)
    assert walk(query) == slugs
    assert set(slugs) > MATCHING


def test_how_many_match_is_counted_up_to_one_more_than_pages_say() -> None:
    assert finder.list_tools(ToolQuery(**EVERYTHING), NOW).total == 5


def test_of_many_those_are_listed_too_whose_whole_name_is_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (search, finder):
        monkeypatch.setattr(module, "MAX_COUNTED", 1)
    assert walk(ToolQuery(text="日本語", sort=Sort.NAME)) == ["han", "run"]


@pytest.mark.parametrize("filters", SINGLE, ids=lambda filters: next(iter(filters)))
def test_a_search_with_filters_lists_each_once_whether_all_are_ranked_or_not(
    filters: dict[str, Any], monkeypatch: pytest.MonkeyPatch, shared_app: Flask
) -> None:
    for module in (search, finder):
        monkeypatch.setattr(module, "MAX_COUNTED", 1_000)
    query = ToolQuery(text="code", sort=Sort.RELEVANCE, **filters)
    ranked = walk(query)
    assert set(ranked) > MATCHING
    for most in (len(ranked) - 1, 3, 1):
        monkeypatch.setattr(search, "MAX_RANKED", most)
        shared_app.extensions.pop(KEPT)
        assert sorted(walk(query)) == sorted(ranked)


def test_few_that_are_found_are_ranked_as_among_all() -> None:
    hits = search.matching("cod")
    best = db.session.scalars(sa.select(hits.c.tool_id).order_by(*search.best_first(hits))).all()
    few = sorted(best)[::2]
    assert list(db.session.scalars(search.rank("cod", few))) == [id for id in best if id in few]
