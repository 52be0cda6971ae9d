"""JSON-LD: the properties that search engines require, and nothing that the site would not say aloud."""

import json
from typing import Any

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, ON_ONE_SHARED_DATABASE
from tests.makers import make_category, make_review, make_reviewer, make_tool, make_votes
from tests.web import rich
from tests.web.corpus import EVERYTHING
from tests.web.visitor import Visitor
from verdicts.catalog.kinds import ReviewerKind

BASE = "http://verdicts.test"


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    rich.build()
    return Visitor(shared_app)


def data_on(visitor: Visitor, path: str) -> dict[str, Any]:
    """Return the things that a page describes, by their type; there is one of each."""
    (block,) = [each for each in visitor.reads(path).all("script") if each.get("type") == "application/ld+json"]
    graph = json.loads(block.text or "")["@graph"]
    by_type = {each["@type"]: each for each in graph}
    assert len(by_type) == len(graph)
    return by_type


@ON_ONE_SHARED_DATABASE
def test_a_tool_is_a_software_application_with_its_offer(visitor: Visitor) -> None:
    application = data_on(visitor, "/tools/beta")["SoftwareApplication"]
    assert application["name"] == "Beta"
    assert application["url"] == f"{BASE}/tools/beta"
    assert application["applicationCategory"] == "Developer Tools"
    assert application["offers"] == {"@type": "Offer", "price": "20", "priceCurrency": "USD"}


@ON_ONE_SHARED_DATABASE
def test_a_tool_of_which_little_is_known_claims_nothing(visitor: Visitor) -> None:
    assert set(data_on(visitor, "/tools/bare")["SoftwareApplication"]) == {
        "@type",
        "name",
        "url",
        "applicationCategory",
    }


@ON_ONE_SHARED_DATABASE
def test_only_human_voices_are_reviews(visitor: Visitor) -> None:
    reviews = data_on(visitor, "/tools/alpha")["SoftwareApplication"]["review"]
    assert reviews == [
        {
            "@type": "Review",
            "author": {"@type": "Person", "name": "The Skeptic"},
            "name": "SHIP",
            "reviewBody": "Convinced.",
            "reviewRating": {"@type": "Rating", "ratingValue": 1, "worstRating": 0, "bestRating": 1},
            "datePublished": "2026-11-10",
        }
    ]


@ON_ONE_SHARED_DATABASE
def test_the_rating_is_the_readers_share_of_ship(visitor: Visitor) -> None:
    assert data_on(visitor, "/tools/alpha")["SoftwareApplication"]["aggregateRating"] == {
        "@type": "AggregateRating",
        "ratingValue": 75,
        "ratingCount": 80,
        "worstRating": 0,
        "bestRating": 100,
    }


@pytest.mark.parametrize(("votes", "is_rated"), [(0, False), (29, False), (30, True)])
@ON_ONE_DATABASE
def test_below_thirty_votes_there_is_no_rating(app: Flask, votes: int, is_rated: bool) -> None:
    make_votes(make_tool("alpha"), ship=range(votes), waiting=[900])
    application = data_on(Visitor(app), "/tools/alpha")["SoftwareApplication"]
    assert ("aggregateRating" in application) == is_rated


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        (
            "/tools/alpha",
            [("Home", "/"), ("Tools", "/tools"), ("Developer Tools", ""), ("Alpha", "/tools/alpha")],
        ),
        ("/reviewers/builder", [("Home", "/"), ("The panel", "/reviewers"), ("The Builder", "/reviewers/builder")]),
        (
            "/compare/alpha-vs-beta",
            [("Home", "/"), ("Compare", "/compare"), ("Alpha vs Beta", "/compare/alpha-vs-beta")],
        ),
    ],
)
@ON_ONE_SHARED_DATABASE
def test_breadcrumbs_lead_from_the_front_page_to_the_page(
    visitor: Visitor, path: str, steps: list[tuple[str, str]]
) -> None:
    crumbs = data_on(visitor, path)["BreadcrumbList"]["itemListElement"]
    assert [crumb["position"] for crumb in crumbs] == list(range(1, len(steps) + 1))
    for crumb, (name, address) in zip(crumbs, steps, strict=True):
        assert crumb["@type"] == "ListItem"
        assert crumb["name"] == name
        assert crumb["item"].removeprefix(BASE).startswith(address)
        assert visitor.reads(crumb["item"].removeprefix(BASE)).status == 200


@pytest.mark.parametrize(
    ("path", "slugs"),
    [
        ("/categories/developer-tools", ["alpha", "beta", "gamma", "bare"]),
        ("/tools", ["alpha", "beta", "gamma", "bare"]),
        ("/compare/alpha-vs-beta", ["alpha", "beta"]),
    ],
)
@ON_ONE_SHARED_DATABASE
def test_lists_name_their_tools_in_order(visitor: Visitor, path: str, slugs: list[str]) -> None:
    listed = data_on(visitor, path)["ItemList"]
    assert listed["numberOfItems"] == len(slugs)
    assert [each["url"] for each in listed["itemListElement"]] == [f"{BASE}/tools/{slug}" for slug in slugs]
    assert [each["position"] for each in listed["itemListElement"]] == list(range(1, len(slugs) + 1))


@ON_ONE_DATABASE
def test_no_text_ends_the_block_of_data(app: Flask) -> None:
    kind = make_category("tools", name="</script><script>alert(1)</script>")
    tool = make_tool("alpha", name=EVERYTHING[:120], tagline=EVERYTHING[:200], category_id=kind.id)
    make_review(tool, make_reviewer(kind=ReviewerKind.HUMAN, name="<!--<script>"), quote=EVERYTHING)
    make_tool("beta", name="</script>", category_id=kind.id)
    visitor = Visitor(app)
    for path in ("/tools", "/tools/alpha", "/compare/alpha-vs-beta", "/categories/tools"):
        assert data_on(visitor, path)
    assert data_on(visitor, "/tools/alpha")["SoftwareApplication"]["name"] == EVERYTHING[:120]
