"""The directory's page: filters, pages and ticks in its address, and what it says of them."""

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.makers import make_category, make_price, make_tool
from tests.web.visitor import Page, Visitor, words_of

pytestmark = ON_ONE_SHARED_DATABASE


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    kind = make_category("models", name="Models", facts={"open_source": "Open source"})
    for number in range(30):
        make_tool(f"tool-{number:02}", name=f"Tool {number:02}", license="MIT", category_id=kind.id)
    make_tool("loner", name="Łódź 模型")
    make_price(make_tool("paid", aliases=("paid-old",), name="Paid"), "paid")
    make_tool("hidden", published_at=None)
    return Visitor(shared_app)


def ticked(page: Page) -> list[str]:
    return [
        each.get("value", "")
        for each in page.all("input")
        if each.get("name") == "tool" and ("checked" in each.attrib or each.get("type") == "hidden")
    ]


def chips(page: Page) -> dict[str, str]:
    return dict(links_in(page, "applied"))


def links_in(page: Page, id: str) -> list[tuple[str, str]]:
    links = page.all("a", within=page.by_id(id))
    return [(words_of(each).partition(" :")[0], each.get("href", "")) for each in links]


def test_each_filter_that_is_on_has_a_link_to_the_page_without_it(visitor: Visitor) -> None:
    page = visitor.reads("/tools?category=models&license=MIT&open=&sort=name&tool=paid")
    assert chips(page) == {
        "Models": "/tools?license=MIT&sort=name&tool=paid",
        "MIT": "/tools?category=models&sort=name&tool=paid",
    }
    assert chips(visitor.reads("/tools")) == {}


def test_pages_have_numbers_and_the_next_one_begins_after_the_last_tool(visitor: Visitor) -> None:
    first = visitor.reads("/tools?category=models")
    assert "<b>30 tools</b>" in first.html
    nav = first.one("nav", "pages")
    assert first.texts("a", within=nav) == ["2", "Next"]
    forward = first.all("a", within=nav)[-1].get("href", "")
    assert forward == "/tools?category=models&page=2&after=tool-23"
    second = visitor.reads(forward)
    assert second.texts("th", "directory-tool")[0] == "Tool 24"
    assert second.texts("th", "directory-tool") == visitor.reads("/tools?category=models&page=2").texts(
        "th", "directory-tool"
    )
    (canonical,) = [each.get("href") for each in second.all("link") if each.get("rel") == "canonical"]
    assert canonical == "http://verdicts.test/tools?category=models&page=2"


@pytest.mark.parametrize(
    "query", ["page=3", "page=43", "page=9999", "after=nobody", "page=2&after=hidden", "after=paid", "page=2&q=paid"]
)
def test_a_page_that_holds_nothing_is_not_found(visitor: Visitor, query: str) -> None:
    visitor.reads(f"/tools?{query}", 404)


@pytest.mark.parametrize(
    "query", ["sort=best", "price=cheap", "panel=yes", "fresh=1", "page=x", "price=free&price=%00"]
)
def test_a_value_that_does_not_exist_is_refused_in_words(visitor: Visitor, query: str) -> None:
    visitor.reads(f"/tools?{query}", 400)


def test_nothing_ticked_is_no_tray_with_names(visitor: Visitor) -> None:
    page = visitor.reads("/tools")
    assert ticked(page) == []
    assert not page.all("ul", "picked-names")


def test_the_tray_names_counts_and_clears_what_is_ticked_here_and_elsewhere(visitor: Visitor) -> None:
    page = visitor.reads("/tools?q=paid&tool=tool-00&tool=paid-old&tool=hidden&tool=nobody&tool=")
    assert ticked(page) == ["paid", "tool-00"]
    tray = page.one("div", "picked")
    assert page.texts("p", within=tray) == ["2 ticked"]
    assert links_in(page, "tray") == [
        ("Tool 00", "/tools?q=paid&tool=paid"),
        ("Paid", "/tools?q=paid&tool=tool-00"),
        ("Clear", "/tools?q=paid"),
    ]
    (compare,) = page.all("button", within=tray)
    assert compare.get("formaction") == "/compare"


def test_ticks_stay_over_pages_filters_and_searches(visitor: Visitor) -> None:
    page = visitor.reads("/tools?tool=loner&category=models")
    kept = [href for href in page.links() if href.startswith("/tools?")]
    assert [href for href in kept if "tool=loner" not in href] == ["/tools?category=models"] * 2  # Untick and Clear
    assert page.by_id("finder").get("action") == "/tools"  # a search is sent by the form that holds the ticks
    assert "loner" in ticked(page)


@pytest.mark.parametrize(("count", "words"), [(1, "tick one more"), (4, "4 ticked"), (5, "so untick one")])
def test_the_tray_says_how_many_a_comparison_holds(visitor: Visitor, count: int, words: str) -> None:
    page = visitor.reads("/tools?" + "&".join(f"tool=tool-{number:02}" for number in range(count)))
    tray = page.one("div", "picked")
    assert words in page.texts("p", within=tray)[0]
    assert len(page.all("button", within=tray)) == (count <= 4)


@pytest.mark.parametrize(
    ("query", "is_listed"),
    [("", True), ("category=models", True), ("page=2", True), ("sort=shelf", True)]
    + [(query, False) for query in ("sort=name", "q=tool", "price=paid", "open=1", "tool=paid", "license=MIT")],
)
def test_search_engines_list_categories_and_pages_alone(visitor: Visitor, query: str, is_listed: bool) -> None:
    page = visitor.reads(f"/tools?{query}")
    assert ('content="noindex"' not in page.html) == is_listed
    assert any(each.get("rel") == "canonical" for each in page.all("link")) == is_listed


def test_the_address_bar_shows_what_is_chosen_and_nothing_empty(visitor: Visitor) -> None:
    page = visitor.reads("/tools?q=%20tool&category=&price=unknown&price=free&sort=&tool=paid", htmx=False)
    assert page.headers["HX-Replace-Url"] == "/tools?q=tool&price=free&price=unknown&tool=paid"
    assert "Vary" not in page.headers or "HX-Request" not in page.headers["Vary"]
