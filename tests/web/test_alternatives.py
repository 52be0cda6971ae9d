"""What else than a tool, and when: the page of its alternatives."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, ON_ONE_SHARED_DATABASE
from tests.makers import NOW, make_category, make_comparison, make_review, make_reviewer, make_tool, make_votes
from tests.web import rich
from tests.web.visitor import Page, Visitor
from verdicts.catalog import queries
from verdicts.catalog.models import Tool
from verdicts.comparisons import alternatives
from verdicts.comparisons.alternatives import MAX_ALTERNATIVES
from verdicts.curation import merging
from verdicts.extensions import begin_write, db

PATH = "/tools/alpha/alternatives"


def slugs(tool: Tool) -> list[str]:
    summary = queries.find_published(tool.slug, NOW)
    assert summary
    return [row.tool.slug for row in alternatives.load(summary, NOW).rows]


def test_its_category_comes_first_by_panel_then_by_readers_of_both_then_by_name(app: Flask) -> None:
    kind, other = make_category("editors").id, make_category("chat").id
    own = make_tool("own", category_id=kind)
    voices = [make_reviewer(name) for name in ("builder", "skeptic")]
    panels = {"none": "", "b": "ship", "a": "ship", "popular": "ship", "best": "ship ship", "split": "ship skip"}
    tools = {slug: make_tool(slug, category_id=kind) for slug in panels}
    for slug, verdicts in panels.items():
        for reviewer, verdict in zip(voices, verdicts.split(), strict=False):
            make_review(tools[slug], reviewer, verdict)
    elsewhere, compared = make_tool("elsewhere", category_id=other), make_tool("compared", category_id=other)
    for tool in (elsewhere, compared):
        for reviewer in voices:
            make_review(tool, reviewer)
    make_comparison(own, compared)
    make_votes(own, ship=range(5))
    make_votes(tools["popular"], ship=range(3))
    make_votes(tools["b"], skip=range(5), waiting=[7])
    assert slugs(own) == ["best", "popular", "a", "b", "split", "none", "compared"]


def test_unpublished_and_merged_tools_are_no_alternatives(app: Flask) -> None:
    kind = make_category("editors").id
    own, keep, drop = (make_tool(slug, category_id=kind) for slug in ("own", "keep", "drop"))
    hidden = make_tool("hidden", category_id=kind, published_at=None)
    make_comparison(own, hidden)
    assert slugs(own) == ["drop", "keep"]
    ids = keep.id, drop.id
    db.session.rollback()
    begin_write()
    merging.merge(*ids, NOW)
    db.session.commit()
    assert slugs(own) == ["keep"]
    assert Visitor(app).reads("/tools/drop/alternatives", 301).headers["Location"] == "/tools/keep/alternatives"
    Visitor(app).reads("/tools/hidden/alternatives", 404)


def test_a_tool_without_a_category_has_those_that_it_is_compared_with(app: Flask) -> None:
    own, other = make_tool("own"), make_tool("other")
    make_tool("third")
    make_comparison(own, other)
    assert slugs(own) == ["other"]


def test_the_reason_is_that_of_the_comparison_with_the_fewest_tools(app: Flask) -> None:
    own, other, third = make_tool("own"), make_tool("other"), make_tool("third")
    make_comparison(own, other, third, choose_if={other: "you compare three", third: "you are third"})
    make_comparison(own, other, choose_if={own: "not this", other: "you compare two"})
    make_comparison(other, third, choose_if={other: "of two others", third: "of two others"})
    summary = queries.find_published("own", NOW)
    assert summary
    reasons = {row.tool.slug: row.choose_if for row in alternatives.load(summary, NOW).rows}
    assert reasons == {"other": "you compare two", "third": "you are third"}


@ON_ONE_DATABASE
def test_there_are_so_many_and_no_more(app: Flask) -> None:
    kind = make_category("editors").id
    tools = [make_tool(f"tool-{number:02}", category_id=kind) for number in range(MAX_ALTERNATIVES + 2)]
    assert slugs(tools[0]) == [f"tool-{number:02}" for number in range(1, MAX_ALTERNATIVES + 1)]


def test_of_many_that_stand_alike_by_panel_those_that_readers_ship_are_shown_whatever_they_are_called(
    app: Flask,
) -> None:
    kind = make_category("editors").id
    own = make_tool("own", category_id=kind)
    tools = [make_tool(f"tool-{number:02}", category_id=kind) for number in range(MAX_ALTERNATIVES + 3)]
    make_review(tools[-1], make_reviewer("builder"), "skip")
    make_votes(own, ship=range(5))
    make_votes(tools[-2], ship=range(3))
    assert slugs(own)[:3] == [tools[-1].slug, tools[-2].slug, tools[0].slug]


@pytest.fixture(scope="module")
def page(shared_app: Flask) -> Iterator[Page]:
    rich.build()
    return Visitor(shared_app).reads(PATH)


@ON_ONE_SHARED_DATABASE
def test_each_stands_with_its_panel_its_readers_its_price_and_a_reason(page: Page) -> None:
    rows = [words.replace("\u202f", " ") for words in page.texts("li", within=page.one("ol", "alternatives"))]
    assert [row.split()[0] for row in rows] == ["Beta", "Gamma", "Bare"]
    for words in (
        "Choose it if you write code all day",
        "0 of 60 readers who ship Alpha ship it too: 0 %, 95 % interval 0 to 6 %",
        "Alpha vs Beta",
        "2 of 4 ship",
        "10 ship, 10 skip",
        "$20 / month",
        "Unverified since 1 Mar 2026",
    ):
        assert words in rows[0], words
    assert "/compare/alpha-vs-beta" in page.links()


@ON_ONE_SHARED_DATABASE
def test_below_thirty_readers_only_counts_stand_there(page: Page, shared_app: Flask) -> None:
    words = Visitor(shared_app).reads("/tools/beta/alternatives").words
    assert "0 of 10 readers who ship Beta ship it too" in words
    assert "ship it too:" not in words


@ON_ONE_SHARED_DATABASE
def test_a_tools_page_leads_there(page: Page, shared_app: Flask) -> None:
    assert PATH in Visitor(shared_app).reads("/tools/alpha").links()


@ON_ONE_DATABASE
def test_a_tool_that_is_alone_says_so(app: Flask) -> None:
    make_tool("alone")
    visitor = Visitor(app)
    assert "No other tool of its kind is here yet." in visitor.reads("/tools/alone/alternatives").words
    visitor.reads("/tools/nothing/alternatives", 404)
    assert visitor.reads("/tools/Alone/Alternatives", 301).headers["Location"] == "/tools/alone/alternatives"
