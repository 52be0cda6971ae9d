"""Somebody with many ballots from one network, who knows the rules: at most the first allowance counts."""

import random
from datetime import datetime, timedelta

import pytest

from tests.conftest import first_on_both
from tests.makers import NOW
from tests.voting.world import ALLOWANCE, SHIP, SKIP, crowd, decide, figures, names, release_all_due, say, standing
from verdicts.catalog.kinds import Verdict
from verdicts.extensions import begin_write, db
from verdicts.voting import ballot, merging
from verdicts.voting.models import Standing
from verdicts.voting.network_groups import MAX_RELEASED
from verdicts.voting.recount import recount
from verdicts.voting.tallying import Figures
from verdicts.voting.waiting import Decided

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VOTERS = names("bot", 200)


@pytest.mark.parametrize("disguise", [SKIP, None], ids=["vote against", "take back"])
def test_thirty_that_are_released_and_then_all_change_are_held_again(tool: int, disguise: Verdict | None) -> None:
    voters = VOTERS[:30]
    crowd(tool, voters[:15], SHIP, network="n1")
    crowd(tool, voters[15:], SKIP if disguise else SHIP, network="n1")
    crowd(tool, voters[15:], disguise)
    release_all_due(NOW + DAY)
    crowd(tool, voters, SHIP, now=NOW + DAY)
    assert figures(tool) == Figures(ship=20, waiting=10, held=10)
    assert recount() == []


def test_one_change_of_a_released_ballot_shows_its_voter_that_it_is_held(tool: int) -> None:
    crowd(tool, VOTERS[:20], SHIP, network="n1")
    crowd(tool, VOTERS[20:23], SKIP, network="n1")
    release_all_due(NOW + DAY)
    assert figures(tool) == Figures(ship=20, skip=3)
    changed = say(tool, VOTERS[22], SHIP, now=NOW + DAY)
    assert (changed.standing, changed.community.counted, changed.community.waiting) == (Standing.HELD, 20, 3)
    assert figures(tool) == Figures(ship=20, waiting=3, held=3)


def test_a_network_with_few_voters_is_not_judged(tool: int) -> None:
    crowd(tool, VOTERS[:20], SKIP, network="n1")
    crowd(tool, VOTERS[:20], SHIP)
    assert figures(tool) == Figures(ship=20)


def test_what_an_editor_has_counted_stays(tool: int) -> None:
    crowd(tool, VOTERS[:30], SHIP, network="n1")
    release_all_due(NOW + DAY)
    assert decide(tool, VOTERS[20:30], Standing.COUNTED, now=NOW + DAY) == 10
    say(tool, VOTERS[0], SKIP, now=NOW + DAY)
    crowd(tool, VOTERS[30:60], SHIP, network="n1", now=NOW + DAY)
    assert figures(tool) == Figures(ship=29, skip=1, waiting=30, held=30)
    assert recount() == []


def test_a_network_of_too_many_voters_waits_for_an_editor_whatever_they_say(tool: int) -> None:
    limit = ALLOWANCE + MAX_RELEASED
    crowd(tool, VOTERS[:20], SHIP, network="n1")
    crowd(tool, VOTERS[20:limit], SKIP, network="n1")
    assert release_all_due(NOW + DAY) == Decided(released=MAX_RELEASED)
    one_more = say(tool, VOTERS[limit], SKIP, network="n1", now=NOW + DAY)
    assert one_more.standing is Standing.HELD
    assert one_more.community.counted == 20
    assert say(tool, VOTERS[limit + 1], SKIP, network="n1", now=NOW + DAY).standing is Standing.HELD
    assert standing(tool, VOTERS[0]) is Standing.COUNTED


@first_on_both("on_other", [20, 21, 39])
def test_a_merge_past_the_most_voters_of_a_network_is_judged_at_their_next_vote(
    tool: int, other_tool: int, on_other: int
) -> None:
    crowd(tool, VOTERS[:20], SHIP, network="n1")
    crowd(other_tool, VOTERS[100 : 100 + on_other], SKIP, network="n1")
    release_all_due(NOW + HOUR)
    merge(tool, other_tool, NOW + HOUR)
    assert figures(tool) == Figures(ship=20, skip=20, waiting=on_other - 20)
    crowd(tool, VOTERS[20:22], SKIP, network="n1", now=NOW + 2 * HOUR)
    assert figures(tool) == Figures(ship=20, waiting=on_other + 2, held=on_other + 2)
    assert recount() == []


def test_a_lower_allowance_holds_what_is_beyond_it_at_the_networks_next_vote(tool: int) -> None:
    crowd(tool, VOTERS[:35], SHIP, network="n1")
    assert say(tool, VOTERS[35], SHIP, network="n1", allowance=10).standing is Standing.HELD
    assert figures(tool) == Figures(ship=10, waiting=26, held=26)
    assert recount() == []


def test_days_of_one_network_are_added_up(tool: int) -> None:
    days = [f"n1 {number}" for number in range(7)]
    for number in range(7):
        for voter in VOTERS[number * 28 : (number + 1) * 28]:
            say(tool, voter, SHIP, network=[days[number], *days[:number]], now=NOW + number * DAY)
        release_all_due(NOW + number * DAY + HOUR)
    assert figures(tool) == Figures(ship=20, waiting=176, held=176)


@first_on_both("seed", range(3))
def test_of_two_hundred_ballots_in_a_week_at_most_the_first_allowance_counts(tool: int, seed: int) -> None:
    """A stuffer knows the code, and does at random what could help: spread, disguise, change, take back, and wait."""
    chance = random.Random(seed)  # noqa: S311  # as good as any
    crowd(tool, names("honest", 7), SKIP, network="n2")
    unused, cast = list(VOTERS), list[str]()
    for hour in range(0, 7 * 24, 8):
        now = NOW + hour * HOUR
        network = [f"n1 {day}" for day in range(hour // 24, -1, -1)]
        share = len(unused) if hour == 160 else min(len(unused), chance.choice([0, 3, 9, 15, 20]))
        newcomers, unused = unused[:share], unused[share:]
        changing = chance.sample(cast, len(cast) // 3)
        begin_and_cast(tool, [(each, chance.choice([SHIP, SHIP, SKIP])) for each in newcomers], network, now)
        begin_and_cast(tool, [(each, chance.choice([SHIP, SKIP, None])) for each in changing], network, now)
        cast += newcomers
        release_all_due(now)
    begin_and_cast(tool, [(voter, SHIP) for voter in cast], network, NOW + 7 * DAY)
    release_all_due(NOW + 9 * DAY)
    assert figures(tool).ship <= ALLOWANCE
    assert figures(tool).skip == 7
    assert len(cast) == 200
    assert recount() == []


def begin_and_cast(tool: int, said: list[tuple[str, Verdict | None]], network: list[str], now: datetime) -> None:
    begin_write()
    for voter, verdict in said:
        ballot.cast(
            db.session.connection(), tool, voter=voter, networks=network, verdict=verdict, allowance=ALLOWANCE, now=now
        )
    db.session.commit()


def merge(keep: int, drop: int, now: datetime) -> None:
    begin_write()
    merging.merge(keep, drop, now)
    db.session.commit()
