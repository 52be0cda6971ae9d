"""Finding tools: what the filters take, in which order tools come, and how one page follows another."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask

from tests.conftest import StatementCount, asks_for_state, listening
from tests.makers import NOW, TODAY, make_category, make_price, make_review, make_reviewer, make_tool, make_votes
from verdicts.catalog import search_index
from verdicts.catalog.kinds import Period, PriceModel
from verdicts.comparisons import finder
from verdicts.comparisons.finder import FreshPart, PanelSplit, ToolQuery
from verdicts.comparisons.tool_orders import Sort


@pytest.fixture(scope="module", autouse=True)
def world(shared_app: Flask) -> Iterator[None]:
    """Five tools that differ in all that filters and orders look at."""
    models = make_category("models", facts={"open_weights": "Open weights"})
    apps = make_category("apps", facts={"voice": "Voice"})
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    old = TODAY - timedelta(days=181)

    alpha = make_tool(
        "alpha", category_id=models.id, license="MIT", facts={"open_weights": "Yes, MIT"}, published_at=NOW
    )
    make_price(alpha, PriceModel.FREE, checked_on=TODAY)
    make_review(alpha, builder, "ship", reviewed_on=TODAY)
    make_review(alpha, skeptic, "skip", reviewed_on=TODAY)

    beta = make_tool(
        "beta",
        name="beta",
        category_id=models.id,
        license="MIT",
        facts={"open_weights": "No; its command line is MIT"},
        published_at=NOW - timedelta(days=1),
    )
    yearly = {"amount": Decimal(100), "currency": "USD", "period": Period.YEAR}
    make_price(beta, PriceModel.PAID, **yearly, checked_on=TODAY - timedelta(days=61))
    make_review(beta, builder, "ship", reviewed_on=TODAY)
    make_review(beta, skeptic, "ship", reviewed_on=old)
    make_votes(beta, ship=range(20), skip=range(20, 40))

    gamma = make_tool("gamma", category_id=apps.id, license="Own", published_at=NOW - timedelta(days=2))
    monthly = {"amount": Decimal(9), "currency": "USD", "period": Period.MONTH}
    make_price(gamma, PriceModel.PAID, **monthly)
    make_price(gamma, PriceModel.FREE, until=TODAY, reason="It costs now.")
    make_review(gamma, builder, "skip", reviewed_on=TODAY)
    make_votes(gamma, ship=range(36), skip=range(36, 40))

    delta = make_tool("delta", facts={"open_weights": "Yes"}, category_id=apps.id, published_at=NOW - timedelta(days=3))
    make_votes(delta, ship=range(29))
    make_tool("later", published_at=NOW + timedelta(days=1), license="Secret")
    make_tool("archived", published_at=None, license="Secret")
    search_index.reindex_all()
    return


def slugs(**query: object) -> list[str]:
    return [tool.slug for tool in finder.list_tools(ToolQuery(**query), NOW).tools]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["alpha", "beta", "gamma", "delta"]),
        ({"category": "apps"}, ["gamma", "delta"]),
        ({"prices": (PriceModel.FREE,)}, ["alpha"]),
        ({"prices": (PriceModel.FREE, PriceModel.PAID)}, ["alpha", "beta", "gamma"]),
        ({"prices": (PriceModel.UNKNOWN,)}, ["delta"]),
        ({"panel": PanelSplit.ALL_SHIP}, ["beta"]),
        ({"panel": PanelSplit.SPLIT}, ["alpha"]),
        ({"panel": PanelSplit.ALL_SKIP}, ["gamma"]),
        ({"panel": PanelSplit.NOT_REVIEWED}, ["delta"]),
        ({"license": "MIT"}, ["alpha", "beta"]),
        ({"is_open": True}, ["alpha"]),  # apps are not asked for it
        ({"fresh": (FreshPart.PRICE,)}, ["alpha"]),
        ({"fresh": (FreshPart.REVIEWS,)}, ["alpha", "gamma"]),
        ({"text": "bet", "license": "MIT"}, ["beta"]),
        ({"category": "models", "panel": PanelSplit.ALL_SKIP}, []),
    ],
)
def test_a_filter_leaves_those_that_it_names(query: dict[str, object], expected: list[str]) -> None:
    assert slugs(**query) == expected
    assert finder.list_tools(ToolQuery(**query), NOW).total == len(expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.RECOMMENDED, ["alpha", "beta", "gamma", "delta"]),
        (Sort.NAME, ["alpha", "beta", "delta", "gamma"]),
        (Sort.NEWEST, ["alpha", "beta", "gamma", "delta"]),
        (Sort.PANEL, ["beta", "alpha", "gamma", "delta"]),
        (Sort.READERS, ["gamma", "beta", "alpha", "delta"]),
        (Sort.PRICE, ["alpha", "beta", "gamma", "delta"]),
    ],
)
def test_tools_come_in_the_order_asked_for_and_the_next_page_goes_on_in_it(sort: Sort, expected: list[str]) -> None:
    assert slugs(sort=sort) == expected
    assert [slugs(sort=sort, after=slug) for slug in expected] == [expected[at:] for at in range(1, 5)]


def test_behind_a_tool_that_does_not_match_there_is_nothing() -> None:
    assert slugs(after="nobody") == slugs(category="apps", after="alpha") == slugs(after="later") == []


def test_a_search_finds_on_another_day_what_is_fresh_then() -> None:
    query = ToolQuery(text="alpha", fresh=(FreshPart.PRICE,), sort=Sort.RELEVANCE)
    found = [finder.list_tools(query, NOW + timedelta(days=days)).total for days in (2, 400)]
    assert found == [1, 0]


def test_a_filter_leaves_on_another_day_what_is_fresh_then() -> None:
    query = ToolQuery(fresh=(FreshPart.REVIEWS,))
    found = [finder.list_tools(query, NOW + timedelta(days=days)).total for days in (0, 180, 181)]
    assert found == [2, 2, 0]


def test_a_search_in_which_no_word_is_known_asks_once_for_the_state_of_the_catalogue() -> None:
    count = StatementCount()
    with listening("before_cursor_execute", count.record):
        assert finder.find_tools(ToolQuery(text="unknown", sort=Sort.RELEVANCE), NOW).tools == []
    assert sum(map(asks_for_state, count.statements)) == 1


def test_only_licences_of_published_tools_are_offered_each_once() -> None:
    assert finder.list_licenses(NOW) == ["MIT", "Own"]


def test_only_some_categories_state_what_is_open() -> None:
    assert finder.asks_for_open("models")
    assert not finder.asks_for_open("apps")
    assert finder.asks_for_open("")
