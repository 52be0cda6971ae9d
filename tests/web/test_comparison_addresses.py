"""One comparison, one address: order, aliases, and every address that names none."""

from urllib.parse import quote, urlencode

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Page, Visitor


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    make_tool("alpha", aliases=("alpha-old", "zulu-old"), name="Alpha")
    for slug in ("beta", "gamma", "delta", "epsilon", "7zip"):
        make_tool(slug)
    make_tool("hidden", published_at=None)
    return Visitor(shared_app)


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("beta-vs-alpha", "alpha-vs-beta"),
        ("gamma-vs-alpha-vs-beta", "alpha-vs-beta-vs-gamma"),
        ("gamma-vs-beta-vs-delta-vs-alpha", "alpha-vs-beta-vs-delta-vs-gamma"),
        ("beta-vs-7zip", "7zip-vs-beta"),
        ("alpha-old-vs-beta", "alpha-vs-beta"),
        ("beta-vs-zulu-old", "alpha-vs-beta"),
        ("alpha-vs-beta-vs-", "alpha-vs-beta"),
        ("-vs-alpha-vs-beta", "alpha-vs-beta"),
    ],
)
def test_any_other_address_leads_to_the_canonical_one_for_good(visitor: Visitor, asked: str, canonical: str) -> None:
    page = visitor.reads(f"/compare/{asked}", 301)
    assert page.headers["Location"] == f"/compare/{canonical}"
    assert visitor.reads(page.headers["Location"]).status == 200


@pytest.mark.parametrize("pair", ["alpha-vs-beta", "alpha-vs-beta-vs-gamma", "alpha-vs-beta-vs-delta-vs-gamma"])
def test_the_canonical_address_is_the_page_and_says_so(visitor: Visitor, pair: str) -> None:
    page = visitor.reads(f"/compare/{pair}")
    canonical = [each.get("href") for each in page.all("link") if each.get("rel") == "canonical"]
    assert canonical == [f"http://verdicts.test/compare/{pair}"]


@pytest.mark.parametrize(
    "pair", ["alpha-vs-alpha", "alpha-vs-alpha-old", "alpha-old-vs-zulu-old", "alpha-vs-beta-vs-alpha-old"]
)
@ON_ONE_SHARED_DATABASE
def test_the_same_tool_twice_is_refused_in_words(visitor: Visitor, pair: str) -> None:
    assert "A tool cannot be compared with itself." in visitor.reads(f"/compare/{pair}", 400).words


@pytest.mark.parametrize("pair", ["alpha", "alpha-vs-", "-vs-", "-vs-alpha", "alpha-vs", "-vs--vs-"])
@ON_ONE_SHARED_DATABASE
def test_one_tool_alone_is_refused_in_words(visitor: Visitor, pair: str) -> None:
    assert "at least two tools" in visitor.reads(f"/compare/{pair}", 400).words


def test_five_tools_are_refused_in_words(visitor: Visitor) -> None:
    page = visitor.reads("/compare/alpha-vs-beta-vs-delta-vs-epsilon-vs-gamma", 400)
    assert "four tools at most" in page.words


@pytest.mark.parametrize(
    ("pair", "named", "looked_for"),
    [
        ("alpha-vs-no-such-tool", "“no-such-tool”", "no such tool"),
        ("alpha-vs-hidden", "“hidden”", "hidden"),
        ("nix-vs-nux", "“nix” and “nux”", "nix"),
        ("alpha-vs-vs-beta", "“vs-beta”", "vs beta"),
    ],
)
def test_an_unknown_tool_is_named_and_can_be_looked_for(
    visitor: Visitor, pair: str, named: str, looked_for: str
) -> None:
    page = visitor.reads(f"/compare/{pair}", 404)
    assert f"We know no tool called {named}." in page.words
    assert page.by_id("q").get("value") == looked_for


@pytest.mark.parametrize(
    "pair",
    [
        "é-vs-ü",
        "🚢-vs-🛑",
        "alpha-vs-\x00",
        "\x00",
        "\x00-vs-beta",
        "alpha-vs-\ud7ff",
        "alpha-vs-beta\n",
        "alpha vs beta",
        "..-vs-..",
        "%-vs-%25",
        "alpha-vs-'; DROP TABLE tool; --",
        "alpha-vs-<script>alert(1)</script>",
        "a" * 5_000,
        "-vs-".join("abcdefgh"),
        "-vs-" * 500,
    ],
)
def test_an_odd_address_is_answered_in_words(visitor: Visitor, pair: str) -> None:
    response = visitor.opens("GET", f"/compare/{quote(pair, safe='')}")
    assert response.status_code in {400, 404}
    visitor.reads(f"/compare/{quote(pair, safe='')}", response.status_code)


@pytest.mark.parametrize("raw", ["%ff-vs-b%fe", "alpha-vs-%c3", "alpha-vs-%zz"])
def test_an_address_that_is_no_utf8_is_answered_in_words(visitor: Visitor, raw: str) -> None:
    visitor.reads(f"/compare/{raw}", 404)


# The picker


def chosen_on(page: Page) -> list[str]:
    return [each.get("value", "") for each in page.all("input") if each.get("name") == "tool"]


def picked(visitor: Visitor, *tools: str, **rest: str) -> str:
    page = visitor.reads(f"/compare?{urlencode([('tool', tool) for tool in tools] + list(rest.items()))}", 302)
    return str(page.headers["Location"])


