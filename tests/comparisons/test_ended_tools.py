"""Tools that were renamed or retired are found, but proposed nowhere."""

import pytest
from flask import Flask

from tests.digest.weekly import THIS_WEEK
from tests.makers import NOW, make_category, make_comparison, make_pick, make_tool, make_votes
from verdicts.catalog import directory, picks, queries
from verdicts.catalog.kinds import ToolState
from verdicts.comparisons import alternatives, featured, finder, related
from verdicts.comparisons.finder import ToolQuery
from verdicts.comparisons.tool_orders import Sort
from verdicts.curation import worklists
from verdicts.digest.gathering import gather_news


@pytest.mark.parametrize("state", [ToolState.RENAMED, ToolState.RETIRED])
def test_a_tool_that_ended_is_proposed_nowhere_and_found_where_it_is_looked_for(app: Flask, state: ToolState) -> None:
    kind = make_category("editors")
    own = make_tool("own", category_id=kind.id)
    ended = make_tool("ended", category_id=kind.id, state=state, successor_id=own.id)
    make_pick(kind, "speed", ended)
    make_pick(kind, "ease", own, ended)
    make_comparison(own, ended)
    make_votes(ended, ship=range(3))
    summary = queries.find_published("own", NOW)
    assert summary
    assert [tool.slug for tool in directory.list_newest(NOW, 9)] == ["own"]
    assert alternatives.load(summary, NOW).rows == ()
    assert [(pick.need, pick.runner_up) for pick in picks.list_in_category(kind.id, NOW)] == [("ease", None)]
    assert featured.load(NOW, 9) == []
    assert [link.names for link in related.load([summary], NOW).links] == [("Ended", "Own")]  # the editors' own
    assert [news.tool_ids for news in gather_news(THIS_WEEK, NOW)] == [(own.id,)]
    assert [due.tool.slug for due in worklists.list_due_prices(1, NOW)[0]] == ["own"]
    found = finder.find_tools(ToolQuery(text="ended"), NOW).tools
    assert [tool.status.successor_at(NOW) for tool in found] == [queries.links_of([own.id])[own.id]]
    partly = finder.find_tools(ToolQuery(text="own ended zebra", sort=Sort.RELEVANCE), NOW)
    assert ([tool.slug for tool in partly.tools], partly.is_partial) == (["own"], True)


def test_a_successor_that_is_not_published_yet_is_not_told(app: Flask) -> None:
    later = make_tool("later", published_at=None)
    make_tool("ended", state=ToolState.RETIRED, successor_id=later.id)
    ended = queries.find_published("ended", NOW)
    assert ended
    assert ended.status.successor_at(NOW) is None
