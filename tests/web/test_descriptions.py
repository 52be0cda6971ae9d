"""Every page describes itself once, and the addresses of fonts change with their content."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.web import rich
from tests.web.visitor import Visitor, words_of

STATIC = Path(__file__).parents[2] / "static"
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


@pytest.mark.parametrize("name", ["archivo", "source-serif-4"])
@ON_ONE_SHARED_DATABASE
def test_a_font_has_one_address_that_changes_with_its_content(visitor: Visitor, name: str) -> None:
    (in_css,) = re.findall(rf'"\.\.(/fonts/{name}\.woff2\?v=\w+)"', (STATIC / "css/tokens.css").read_text())
    preloaded = [each.get("href") for each in visitor.reads("/").all("link") if each.get("rel") == "preload"]
    assert f"/static{in_css}" in preloaded
    assert in_css.endswith(f"?v={sha256((STATIC / f'fonts/{name}.woff2').read_bytes()).hexdigest()[:12]}")
