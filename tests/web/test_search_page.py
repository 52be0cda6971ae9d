"""The search page: what it says where it searched for something else, and where two tools are asked for."""

import pytest
from flask import Flask

from tests.conftest import StatementCount
from tests.makers import NOW, make_category, make_tool
from tests.web.visitor import Visitor
from verdicts.catalog import search_index
from verdicts.catalog.kinds import ToolState
from verdicts.catalog.models import Tool, ToolSlug
from verdicts.extensions import db


def make_two() -> None:
    make_tool("claude", name="Claude")
    make_tool("chatgpt", name="ChatGPT", synonyms=["gpt"])


def test_a_misspelled_name_finds_its_tool_and_says_so_with_a_link(visitor: Visitor) -> None:
    make_two()
    page = visitor.reads("/tools?q=chatgtp").html
    assert 'Did you mean <a href="/tools?q=chatgpt">chatgpt</a>?' in page
    assert 'href="/tools/chatgpt"' in page
    assert "Did you mean" not in visitor.reads("/tools?q=chatgpt").html


def test_nothing_near_is_nothing_found(visitor: Visitor) -> None:
    make_two()
    page = visitor.reads("/tools?q=zzzzqq").html
    assert "Nothing found" in page
    assert "Did you mean" not in page


def test_a_tool_that_has_ended_is_not_proposed_for_some_words(visitor: Visitor) -> None:
    make_tool("wren", name="Wren", state=ToolState.RETIRED)
    assert "Nothing found" in visitor.reads("/tools?q=wren in pictures").words
    assert "Wren" in visitor.reads("/tools?q=wren").words


def test_nothing_found_leads_to_the_categories(visitor: Visitor) -> None:
    make_tool("wren", category_id=make_category("birds", name="Birds").id)
    assert "/categories/birds" in visitor.reads("/tools?q=zzzz").links()


@pytest.mark.parametrize("path", ["/tools", "/compare"])
def test_words_of_which_no_tool_has_all_find_those_with_some_and_say_so(visitor: Visitor, path: str) -> None:
    make_two()
    page = visitor.reads(f"{path}?q=claude for pictures").words
    assert "some words of “claude for pictures”" in page or "No tool has all the words of “claude for pictures”" in page
    assert "Nothing found" not in page
    assert "Claude" in page


@pytest.mark.parametrize(
    "text", ["claude vs chatgpt", "ChatGPT vs. Claude", "claude versus gpt", "cluade or chatgtp", "Claude VS GPT"]
)
def test_two_names_offer_the_pair_and_list_both(visitor: Visitor, text: str) -> None:
    make_two()
    page = visitor.reads(f"/tools?q={text}").html
    assert 'href="/compare/chatgpt-vs-claude"' in page
    assert "<b>2 tools</b>" in page


@pytest.mark.parametrize("text", ["claude vs nothing", "claude vs claude", "vs", " or ", "a or b or c", "claude vs"])
def test_what_names_no_two_tools_offers_no_pair(visitor: Visitor, text: str) -> None:
    make_two()
    assert "/compare/chatgpt-vs-claude" not in visitor.reads(f"/tools?q={text}").html


def test_words_that_only_stand_in_descriptions_offer_no_pair(visitor: Visitor) -> None:
    make_tool("wren", name="Wren", description="Makes text.")
    make_tool("finch", name="Finch", description="Makes images.")
    assert "/compare/" not in visitor.reads("/tools?q=text or images").html.split('id="results"')[1]


def test_the_form_names_no_order_that_the_visitor_did_not_choose(visitor: Visitor) -> None:
    make_two()
    assert '<option value="" selected>Editors’ order</option>' in visitor.reads("/tools").html
    assert '<option value="" selected>Best match</option>' in visitor.reads("/tools?q=claude").html
    assert '<option value="name" selected>Name</option>' in visitor.reads("/tools?q=claude&sort=name").html


@pytest.mark.parametrize("tools", [10, 400])
@pytest.mark.parametrize(("text", "expected"), [("tool", 8), ("claudde", 10), ("zzzzqq", 9), ("claude vs chatgtp", 11)])
def test_a_search_takes_its_number_of_statements_however_many_tools(
    app: Flask, statements: StatementCount, tools: int, text: str, expected: int
) -> None:
    make_two()
    add_tools(tools)
    before = len(statements)
    Visitor(app).reads(f"/tools?q={text}")
    assert statements.of_pages(before) == expected


def add_tools(number: int) -> None:
    for at in range(number):
        db.session.add(
            Tool(
                name=f"Tool {at}",
                published_at=NOW,
                position=100 + at,
                slugs=[ToolSlug(slug=f"tool-{at}", is_current=True, position=0)],
            )
        )
    db.session.flush()
    search_index.reindex_all()
    db.session.commit()
