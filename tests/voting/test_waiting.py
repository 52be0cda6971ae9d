"""Ballots that wait: a day, or for an editor."""

from datetime import timedelta

import pytest

from tests.conftest import StatementCount
from tests.makers import NOW
from tests.voting.world import SHIP, SKIP, crowd, decide, figures, ledger, masses, names, release_all_due, say, standing
from verdicts.extensions import begin_write, db
from verdicts.voting import waiting
from verdicts.voting.models import Occasion, Standing
from verdicts.voting.network_groups import is_one_sided
from verdicts.voting.queries import count_held_groups, held_groups, voters_held
from verdicts.voting.recount import recount
from verdicts.voting.retention import blank_networks
from verdicts.voting.tallying import Figures
from verdicts.voting.waiting import Decided

DAY = timedelta(hours=24)
TOMORROW = NOW + DAY


def hold(tool: int, count: int = 12) -> list[str]:
    """Make a crowd of one opinion whose first ballot counts and whose others are held; return the voters."""
    voters = names("bot", count)
    crowd(tool, voters, SHIP, network="n1", allowance=1)
    release_all_due(TOMORROW)
    return voters


@pytest.mark.parametrize(
    ("ship", "skip", "expected"),
    [(9, 0, False), (10, 0, True), (0, 10, True), (9, 1, True), (8, 2, False), (89, 11, False), (90, 10, True)],
)
def test_ten_voters_who_agree_to_nine_tenths_are_one_sided(ship: int, skip: int, expected: bool) -> None:
    assert is_one_sided(ship, skip) is expected


def test_ballots_wait_for_a_day_and_then_count(tool: int) -> None:
    crowd(tool, ["ann", "ben"], SHIP, network="n1", allowance=1)
    assert release_all_due(TOMORROW - timedelta(seconds=1)) == Decided()
    assert release_all_due(TOMORROW) == Decided(released=1)
    assert figures(tool) == Figures(ship=2)
    assert ledger(tool)[-1].occasion is Occasion.RELEASED


def test_each_ballot_waits_its_own_day(tool: int) -> None:
    say(tool, "ann", SHIP, network="n1", allowance=0)
    say(tool, "ben", SHIP, network="n1", allowance=0, now=NOW + timedelta(hours=2))
    assert release_all_due(TOMORROW) == Decided(released=1)
    assert figures(tool) == Figures(ship=1, waiting=1)


def test_a_one_sided_crowd_is_held_for_an_editor(tool: int) -> None:
    crowd(tool, names("bot", 30), SHIP, network="n1", allowance=20)
    assert release_all_due(TOMORROW) == Decided(held=10)
    assert figures(tool) == Figures(ship=20, waiting=10, held=10)


def test_the_crowd_is_judged_with_those_who_counted_at_once(tool: int) -> None:
    crowd(tool, names("reader", 10), SKIP, network="n1", allowance=20)
    crowd(tool, names("bot", 20), SHIP, network="n1", allowance=20)
    assert release_all_due(TOMORROW) == Decided(released=10)


def test_a_crowd_of_divided_opinion_counts(tool: int) -> None:
    crowd(tool, names("pro", 8), SHIP, network="n1", allowance=0)
    crowd(tool, names("con", 2), SKIP, network="n1", allowance=0)
    assert release_all_due(TOMORROW) == Decided(released=10)
    assert figures(tool) == Figures(ship=8, skip=2)


@pytest.mark.parametrize(("first", "then"), [(10, 8), (8, 10)])
def test_a_crowd_is_judged_by_what_it_said_first_and_by_what_it_says_by_then(tool: int, first: int, then: int) -> None:
    voters = names("v", 10)
    for pros in (first, then):
        crowd(tool, voters[:pros], SHIP, network="n1", allowance=0)
        crowd(tool, voters[pros:], SKIP, network="n1", allowance=0)
    assert release_all_due(TOMORROW) == Decided(held=10)


def test_ballots_taken_back_neither_make_nor_hide_a_crowd(tool: int) -> None:
    crowd(tool, names("bot", 11), SHIP, network="n1", allowance=0)
    crowd(tool, names("bot", 1), None)
    assert release_all_due(TOMORROW) == Decided(held=11)
    assert figures(tool) == Figures(waiting=10, held=10)


def test_one_networks_crowd_does_not_hold_anothers_ballots(tool: int) -> None:
    crowd(tool, names("bot", 10), SHIP, network="n1", allowance=0)
    say(tool, "ann", SHIP, network="n2", allowance=0)
    assert release_all_due(TOMORROW) == Decided(released=1, held=10)
    assert standing(tool, "ann") is Standing.COUNTED


def test_a_waiting_or_held_ballot_may_still_be_changed(tool: int) -> None:
    voters = hold(tool)
    assert say(tool, voters[1], SKIP).standing is Standing.HELD
    say(tool, voters[2], None)
    assert figures(tool) == Figures(ship=1, waiting=10, held=10)


