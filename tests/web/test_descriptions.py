"""Every page describes itself once."""

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.web import rich
from tests.web.visitor import Visitor, words_of

PAGES = [
    "/",
    "/tools",
    "/tools?q=alpha",
    "/tools/alpha",
    "/tools/bare",
    "/tools/alpha/vote",
    "/rankings",
    "/rankings?category=developer-tools",
    "/reviewers",
    "/reviewers/builder",
    "/reviewers/builder?category=developer-tools",
    "/compare",
    "/compare/alpha-vs-beta",
    "/digest",
    "/method",
    "/privacy",
    "/contact",
    "/contact/sent",
    "/newsletter/subscribe",
    "/newsletter/sent",
]


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    rich.build()
    return Visitor(shared_app)


@ON_ONE_SHARED_DATABASE
@pytest.mark.parametrize("path", ["/tools/alpha", "/tools/bare", "/tools/bare/alternatives", "/compare/alpha-vs-beta"])
def test_no_paragraph_is_empty(visitor: Visitor, path: str) -> None:
    page = visitor.reads(path)
    silent = {id(each) for live in page.tree.iter() if live.get("role") for each in live.iter()}
    empty = [each.attrib for each in page.all("p", within=page.main) if not words_of(each) and id(each) not in silent]
    assert empty == []


@ON_ONE_SHARED_DATABASE
def test_every_page_has_a_description_of_its_own(visitor: Visitor) -> None:
    found = {}
    for path in PAGES:
        (text,) = [
            each.get("content") or "" for each in visitor.reads(path).all("meta") if each.get("name") == "description"
        ]
        assert len(text) >= 20, path
        found[path] = text
    assert len(set(found.values())) == len(PAGES)


@ON_ONE_SHARED_DATABASE
def test_a_tool_without_reviews_is_not_described_by_a_count(visitor: Visitor) -> None:
    page = visitor.reads("/tools/bare")
    assert "0 of 0" not in page.html
    assert set(page.texts("h2")) == {
        "Related comparisons",
        "Facts and price",
        "Hear when Bare changes",
    }
