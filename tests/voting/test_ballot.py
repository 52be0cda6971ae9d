"""One voter's ballot: set, changed, taken back, repeated."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount, listening
from tests.makers import NOW
from tests.voting.world import ALLOWANCE, SHIP, SKIP, crowd, figures, ledger, names, rows, say, standing
from verdicts.extensions import begin_write, db
from verdicts.voting import ballot
from verdicts.voting.community import Community
from verdicts.voting.models import Occasion, Standing, tally, vote, vote_event
from verdicts.voting.recount import recount
from verdicts.voting.tallying import Figures, standing_of

LATER = NOW + timedelta(hours=1)


def test_a_ballot_counts_and_says_so(tool: int) -> None:
    mine = say(tool, "ann", SHIP)
    assert (mine.tool_id, mine.verdict, mine.standing, mine.is_counted) == (tool, SHIP, Standing.COUNTED, True)
    assert mine.community == Community(ship=1)
    assert figures(tool) == Figures(ship=1)


def test_a_second_ballot_replaces_the_first(tool: int) -> None:
    say(tool, "ann", SHIP)
    assert say(tool, "ann", SKIP).community == Community(skip=1)
    assert figures(tool) == Figures(skip=1)
    assert rows(vote) == 1


def test_the_same_verdict_again_writes_nothing(tool: int) -> None:
    first = say(tool, "ann", SHIP)
    assert say(tool, "ann", SHIP, now=LATER) == first
    assert len(ledger(tool)) == 1
    assert db.session.scalar(sa.select(vote.c.changed_at)) == NOW


def test_a_ballot_taken_back_stays_as_a_row_without_a_verdict(tool: int) -> None:
    say(tool, "ann", SHIP)
    assert say(tool, "ann", None, now=LATER).community == Community()
    assert figures(tool) == Figures()
    assert db.session.execute(sa.select(vote.c.verdict, vote.c.changed_at)).one() == (None, LATER)


def test_a_ballot_taken_back_twice_is_taken_back_once(tool: int) -> None:
    say(tool, "ann", SHIP)
    say(tool, "ann", None)
    say(tool, "ann", None)
    assert len(ledger(tool)) == 2


def test_taking_back_what_was_never_said_writes_nothing(tool: int) -> None:
    assert say(tool, "ann", None).verdict is None
    assert [rows(table) for table in (vote, vote_event, tally)] == [0, 0, 0]


def test_the_ledger_says_from_what_to_what_when_and_whence(tool: int) -> None:
    say(tool, "ann", SHIP, network="n1")
    say(tool, "ann", SKIP, network="n2", now=LATER)
    first, second = ledger(tool)
    assert (first.occasion, first.from_verdict, first.to_verdict, first.network) == (Occasion.CAST, None, SHIP, "n1")
    assert (second.from_verdict, second.to_verdict, second.at, second.network) == (SHIP, SKIP, LATER, "n2")


def test_ballots_for_different_tools_are_apart(tool: int, other_tool: int) -> None:
    say(tool, "ann", SHIP)
    say(other_tool, "ann", SKIP)
    assert (figures(tool), figures(other_tool)) == (Figures(ship=1), Figures(skip=1))


@pytest.mark.parametrize(
    ("number", "allowance", "expected"),
    [(1, 1, Standing.COUNTED), (2, 1, Standing.WAITING), (20, 20, Standing.COUNTED), (21, 20, Standing.WAITING)],
)
def test_an_allowance_is_how_many_count_at_once(number: int, allowance: int, expected: Standing) -> None:
    assert standing_of(number, allowance) is expected


def test_beyond_the_allowance_new_voters_of_a_network_wait(tool: int) -> None:
    crowd(tool, names("early", ALLOWANCE), SHIP, network="n1")
    late = say(tool, "late", SHIP, network="n1")
    assert (late.standing, late.is_counted) == (Standing.WAITING, False)
    assert late.community == Community(ship=ALLOWANCE, waiting=1)


def test_a_network_is_counted_for_each_tool_and_network_alone(tool: int, other_tool: int) -> None:
    crowd(tool, names("early", ALLOWANCE), SHIP, network="n1")
    assert say(other_tool, "late", SHIP, network="n1").is_counted
    assert say(tool, "later", SHIP, network="n2").is_counted


def test_a_voter_who_took_back_still_uses_up_the_allowance(tool: int) -> None:
    say(tool, "ann", SHIP, network="n1", allowance=1)
    say(tool, "ann", None, network="n1", allowance=1)
    assert not say(tool, "ben", SHIP, network="n1", allowance=1).is_counted


def test_without_a_network_nothing_is_set_aside(tool: int) -> None:
    crowd(tool, names("v", ALLOWANCE + 5), SHIP, network=None)
    assert figures(tool) == Figures(ship=ALLOWANCE + 5)


def test_a_standing_is_kept_through_changes_and_networks(tool: int) -> None:
    say(tool, "ann", SHIP, network="n1", allowance=1)
    say(tool, "ben", SHIP, network="n1", allowance=1)
    assert say(tool, "ben", SKIP, network="n2", allowance=1).standing is Standing.WAITING
    say(tool, "ben", None, network="n2", allowance=1)
    assert say(tool, "ben", SHIP, network=None).standing is Standing.WAITING
    assert standing(tool, "ann") is Standing.COUNTED
    assert figures(tool) == Figures(ship=1, waiting=1)


def test_a_ballot_costs_few_statements(tool: int, statements: StatementCount) -> None:
    say(tool, "ann", SHIP, network="n1")
    say(tool, "ben", SHIP, network="n1")
    before = len(statements)
    say(tool, "cat", SHIP, network="n1")
    assert len(statements) - before == 5
    say(tool, "cat", SKIP, network="n1")
    assert len(statements) - before == 11
    say(tool, "cat", SKIP, network="n1")
    assert len(statements) - before == 13


@pytest.mark.parametrize("verdict", [SHIP, None], ids=["change", "take back"])
@pytest.mark.parametrize("last", range(1, 6))
def test_a_fault_before_the_commit_leaves_nothing(app: Flask, tool: int, verdict: object, last: int) -> None:
    say(tool, "ann", SKIP)
    sent: list[str] = []

    def fail(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)
        if len([each for each in sent if not each.startswith("BEGIN")]) == last:
            raise RuntimeError("the power is gone")

    with listening("after_cursor_execute", fail):
        begin_write()
        with pytest.raises(RuntimeError, match="the power is gone"):
            ballot.cast(
                db.session.connection(), tool, voter="ann", networks=[], verdict=verdict, allowance=1, now=LATER
            )  # type: ignore[arg-type]
    db.session.rollback()
    assert figures(tool) == Figures(skip=1)
    assert len(ledger(tool)) == 1
    assert recount() == []
