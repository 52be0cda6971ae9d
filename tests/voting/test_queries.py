"""What pages read of the votes, each in one statement."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount
from tests.makers import NOW, make_tool
from tests.voting.world import SHIP, SKIP, crowd, decide, names, release_all_due, say
from verdicts.extensions import db
from verdicts.voting import pair_readers, queries, waiting
from verdicts.voting.community import Community, wilson
from verdicts.voting.models import Standing, tally
from verdicts.voting.queries import Totals
from verdicts.voting.readers_of_both import ReadersOfBoth


def test_a_tool_nobody_voted_on_has_figures_too(tool: int) -> None:
    assert queries.tally_of(tool) == Community()
    assert queries.tallies_of([tool]) == {tool: Community()}
    assert queries.tallies_of([]) == {}


def test_tallies_of_many_tools_are_one_statement(tool: int, other_tool: int, statements: StatementCount) -> None:
    crowd(tool, names("v", 3), SHIP, network="n1", allowance=2)
    before = len(statements)
    assert queries.tallies_of([tool, other_tool]) == {tool: Community(ship=2, waiting=1), other_tool: Community()}
    assert len(statements) - before == 1


def test_a_voters_ballots_are_one_statement(tool: int, other_tool: int, statements: StatementCount) -> None:
    say(tool, "ben", SKIP)
    say(tool, "ann", SHIP)
    before = len(statements)
    (mine,) = queries.ballots_of("ann", [tool, other_tool]).values()
    assert (mine.tool_id, mine.verdict, mine.standing) == (tool, SHIP, Standing.COUNTED)
    assert mine.community == Community(ship=1, skip=1)
    assert len(statements) - before == 1


def test_a_ballot_taken_back_is_still_a_ballot(tool: int) -> None:
    say(tool, "ann", SHIP)
    say(tool, "ann", None)
    assert queries.ballots_of("ann", [tool])[tool].verdict is None


@pytest.mark.parametrize(("popular_from", "statements_of_two"), [(1, 2), (1_000, 3)])
def test_readers_of_both_are_those_with_a_counted_verdict_on_each(
    tool: int,
    other_tool: int,
    statements: StatementCount,
    monkeypatch: pytest.MonkeyPatch,
    popular_from: int,
    statements_of_two: int,
) -> None:
    monkeypatch.setattr(pair_readers, "POPULAR_FROM", popular_from)
    for voter, on_a, on_b in [
        *(("a1", SHIP, SKIP), ("a2", SHIP, SKIP), ("b1", SKIP, SHIP), ("n1", SKIP, SKIP)),
        *(("s1", SHIP, SHIP), ("s2", SHIP, SHIP), ("s3", SHIP, SHIP)),
    ]:
        say(tool, voter, on_a)
        say(other_tool, voter, on_b)
    say(tool, "only one", SHIP)
    crowd(other_tool, ["took back"], SHIP)
    crowd(tool, ["took back"], SHIP)
    say(tool, "took back", None)
    say(other_tool, "waits", SKIP, network="n1", allowance=0)
    say(tool, "waits", SHIP)
    before = len(statements)
    assert queries.readers_of_both(tool, other_tool) == ReadersOfBoth(only_a=2, only_b=1, both=3, neither=1)
    assert queries.readers_of_both(other_tool, tool) == ReadersOfBoth(only_a=1, only_b=2, both=3, neither=1)
    assert len(statements) - before == statements_of_two


def test_readers_of_both_follow_each_vote(tool: int, other_tool: int) -> None:
    for voter in ("ann", "bob"):
        say(tool, voter, SHIP)
        say(other_tool, voter, SHIP)
    assert queries.readers_of_both(tool, other_tool) == ReadersOfBoth(both=2)
    say(tool, "ann", SKIP)
    assert queries.readers_of_both(tool, other_tool) == ReadersOfBoth(only_b=1, both=1)
    say(other_tool, "bob", None)
    assert queries.readers_of_both(tool, other_tool) == ReadersOfBoth(only_b=1)


def test_nobody_judged_both_of_two_new_tools(tool: int, other_tool: int) -> None:
    assert queries.readers_of_both(tool, other_tool) == ReadersOfBoth()


def test_totals_are_all_tools_together(tool: int, other_tool: int) -> None:
    assert queries.totals() == Totals(0, 0, 0, 0)
    db.session.rollback()
    crowd(tool, names("bot", 12), SHIP, network="n1", allowance=1)
    crowd(other_tool, names("v", 4), SKIP, network="n1", allowance=3)
    release_all_due(NOW + waiting.WAITING_TIME)
    decide(tool, ["bot0000", "bot0001"], Standing.DISCARDED, now=NOW)
    assert queries.totals() == Totals(counted=4, waiting=10, held=10, discarded=2)


@pytest.mark.parametrize(("network", "expected"), [(None, True), ("n1", False)])
def test_ballots_without_a_network_are_noticed(tool: int, network: str | None, expected: bool) -> None:
    say(tool, "ann", SHIP, network=network, allowance=0)
    decide(tool, ["ann"], Standing.COUNTED, now=NOW)
    assert queries.has_ballots_from([None], NOW) is expected
    assert queries.has_ballots_from(["n0", "n1"], NOW) is not expected
    assert not queries.has_ballots_from([], NOW)
    assert not queries.has_ballots_from([None, "n1"], NOW + waiting.WAITING_TIME)


def test_tools_stand_by_the_lower_ends_of_their_intervals(app: Flask) -> None:
    figures = [(0, 0), (20, 9), (30, 0), (0, 30), (15, 15), (29, 1), (900, 100), (499_999, 1), (1, 499_999)]
    rows = [{"tool_id": make_tool(f"tool-{ship}-{skip}").id, "ship": ship, "skip": skip} for ship, skip in figures]
    rest = {"waiting": 0, "held": 0, "discarded": 0}
    db.session.execute(sa.insert(tally), [row | rest for row in rows])
    stored = dict(db.session.execute(sa.select(tally.c.tool_id, tally.c.readers_place)).all())
    lower_ends = {row["tool_id"]: -wilson(row["ship"], row["skip"] + row["ship"]).low for row in rows[2:]}
    assert stored == pytest.approx({rows[0]["tool_id"]: None, rows[1]["tool_id"]: None, **lower_ends})
