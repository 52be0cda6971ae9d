"""Tools that ended: their pages ask nothing more, and lists call nothing unknown that nobody looks for."""

from datetime import date, timedelta

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.makers import TODAY, make_category, make_review, make_reviewer, make_revision, make_tool, make_votes
from tests.web.visitor import Visitor
from verdicts.catalog.kinds import ToolState

pytestmark = ON_ONE_SHARED_DATABASE


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    kind = make_category("image-generation").id
    heir = make_tool("heir", name="Heir", category_id=kind)
    ended = {"state": ToolState.RETIRED, "ended_on": date(2026, 5, 12), "successor_id": heir.id, "category_id": kind}
    make_tool("gone", name="Gone", **ended)
    make_votes(make_tool("loved", name="Loved", **ended), ship=range(2))
    make_tool("ending", name="Ending", **ended | {"ended_on": TODAY + timedelta(days=9)})
    turned = make_review(make_tool("turned", category_id=kind), make_reviewer(), "ship", reviewed_on=TODAY)
    make_revision(turned, "skip", until=TODAY, reviewed_on=TODAY - timedelta(days=99))
    return Visitor(shared_app)


@pytest.mark.parametrize("path", ["/tools/gone", "/compare/gone-vs-loved"])
def test_a_tool_that_ended_asks_nothing_more(visitor: Visitor, path: str) -> None:
    words = visitor.reads(path).words
    assert "Retired: readers are not asked any more." in words
    assert not any(each in words for each in ("would you ship", "Be the first", "Not known", "Not verified"))


def test_a_tool_that_ended_asks_nobody_to_follow_it_or_to_doubt_its_price(visitor: Visitor) -> None:
    page = visitor.reads("/tools/gone")
    assert not any(each in page.words for each in ("Follow this tool", "Price wrong?", "Email address"))
    assert "Follow this tool" in visitor.reads("/tools/ending").words


def test_whoever_voted_can_still_take_it_back(visitor: Visitor) -> None:
    assert "/tools/loved/vote" in visitor.reads("/tools/loved").links()
    words = visitor.reads("/tools/loved/vote").words
    assert "Readers are not asked any more." in words
    assert "would you ship" not in words


@pytest.mark.parametrize("path", ["/tools?q=gone", "/categories/image-generation"])
def test_lists_call_nothing_unknown_of_a_tool_that_ended(visitor: Visitor, path: str) -> None:
    (row,) = [each for each in visitor.reads(path).texts("tr") if "Gone" in each]
    assert not any(each in row for each in ("Be the first", "Not known", "Not verified"))


def test_a_tool_whose_end_is_announced_still_asks(visitor: Visitor) -> None:
    assert "would you ship with it?" in visitor.reads("/tools/ending").words


def test_a_successor_says_what_it_replaced_and_when(visitor: Visitor) -> None:
    words = visitor.reads("/tools/heir").words
    assert "Replaced Gone on 12 May 2026." in words
    assert "Will replace Ending on 1 Dec 2026." in words


def test_a_panel_that_turned_says_so_with_its_day(visitor: Visitor) -> None:
    assert "The panel turned to SHIP on 22 Nov 2026" in visitor.reads("/tools/turned").words
