"""Comparisons that no editor wrote of share a budget while they are not cached; everything else is as it was."""

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_comparison, make_tool
from tests.web.visitor import Visitor
from verdicts.web import limits

FRESH_ENOUGH = 60  # seconds that a page is old and still there

pytestmark = ON_ONE_DATABASE


@pytest.fixture(autouse=True)
def a_budget_of_three(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNCURATED_COMPARISONS_LIMIT", "3 per minute")
    tools = [make_tool(slug) for slug in ("alpha", "beta", "gamma", "delta")]
    make_comparison(*tools[:2])


def use_up(app: Flask) -> None:
    """Render three comparisons from three networks."""
    for number, pair in enumerate(("alpha-vs-gamma", "beta-vs-gamma", "alpha-vs-beta-vs-gamma")):
        Visitor(app, f"203.0.{number}.1", hurried=True).reads(f"/compare/{pair}")


def test_beyond_the_budget_everybody_is_asked_to_come_back(app: Flask) -> None:
    use_up(app)
    for network in ("203.0.113.1", "198.51.100.1"):
        refused = Visitor(app, network).reads("/compare/delta-vs-gamma", 503)
        assert refused.headers["Retry-After"] == "60"
        assert "Those that editors wrote are there." in refused.words


def test_curated_comparisons_and_all_other_pages_are_still_there(app: Flask) -> None:
    use_up(app)
    visitor = Visitor(app)
    for path in ("/compare/alpha-vs-beta", "/tools/gamma", "/tools", "/"):
        assert visitor.reads(path).status == 200


def test_what_is_cached_costs_nothing(app: Flask) -> None:
    visitor = Visitor(app, hurried=True)
    for _ in range(5):
        visitor.reads("/compare/alpha-vs-gamma")
    visitor.reads("/compare/beta-vs-gamma")
    visitor.reads("/compare/delta-vs-gamma")
    visitor.reads("/compare/alpha-vs-delta", 503)


def test_an_older_page_is_better_than_none(app: Flask) -> None:
    use_up(app)
    visitor = Visitor(app, hurried=True)
    visitor.clock.now += FRESH_ENOUGH
    assert "Gamma" in visitor.reads("/compare/alpha-vs-gamma").words


def test_redirects_to_the_canonical_address_cost_nothing(app: Flask) -> None:
    visitor = Visitor(app)
    for _ in range(5):
        visitor.reads("/compare/gamma-vs-alpha", 301)
    visitor.reads("/compare/alpha-vs-gamma")
