"""The page of a category."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, ON_ONE_SHARED_DATABASE
from tests.makers import TODAY, make_category, make_pick, make_reviewer, make_tool
from tests.web import rich
from tests.web.visitor import Page, Visitor, words_of
from verdicts.catalog.categories import PAGE_SIZE
from verdicts.catalog.models import Category, CategoryAlias, Tool, ToolSlug
from verdicts.extensions import db

PATH = "/categories/developer-tools"


def stored_category(slug: str) -> Category:
    return db.session.scalars(sa.select(Category).where(Category.slug == slug)).one()


def stored_tool(slug: str) -> Tool:
    return db.session.scalars(sa.select(Tool).join(Tool.slugs).where(ToolSlug.slug == slug)).one()


@pytest.fixture(scope="module")
def page(shared_app: Flask) -> Iterator[Page]:
    rich.build()
    kind, (alpha, beta) = stored_category("developer-tools"), map(stored_tool, ("alpha", "beta"))
    make_pick(kind, "work without a network", alpha, beta, skip_if="you want a choice", picked_on=TODAY)
    make_tool("elsewhere", category_id=make_category("writing", name="Writing").id)
    return Visitor(shared_app).reads(PATH)


@pytest.mark.parametrize("shared_app", ["sqlite", "postgresql"], indirect=True)
def test_every_tool_stands_beside_what_it_is_compared_on(page: Page) -> None:
    table = page.one("table", "matrix")
    assert page.texts("th", within=page.one("thead", within=table)) == [
        "Tool",
        "Panel",
        "Readers",
        "Entry price",
        *rich.LABELS.values(),
    ]
    rows = [words_of(row) for row in page.all("tr", within=page.one("tbody", within=table))]
    assert [row.split()[1] for row in rows] == ["Alpha", "Beta", "Gamma", "Bare"]
    for words in ("2 of 3 ship", "75 % of 80", "Free", "Checked 1 Nov 2026", "Apache-2.0", "Not checked"):
        assert words in rows[0].replace("\u202f", " "), words
    assert "Not reviewed yet" in rows[3]


@ON_ONE_SHARED_DATABASE
def test_it_says_whose_voices_are_human_and_whose_are_ai(page: Page) -> None:
    assert "The panel: 1 human, 1 AI, 2 unstated voices" in page.words


@ON_ONE_SHARED_DATABASE
def test_it_leads_to_its_tools_and_to_the_other_categories(page: Page) -> None:
    assert {"/tools/alpha", "/tools/bare", "/categories/writing"} <= set(page.links())
    assert PATH not in page.links()


@ON_ONE_SHARED_DATABASE
def test_public_pages_name_a_category_with_a_link_to_its_page(page: Page, shared_app: Flask) -> None:
    visitor = Visitor(shared_app)
    for path in ("/", "/tools/alpha", rich.PAIR):
        assert PATH in visitor.reads(path).links(), path


@pytest.mark.parametrize("shared_app", ["sqlite", "postgresql"], indirect=True)
def test_the_editors_picks_stand_on_top(page: Page) -> None:
    assert page.texts("article") == [
        "Best for work without a network Alpha Reads receipts on your device Skip it if you want a choice "
        "Runner-up: Beta The panel puts Alpha ahead until one reviewer changes sides. Picked on 22 Nov 2026"
    ]


@ON_ONE_SHARED_DATABASE
def test_a_tools_own_page_says_what_it_is_picked_for(page: Page, shared_app: Flask) -> None:
    visitor = Visitor(shared_app)
    when = "Picked on 22 Nov 2026, Developer Tools"
    assert visitor.reads("/tools/alpha").texts("ul", "tool-picks") == [
        f"Our pick for work without a network; skip it if you want a choice. {when}"
    ]
    assert visitor.reads("/tools/beta").texts("ul", "tool-picks") == [
        f"Runner-up for work without a network, after Alpha. {when}"
    ]
    assert visitor.reads("/tools/gamma").all("ul", "tool-picks") == []


def test_unpublished_tools_are_in_no_pick(app: Flask) -> None:
    kind, shown = make_category("editors"), make_tool("shown")
    hidden = make_tool("hidden", published_at=None)
    make_pick(kind, "speed", hidden, shown)
    make_pick(kind, "peace", shown, hidden)
    visitor = Visitor(app)
    page = visitor.reads("/categories/editors")
    assert page.texts("article") == ["Best for peace Shown Date not stated"]
    assert visitor.reads("/tools/shown").texts("b", within=visitor.reads("/tools/shown").one("ul", "tool-picks")) == [
        "Our pick for"
    ]


@ON_ONE_DATABASE
def test_a_long_category_has_pages(app: Flask) -> None:
    kind = make_category("editors").id
    for number in range(PAGE_SIZE + 1):
        make_tool(f"tool-{number:02}", name=f"Tool {number:02}", category_id=kind)
    visitor = Visitor(app)
    assert "/categories/editors?after=tool-24" in visitor.reads("/categories/editors").links()
    later = visitor.reads("/categories/editors?after=tool-24")
    assert "Tool 25" in later.words
    assert "/categories/editors" in later.links()
    assert words_of(*[each for each in later.all("a") if each.get("rel") == "prev"]) == "Previous tools"
    assert "empty" in visitor.reads("/categories/editors?after=tool-25", 404).words


@ON_ONE_SHARED_DATABASE
def test_a_reader_weighs_the_voices_and_the_order_follows(page: Page, shared_app: Flask) -> None:
    weighted = Visitor(shared_app).reads(f"{PATH}?w-builder=0&w-skeptic=0&w-futurist=3")
    table = weighted.one("tbody", within=weighted.one("table", "matrix"))
    rows = [words_of(row) for row in weighted.all("tr", within=table)]
    counts = [re.search(r"By your weights (\S+)(?: of (\S+))?", row) for row in rows]
    shares = [int(count[1]) / int(count[2]) if count and count[2] else -1 for count in counts]
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) > 1
    robots = [each.get("content") for each in weighted.all("meta") if each.get("name") == "robots"]
    (canonical,) = [each.get("href", "") for each in weighted.all("link") if each.get("rel") == "canonical"]
    assert (robots, canonical) == (["noindex"], f"http://verdicts.test{PATH}")
    assert "By your weights" not in page.words


@ON_ONE_DATABASE
def test_pages_and_redirects_keep_a_readers_weights(app: Flask) -> None:
    kind = make_category("editors", former_slugs=[CategoryAlias(slug="ides")]).id
    for number in range(2 * PAGE_SIZE + 1):
        make_tool(f"tool-{number:02}", name=f"Tool {number:02}", category_id=kind)
    make_reviewer("builder")
    visitor = Visitor(app)
    links = visitor.reads("/categories/editors?after=tool-49&w-builder=2").links()
    assert {"/categories/editors?after=tool-24&w-builder=2", "/categories/editors?w-builder=2"} <= set(links)
    assert visitor.reads("/categories/ides?w-builder=2", 301).headers["Location"] == "/categories/editors?w-builder=2"


@ON_ONE_DATABASE
def test_an_unknown_category_is_not_found_and_a_search_is_offered(app: Flask) -> None:
    page = Visitor(app).reads("/categories/nothing", 404)
    assert "We know no category under this name." in page.words
    assert page.by_id("q").get("type") == "search"


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ["/categories/Editors", "/categories/ides", "/categories//editors/"])
def test_other_spellings_and_former_slugs_redirect(app: Flask, path: str) -> None:
    make_category("editors", former_slugs=[CategoryAlias(slug="ides")])
    db.session.commit()
    assert Visitor(app).reads(path, 301).headers["Location"] == "/categories/editors"


@ON_ONE_DATABASE
def test_a_category_without_tools_says_so(app: Flask) -> None:
    make_category("editors")
    assert "No tool of this category is here yet." in Visitor(app).reads("/categories/editors").words
