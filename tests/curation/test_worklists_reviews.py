"""What the panel still has to say: old reviews and gaps, most voted first."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.makers import NOW, make_review, make_reviewer, make_tool, make_votes
from verdicts.catalog.models import Tool
from verdicts.curation import worklists
from verdicts.extensions import db

OLD = NOW.date() - timedelta(days=181)
pytestmark = pytest.mark.usefixtures("app")


def test_reviews_over_180_days_are_listed_most_voted_tool_first() -> None:
    wren, finch = make_tool("wren"), make_tool("finch")
    builder = make_reviewer("builder")
    make_review(wren, builder, reviewed_on=OLD)
    make_review(finch, builder, reviewed_on=OLD)
    make_votes(finch, ship=[1, 2])
    found, total = worklists.list_old_reviews(1, NOW)
    assert ([each.tool.slug for each in found], total) == (["finch", "wren"], 2)
    assert found[0].votes == 2
    assert worklists.count_old_reviews(NOW) == 2


@pytest.mark.parametrize("days", [0, 180])
def test_a_review_is_not_old_within_180_days(days: int) -> None:
    make_review(make_tool("wren"), make_reviewer("builder"), reviewed_on=NOW.date() - timedelta(days=days))
    assert worklists.list_old_reviews(1, NOW) == ([], 0)


def test_an_old_review_of_a_draft_or_by_somebody_who_has_left_waits_for_nobody() -> None:
    make_review(make_tool("draft", published_at=None), make_reviewer("builder"), reviewed_on=OLD)
    make_review(make_tool("wren"), make_reviewer("gone", archived_at=NOW), reviewed_on=OLD)
    assert worklists.count_old_reviews(NOW) == 0


def test_a_tool_has_a_gap_for_everybody_on_the_panel_who_has_not_spoken() -> None:
    wren, finch = make_tool("wren"), make_tool("finch")
    make_tool("draft", published_at=None)
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    make_reviewer("gone", archived_at=NOW)
    make_review(wren, builder)
    make_review(finch, builder)
    make_review(finch, skeptic)
    found, total = worklists.list_incomplete_panels(1, NOW)
    assert ([(each.tool.slug, each.missing) for each in found], total) == ([("wren", 1)], 1)


def test_of_too_many_those_of_the_most_read_tools_come_first_and_then_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    builder, _silent = make_reviewer("builder"), make_reviewer("silent")
    for age, slug in enumerate(("wren", "finch", "robin", "swift", "heron")):
        make_review(make_tool(slug), builder, reviewed_on=OLD - timedelta(days=age))
    for slug, votes in (("robin", 3), ("swift", 2), ("wren", 1)):
        make_votes(db.session.scalars(sa.select(Tool).where(Tool.slugs.any(slug=slug))).one(), ship=range(votes))
    monkeypatch.setattr(worklists, "MAX_COUNTED", 0)
    monkeypatch.setattr(worklists, "MOST_READ", 2)
    listed = {
        load: [each.tool.slug for page in (1, 2) for each in load(page, NOW)[0]]
        for load in (worklists.list_old_reviews, worklists.list_incomplete_panels)
    }
    assert listed == {
        worklists.list_old_reviews: ["robin", "swift", "heron", "finch", "wren"],
        worklists.list_incomplete_panels: ["robin", "swift", "wren", "finch", "heron"],
    }
