"""The front page: two lists that lead to a comparison, categories, the featured comparison, and what is contested."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_category, make_comparison, make_pick, make_tool
from tests.web.visitor import Page, Visitor, words_of
from verdicts.catalog.kinds import ToolState
from verdicts.web import pages


def offered(page: Page) -> list[str]:
    """Return the slugs that the first of the two lists offers."""
    slugs = [option.get("value", "") for option in page.all("option")]
    return slugs[1 : len(slugs) // 2]


@ON_ONE_DATABASE
def test_two_lists_offer_tools_that_go_on_under_their_categories(app: Flask) -> None:
    kind = make_category("editors")
    make_tool("zed", category_id=kind.id)
    make_tool("emacs", category_id=kind.id)
    make_tool("loose")
    make_tool("draft", published_at=None)
    make_tool("gone", state=ToolState.RETIRED)
    page = Visitor(app).reads("/")
    assert offered(page) == ["loose", "emacs", "zed"]
    assert [group.get("label") for group in page.all("optgroup")] == ["Editors", "Editors"]


@ON_ONE_DATABASE
def test_the_lists_are_as_long_with_many_tools(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "CHOICES_ON_FRONT", 3)
    for number in range(5):
        make_tool(f"tool-{number}")
    assert offered(Visitor(app).reads("/")) == ["tool-0", "tool-1", "tool-2"]


@ON_ONE_DATABASE
def test_a_single_tool_is_nothing_to_choose_from(app: Flask) -> None:
    make_tool("alone")
    assert Visitor(app).reads("/").all("select") == []


@ON_ONE_DATABASE
def test_the_featured_comparison_has_its_bottom_line(app: Flask) -> None:
    make_comparison(make_tool("zed"), make_tool("emacs"), bottom_line="Take *either*.", featured=True)
    assert "Take either." in Visitor(app).reads("/").words


@ON_ONE_DATABASE
def test_each_category_offers_its_first_pick_that_goes_on_by_need(app: Flask) -> None:
    zed, gone = make_tool("zed"), make_tool("gone", state=ToolState.RETIRED)
    editors, chat, video = make_category("editors"), make_category("chat"), make_category("video")
    make_pick(chat, "talking", zed)
    make_pick(editors, "speed", gone)
    make_pick(editors, "ease", zed)
    make_pick(editors, "looks", zed)
    make_pick(video, "film", gone)
    page = Visitor(app).reads("/")
    (offered,) = [each for each in page.all("section") if each.get("aria-labelledby") == "best"]
    links = [(each.get("href"), words_of(each)) for each in page.all("a", within=offered)]
    assert links == [("/categories/editors#picks", "ease Zed"), ("/categories/chat#picks", "talking Zed")]


@ON_ONE_DATABASE
def test_a_demo_says_at_the_top_of_a_page_that_its_content_is_made_up(
    app: Flask, app_with: Callable[..., Flask]
) -> None:
    label = "Sample verdicts and votes"
    page = Visitor(app_with(DEMO="1")).reads("/")
    (link,) = [each for each in page.all("a") if words_of(each) == label]
    assert "the votes are made up" in words_of(page.by_id((link.get("href") or "").removeprefix("#")))
    assert label not in Visitor(app).reads("/").words
