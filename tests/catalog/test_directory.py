"""The directory: which tools, in which order, a page at a time."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.makers import NOW, make_category, make_tool
from verdicts.catalog import directory, queries
from verdicts.catalog.directory import PAGE_SIZE, DirectoryQuery, Sort
from verdicts.web.paging import Page


def names(**query: object) -> list[str]:
    return [tool.name for tool in directory.list_tools(DirectoryQuery(**query), NOW)[0]]  # type: ignore[arg-type]


@pytest.fixture
def three(app: Flask) -> None:
    make_tool("b", name="beta", published_at=NOW - timedelta(2))
    make_tool("a", name="Alpha", published_at=NOW - timedelta(1))
    make_tool("g", name="Gamma", published_at=NOW - timedelta(3))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.EDITORS_ORDER, ["beta", "Alpha", "Gamma"]),
        (Sort.NAME, ["Alpha", "beta", "Gamma"]),
        (Sort.NEWEST, ["Alpha", "beta", "Gamma"]),
    ],
)
def test_tools_come_in_the_order_asked_for(three: None, sort: Sort, expected: list[str]) -> None:
    assert names(sort=sort) == expected


def test_each_tool_is_on_exactly_one_page(app: Flask) -> None:
    for number in range(PAGE_SIZE + 3):
        make_tool(f"tool-{number}", name="Same name")
    pages = [directory.list_tools(DirectoryQuery(sort=Sort.NAME, page=number), NOW) for number in (1, 2)]
    assert [len(tools) for tools, _ in pages] == [PAGE_SIZE, 3]
    assert len({tool.id for tools, _ in pages for tool in tools}) == PAGE_SIZE + 3
    assert {(total, Page(tools, 1, total, PAGE_SIZE).pages) for tools, total in pages} == {(PAGE_SIZE + 3, 2)}


def test_unpublished_tools_and_those_to_come_are_not_listed(app: Flask) -> None:
    make_tool("hidden", published_at=None)
    make_tool("tomorrow", published_at=NOW + timedelta(days=1))
    assert names() == []
    assert queries.find_published("hidden", NOW) is None
    assert queries.find_published("tomorrow", NOW) is None
    assert directory.count_by_category(NOW) == []
    assert directory.list_by_category(NOW) == {}


def test_a_category_holds_its_own_tools(app: Flask) -> None:
    kind = make_category("writing", name="Writing")
    make_tool("in", name="In", category_id=kind.id)
    make_tool("out", name="Out")
    assert names(category="writing") == ["In"]
    assert [(category.slug, category.count) for category in directory.count_by_category(NOW)] == [("writing", 1)]


def test_the_best_match_comes_first(app: Flask) -> None:
    make_tool("a", name="Editor", tagline="With vision")
    make_tool("b", name="Vision")
    assert names(text="vision", sort=Sort.RELEVANCE) == ["Vision", "Editor"]


def test_a_tool_is_found_under_its_alias_and_tells_its_slug(app: Flask) -> None:
    make_tool("new-name", aliases=("old-name",))
    tool = queries.find_published("old-name", NOW)
    assert tool is not None
    assert tool.slug == "new-name"


def test_tools_without_a_category_can_be_chosen_too(app: Flask) -> None:
    make_tool("loner", name="Loner")
    assert [(key, [choice.name for choice in group]) for key, group in directory.list_by_category(NOW).items()] == [
        ("Without a category", ["Loner"])
    ]