def test_an_editor_releases_what_was_held(tool: int) -> None:
    voters = hold(tool)
    assert decide(tool, voters, Standing.COUNTED, reason="a lecture hall", now=TOMORROW) == 11
    assert figures(tool) == Figures(ship=12)
    last = ledger(tool)[-1]
    assert (last.occasion, last.from_standing, last.reason) == (Occasion.RELEASED, Standing.HELD, "a lecture hall")
    assert say(tool, voters[5], SKIP).is_counted


def test_an_editor_discards_for_good(tool: int) -> None:
    voters = hold(tool)
    assert decide(tool, voters, Standing.DISCARDED, reason="one machine", now=TOMORROW) == 12
    assert figures(tool) == Figures(discarded=12)
    assert say(tool, voters[5], SKIP).standing is Standing.DISCARDED
    assert release_all_due(TOMORROW + DAY) == Decided()


def test_a_decision_repeated_changes_nothing(tool: int) -> None:
    voters = hold(tool)
    for expected in (11, 0):
        assert decide(tool, voters, Standing.COUNTED, reason="known", now=TOMORROW) == expected
    assert recount() == []


def test_a_decision_does_not_touch_other_voters_or_tools(tool: int, other_tool: int) -> None:
    hold(tool)
    crowd(other_tool, names("bot", 4), SHIP)
    assert decide(tool, ["bot0003", "nobody"], Standing.DISCARDED, reason="one machine", now=TOMORROW) == 1
    assert figures(tool) == Figures(ship=1, waiting=10, held=10, discarded=1)
    assert figures(other_tool) == Figures(ship=4)


def test_held_ballots_are_listed_by_tool_and_network(tool: int, other_tool: int) -> None:
    voters = hold(tool)
    say(tool, voters[1], SKIP)
    say(tool, voters[2], None)
    crowd(other_tool, names("x", 10), SKIP, network="n2", allowance=0, now=NOW + timedelta(hours=1))
    release_all_due(TOMORROW + DAY)
    first, second = held_groups(10)
    assert (first.tool_id, first.network, first.since) == (tool, "n1", NOW)
    assert (first.ship, first.skip, first.taken_back) == (9, 1, 1)
    assert (second.tool_id, second.ship, second.skip) == (other_tool, 0, 10)
    assert voters_held(tool, "n1") == voters[1:]
    assert voters_held(tool, None) == []


def test_held_groups_are_counted_and_listed_some_at_a_time(tool: int, other_tool: int) -> None:
    assert count_held_groups() == 0
    db.session.rollback()
    hold(tool)
    for number, network in enumerate(("n2", "n3"), 1):
        voters = names(network, 10)
        crowd(other_tool, voters, SKIP, network=network, allowance=0, now=NOW + timedelta(hours=number))
    release_all_due(TOMORROW + DAY)
    assert count_held_groups() == 3
    assert [group.network for group in held_groups(2)] == ["n1", "n2"]
    assert [group.network for group in held_groups(2, 2)] == ["n3"]


@pytest.mark.parametrize(
    ("to", "after"),
    [
        (Standing.COUNTED, Figures(ship=12, waiting=10, held=10)),
        (Standing.DISCARDED, Figures(ship=1, waiting=10, held=10, discarded=11)),
    ],
)
def test_a_held_group_is_decided_as_a_whole_and_once(tool: int, to: Standing, after: Figures) -> None:
    hold(tool)
    crowd(tool, names("other", 10), SHIP, network="n2", allowance=0)
    release_all_due(TOMORROW + DAY)
    for ballots in (11, 0):
        begin_write()
        assert waiting.decide_group(tool, "n1", to, reason="one machine", now=TOMORROW) == ballots
        db.session.commit()
    assert figures(tool) == after
    assert recount() == []


def test_held_ballots_whose_networks_are_forgotten_are_one_group_a_tool(tool: int) -> None:
    hold(tool)
    crowd(tool, names("other", 10), SHIP, network="n2", allowance=0)
    release_all_due(TOMORROW + DAY)
    while blank_some():
        pass
    (group,) = held_groups(10)
    assert (group.network, group.ballots) == (None, 21)
    db.session.rollback()
    begin_write()
    assert waiting.decide_group(tool, None, Standing.COUNTED, reason="two schools", now=TOMORROW) == 21


def blank_some() -> bool:
    db.session.rollback()
    begin_write()
    some = blank_networks(NOW + 8 * DAY)
    db.session.commit()
    return some is not None


def test_thousands_of_waiting_ballots_are_decided_in_a_few_statements(tool: int, statements: StatementCount) -> None:
    masses(tool, names("pro", 1200), SHIP, Standing.WAITING, names("n", 100))
    masses(tool, names("con", 800), SKIP, Standing.WAITING, names("n", 100))
    before = len(statements)
    assert release_all_due(TOMORROW) == Decided(released=2000)
    batches = 2000 // 500 + 1
    assert len(statements) - before <= 9 * batches
    assert figures(tool) == Figures(ship=1200, skip=800)
    assert recount() == []
