"""The recount finds whatever does not add up, and nothing else."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.voting.world import SHIP, SKIP, crowd, names, say
from verdicts.extensions import db
from verdicts.voting.models import Standing, pair_readers, tally, vote, vote_event
from verdicts.voting.recount import Difference, recount


@pytest.fixture
def voted(tool: int) -> int:
    """A tool with a ship, a skip, and a ballot taken back."""
    crowd(tool, ["ann", "cat"], SHIP)
    say(tool, "ben", SKIP)
    say(tool, "cat", None)
    return tool


def spoil(statement: sa.Update | sa.Delete | sa.Insert) -> None:
    db.session.execute(statement)
    db.session.commit()


def test_what_was_cast_adds_up(voted: int) -> None:
    assert recount() == []


def test_no_votes_add_up_too(tool: int) -> None:
    assert recount() == []


@pytest.mark.parametrize("what", ["ship", "skip", "waiting", "held", "discarded"])
def test_a_wrong_figure_is_found(voted: int, other_tool: int, what: str) -> None:
    right = {"ship": 1, "skip": 1}.get(what, 0)
    spoil(sa.update(tally).values({what: 7}))
    assert recount() == [Difference(voted, what, stored=7, ledger=right)]


def test_a_missing_tally_is_found(voted: int) -> None:
    spoil(sa.delete(tally))
    assert recount() == [Difference(voted, "ship", 0, 1), Difference(voted, "skip", 0, 1)]


def test_a_tally_without_a_ledger_is_found(tool: int) -> None:
    spoil(sa.insert(tally).values(tool_id=tool, ship=1, skip=0, waiting=0, held=0, discarded=0))
    assert recount() == [Difference(tool, "ship", stored=1, ledger=0)]


@pytest.mark.parametrize(
    ("wrong", "stored", "ledger"),
    [
        (lambda: sa.update(vote).where(vote.c.voter == "ann").values(verdict=SKIP), 1, 1),
        (lambda: sa.update(vote).where(vote.c.voter == "ann").values(verdict=None), 1, 1),
        (lambda: sa.update(vote).where(vote.c.voter == "cat").values(standing=Standing.HELD), 1, 1),
        (lambda: sa.delete(vote).where(vote.c.voter.in_(["ann", "cat"])), 0, 2),
    ],
    ids=["verdict", "taken back", "standing", "lost"],
)
def test_a_ballot_that_is_not_what_the_ledger_says_is_found(
    voted: int, wrong: Callable[[], sa.Update | sa.Delete], stored: int, ledger: int
) -> None:
    spoil(wrong())
    assert recount() == [Difference(voted, "ballots", stored, ledger)]


def test_a_ballot_that_the_ledger_does_not_know_is_found(voted: int) -> None:
    copy = sa.select(vote.c.tool_id, sa.literal("eve"), vote.c.verdict, vote.c.standing, vote.c.first_at)
    columns = [vote.c.tool_id, vote.c.voter, vote.c.verdict, vote.c.standing, vote.c.first_at, vote.c.changed_at]
    ann = copy.add_columns(vote.c.changed_at).where(vote.c.voter == "ann")
    spoil(sa.insert(vote).from_select(columns, ann))
    assert recount() == [Difference(voted, "ballots", stored=1, ledger=0)]


@pytest.mark.parametrize("wrong", [sa.update(pair_readers).values(ship_skip=7), sa.delete(pair_readers)])
def test_a_wrong_count_of_a_pair_is_found(
    tool: int, other_tool: int, few_make_popular: None, wrong: sa.Update | sa.Delete
) -> None:
    crowd(tool, names("v", 4), SHIP)
    crowd(other_tool, names("v", 4), SKIP)
    spoil(wrong)
    stored = 7 if isinstance(wrong, sa.Update) else 0
    assert recount() == [Difference(tool, "ship_skip", stored, 4, rival_id=other_tool)]


def test_a_lost_ledger_line_is_found(voted: int) -> None:
    spoil(sa.delete(vote_event).where(vote_event.c.voter == "ben"))
    assert recount() == [Difference(voted, "ballots", 1, 0), Difference(voted, "skip", stored=1, ledger=0)]


def test_blanked_names_change_nothing(voted: int) -> None:
    spoil(sa.delete(vote))
    spoil(sa.update(vote_event).values(voter=None))
    assert recount() == []


def test_tools_are_recounted_apart(voted: int, other_tool: int) -> None:
    crowd(other_tool, names("v", 3), SKIP)
    spoil(sa.update(tally).where(tally.c.tool_id == other_tool).values(skip=4))
    assert recount() == [Difference(other_tool, "skip", stored=4, ledger=3)]
