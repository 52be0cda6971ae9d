"""One page of the directory follows another, where an order alone cannot tell tools apart too."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.makers import NOW, make_tool, make_votes
from verdicts.catalog import search
from verdicts.comparisons import finder
from verdicts.comparisons.finder import PAGE_SIZE, ToolQuery
from verdicts.comparisons.tool_orders import Sort


@pytest.fixture(scope="module", autouse=True)
def world(shared_app: Flask) -> Iterator[None]:
    make_tool("editor", name="Editor", tagline="With vision")
    make_tool("vision", name="Vision")
    for number in range(PAGE_SIZE + 3):
        tool = make_tool(f"tool-{number}", name="Same name", position=9)
        make_votes(tool, ship=range(30) if number > PAGE_SIZE else ())
    return


@pytest.mark.parametrize("sort", [Sort.NAME, Sort.NEWEST, Sort.PANEL, Sort.READERS, Sort.RELEVANCE])
def test_each_of_many_equal_tools_is_on_exactly_one_page(sort: Sort) -> None:
    first = finder.list_tools(ToolQuery(text="same", sort=sort), NOW)
    second = finder.list_tools(ToolQuery(text="same", sort=sort, after=first.next_after), NOW)
    by_number = finder.list_tools(ToolQuery(text="same", sort=sort, page=2), NOW)
    assert [len(page.tools) for page in (first, second)] == [PAGE_SIZE, 3]
    assert second.tools == by_number.tools
    assert len({tool.id for page in (first, second) for tool in page.tools}) == PAGE_SIZE + 3
    assert {first.total, second.total} == {PAGE_SIZE + 3}
    assert second.next_after == ""


def test_the_best_match_comes_first_and_the_next_page_goes_on_in_its_order() -> None:
    best = finder.list_tools(ToolQuery(text="vision", sort=Sort.RELEVANCE), NOW)
    assert [tool.slug for tool in best.tools] == ["vision", "editor"]
    rest = finder.list_tools(ToolQuery(text="vision", sort=Sort.RELEVANCE, after="vision"), NOW)
    assert [tool.slug for tool in rest.tools] == ["editor"]


@pytest.mark.parametrize(
    ("text", "most"), [("sam", 1), ("name", PAGE_SIZE - 1), ("same na", PAGE_SIZE), ("same name", PAGE_SIZE + 1)]
)
def test_behind_those_that_are_ranked_come_the_others_each_once(
    text: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_RANKED", most)
    first = finder.list_tools(ToolQuery(text=text, sort=Sort.RELEVANCE), NOW)
    second = finder.list_tools(ToolQuery(text=text, sort=Sort.RELEVANCE, after=first.next_after), NOW)
    by_number = finder.list_tools(ToolQuery(text=text, sort=Sort.RELEVANCE, page=2), NOW)
    assert [len(page.tools) for page in (first, second)] == [PAGE_SIZE, 3]
    assert second.tools == by_number.tools
    assert len({tool.id for page in (first, second) for tool in page.tools}) == PAGE_SIZE + 3
    assert {first.total, second.total, by_number.total} == {PAGE_SIZE + 3}


def test_behind_a_tool_that_a_search_does_not_find_nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_RANKED", 2)
    for slug in ("vision", "nobody"):
        assert finder.list_tools(ToolQuery(text="same n", sort=Sort.RELEVANCE, after=slug), NOW).tools == []