@pytest.mark.parametrize(
    ("tools", "pair"),
    [
        (["beta", "alpha"], "alpha-vs-beta"),
        (["beta", "", "alpha", ""], "alpha-vs-beta"),
        (["Beta", "ALPHA"], "alpha-vs-beta"),
        (["delta", "gamma", "beta", "alpha"], "alpha-vs-beta-vs-delta-vs-gamma"),
    ],
)
def test_the_picker_leads_to_the_comparison(visitor: Visitor, tools: list[str], pair: str) -> None:
    assert picked(visitor, *tools) == f"/compare/{pair}"


@pytest.mark.parametrize("query", ["", "tool=", "tool=alpha", "tool=&tool=&tool=alpha"])
def test_fewer_than_two_tools_show_the_picker(visitor: Visitor, query: str) -> None:
    page = visitor.reads(f"/compare?{query}")
    assert chosen_on(page) == (["alpha"] if "alpha" in query else [])


@ON_ONE_SHARED_DATABASE
@pytest.mark.parametrize("query", ["tool=alpha&tool=alpha", "tool=beta&tool=alpha&tool=beta", "tool=beta&tool=Beta"])
def test_a_tool_chosen_twice_is_refused_in_words(visitor: Visitor, query: str) -> None:
    assert "A comparison needs different tools; you chose one twice." in visitor.reads(f"/compare?{query}", 422).words


@ON_ONE_SHARED_DATABASE
def test_more_shows_the_picker_with_what_was_chosen(visitor: Visitor) -> None:
    page = visitor.reads("/compare?tool=alpha&tool=beta&more=1")
    assert chosen_on(page) == ["alpha", "beta"]


@pytest.mark.parametrize(
    "query", ["tool=alpha-old", "tool=Zulu-Old&tool=alpha-old&more=1", "tool=alpha&tool=alpha-old&more=1"]
)
def test_the_picker_shows_a_tool_that_was_chosen_by_a_former_slug(visitor: Visitor, query: str) -> None:
    page = visitor.reads(f"/compare?{query}")
    assert chosen_on(page) == ["alpha"]


@ON_ONE_SHARED_DATABASE
def test_five_tools_are_too_many_for_the_picker_and_it_says_so(visitor: Visitor) -> None:
    page = visitor.reads(
        "/compare?" + "&".join(f"tool={slug}" for slug in ("alpha", "beta", "gamma", "delta", "epsilon")), 422
    )
    assert "A comparison holds 4 tools at most; you chose 5." in page.words
    assert chosen_on(page) == ["alpha", "beta", "gamma", "delta"]


@pytest.mark.parametrize("tool", ["//evil.example", "\r\nSet-Cookie: a=b", "a/b", "../..", "é", "x" * 3_000, "?", "#"])
def test_whatever_is_picked_leads_to_an_answer_of_our_own(visitor: Visitor, tool: str) -> None:
    location = picked(visitor, "alpha", tool)
    assert location.startswith("/compare/")
    assert "\r" not in location
    assert "\n" not in location
    assert visitor.reads(location, visitor.opens("GET", location).status_code).status in {301, 308, 400, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/compare?tool=alpha&tool=%00",
        "/compare/%00",
        "/compare/alpha-vs-%00",
        "/tools/%00",
        "/tools/%00/vote",
        "/tools?category=%00",
        "/tools?q=%00",
        "/votes/mine?tool=%00",
        "/?%00",
    ],
)
def test_an_address_with_a_nul_makes_no_sense(visitor: Visitor, path: str) -> None:
    assert "a character that cannot stand in one" in visitor.reads(path, 400, htmx="mine" in path).words


def offered_on(page: Page) -> list[str]:
    return [each.get("href", "") for each in page.all("a", within=page.by_id("choices"))]


def test_the_picker_finds_published_tools_and_keeps_what_is_chosen(visitor: Visitor) -> None:
    page = visitor.reads("/compare?tool=alpha&tool=beta&more=1&q=gamm")
    assert offered_on(page)[0] == "/compare?tool=alpha&tool=beta&tool=gamma&more=1"
    assert chosen_on(page) == ["alpha", "beta"]
    assert offered_on(visitor.reads("/compare?q=hidden")) == ["/tools?q=hidden"]


def test_the_picker_corrects_a_name_and_offers_a_pair(visitor: Visitor) -> None:
    assert offered_on(visitor.reads("/compare?q=gmama"))[:2] == ["/compare?q=gamma", "/compare?tool=gamma"]
    assert offered_on(visitor.reads("/compare?q=gamma vs beta"))[0] == "/compare/beta-vs-gamma"


@ON_ONE_SHARED_DATABASE
def test_a_chosen_tool_is_not_offered_again_and_can_be_removed(visitor: Visitor) -> None:
    page = visitor.reads("/compare?tool=alpha&tool=beta&more=1&q=alpha")
    assert offered_on(page) == ["/tools?q=alpha&tool=alpha&tool=beta"]
    removing = [each.get("href") for each in page.all("a", within=page.one("ol", "slots"))]
    assert removing == ["/compare?tool=beta&q=alpha", "/compare?tool=alpha&q=alpha"]
    (go,) = [each.get("href") for each in page.all("a", "button")]
    assert go == "/compare/alpha-vs-beta"


@ON_ONE_SHARED_DATABASE
def test_four_tools_leave_nothing_to_search_for(visitor: Visitor) -> None:
    page = visitor.reads("/compare?tool=alpha&tool=beta&tool=gamma&tool=delta&more=1")
    assert not any(each.get("name") == "q" for each in page.all("input", within=page.main))
    assert not page.all("section", "choices")


@ON_ONE_SHARED_DATABASE
def test_a_tool_that_is_unknown_is_named(visitor: Visitor) -> None:
    assert "We know no tool called “nobody”." in visitor.reads("/compare?tool=nobody").words
