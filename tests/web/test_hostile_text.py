"""Whatever an editor or a file puts into a text, nothing in a page runs it."""

from urllib.parse import quote

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.makers import (
    make_category,
    make_comparison,
    make_fact,
    make_plan,
    make_price,
    make_release,
    make_review,
    make_reviewer,
    make_revision,
    make_tool,
    make_votes,
)
from tests.web.corpus import EVERYTHING, HOSTILE_TEXTS
from tests.web.visitor import Page, Visitor
from verdicts.extensions import db

PAGES = [
    "/",
    "/tools",
    "/tools/alpha",
    "/tools/alpha/vote",
    "/compare/alpha-vs-beta",
    "/compare/alpha-vs-beta-vs-gamma",
    "/compare",
    "/votes/mine?tool=alpha",
]


def build(text: str) -> None:
    """Put a text into every field that takes one, as much of it as the database lets in."""

    def cut(length: int) -> str:
        return text[:length]

    kind = make_category("kind", name=cut(80), facts={"key": cut(80), "other": cut(80)})
    reviewer = make_reviewer("reviewer", name=cut(80), motto=cut(160))
    tools = [
        make_tool(
            slug, name=cut(80), tagline=cut(200), description=text, maker=cut(120), license=cut(80), category_id=kind.id
        )
        for slug in ("alpha", "beta", "gamma")
    ]
    for tool in tools:
        make_fact(tool, "key", cut(290) + tool.slug)
        make_fact(tool, "other", cut(300))
        make_plan(tool, cut(80), per=cut(40), limit=cut(200), amount=5, currency="USD")
        make_price(tool, "free")
        make_price(tool, "paid", until=tool.published_at.date(), reason=cut(500), amount=5, currency="USD")  # type: ignore[union-attr]
        make_release(tool, cut(60))
        review = make_review(tool, reviewer, "ship", quote=text, conflict=cut(500), tool_version=cut(60))
        make_revision(review, "skip", quote=text, reason=cut(500))
    make_votes(tools[0], skip=range(40))
    for members in (tools[:2], tools[1:]):
        make_comparison(*members, headline=cut(60), bottom_line=text, choose_if={members[0]: cut(300)}, featured=True)


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    build(EVERYTHING)
    return Visitor(shared_app)


def fill(text: str) -> None:
    """Replace every text by this one."""
    for table, columns in {
        "category": {"name": 80},
        "category_fact": {"label": 80},
        "reviewer": {"name": 80, "motto": 160},
        "tool": {"name": 80, "tagline": 200, "description": 999, "maker": 120, "license": 80},
        "tool_fact": {"value": 300},
        "plan": {"name": 80, "per": 40, '"limit"': 200},
        "price_record": {"reason": 500},
        "release": {"version": 60},
        "review": {"quote": 999, "conflict": 500, "tool_version": 60},
        "review_revision": {"quote": 999, "reason": 500},
        "comparison": {"headline": 60, "bottom_line": 999},
        "choose_if": {'"when"': 300},
    }.items():
        for column, length in columns.items():
            db.session.execute(db.text(f"UPDATE {table} SET {column} = :text"), {"text": text[:length]})  # noqa: S608
    db.session.commit()


NAMES = ("vendor/htmx-4.0.1.min.js", "js/ballots.js", "js/edit_links.js", "js/signup.js", "js/share.js")
OUR_SCRIPTS = [f"/static/{name}" for name in NAMES]


def editors_prose(page: Page) -> set[str]:
    """Return the tags within what comes from editors' Markdown."""
    places = [*page.all("blockquote"), *page.all("div", "prose"), *page.all("div", "bottom-line")]
    return {each.tag for place in places for each in place.iter()} - {"blockquote", "div"}


@pytest.mark.parametrize("path", PAGES)
def test_all_of_it_at_once_leaves_every_page_whole(visitor: Visitor, path: str) -> None:
    page = visitor.reads(path)
    assert editors_prose(page) <= {"p", "em", "strong", "a", "ul", "ol", "li", "code", "pre", "br", "blockquote"}
    assert "evil.example/x.js" not in " ".join(each.get("src", "") for each in page.tree.iter())


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
@ON_ONE_SHARED_DATABASE
def test_each_text_is_shown_as_text_or_left_out(visitor: Visitor, text: str) -> None:
    fill(text)
    for path in ("/compare/alpha-vs-beta", "/tools/alpha"):
        page = visitor.reads(path)
        data, *scripts = page.all("script")
        assert data.get("type") == "application/ld+json"
        assert [script.get("src", "").partition("?")[0] for script in scripts] == OUR_SCRIPTS
        assert list(page.tree.iter("img")) == []


@ON_ONE_SHARED_DATABASE
def test_what_a_visitor_searches_for_reorders_nothing(visitor: Visitor) -> None:
    page = visitor.reads("/tools?q=" + quote("abc \u202edef\u2067 שלום\u200f"))
    assert page.by_id("q").get("value") == "abc def שלום\u200f"
    assert not set("".join(page.tree.itertext())) & set("\u202e\u2067")


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_what_a_visitor_types_is_shown_as_text(visitor: Visitor, text: str) -> None:
    page = visitor.reads(f"/tools?q={quote(text)}")
    assert page.by_id("q").get("value") == " ".join(text.split())[:200]
    visitor.reads(f"/tools?sort={quote(text)}", 400)
    visitor.reads(f"/tools?page={quote(text)}", 400)
    missing = visitor.opens("GET", f"/compare/x-vs-{quote(text, safe='')}").status_code
    visitor.reads(f"/compare/x-vs-{quote(text, safe='')}", missing)
