"""What a lead hangs on, against trying out every change that people could make."""

from fractions import Fraction
from functools import cache
from itertools import count
from math import comb

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from verdicts.voting.community import Community, wilson
from verdicts.voting.lead_strength import readers_to_divide, readers_to_level, voices_to_level, votes_to_overlap
from verdicts.voting.readers_of_both import ReadersOfBoth

Groups = tuple[int, int, int, int]  # only the one, only the other, both, neither


@cache
def leader(groups: Groups) -> int | None:
    """Return which of two tools leads by the sign test as textbooks write it, or None."""
    only = groups[:2]
    total = sum(only)
    chance = 2 * sum(Fraction(comb(total, split), 2**total) for split in range(min(only) + 1))
    return only.index(max(only)) if chance < Fraction(1, 20) else None


def changed(groups: Groups) -> set[Groups]:
    """Return what these groups are once one reader has gone over to another group."""
    changes = set()
    for start in range(4):
        for end in range(4):
            moved = list(groups)
            moved[start] -= 1
            moved[end] += 1
            if min(moved) >= 0:
                changes.add((moved[0], moved[1], moved[2], moved[3]))
    return changes


@settings(max_examples=30)
@given(st.tuples(st.integers(6, 14), st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), st.booleans())
def test_readers_of_both_hold_a_lead_until_so_many_of_them_change_their_mind(groups: Groups, swap: bool) -> None:
    reached = {(groups[1], groups[0], *groups[2:]) if swap else groups}
    (named,) = {leader(each) for each in reached}
    fewest = readers_to_level(ReadersOfBoth(*next(iter(reached))))
    if named is None:
        assert fewest is None
        return
    steps = 0
    while all(leader(each) == named for each in reached):
        reached = {after for each in reached for after in changed(each)}
        steps += 1
    assert fewest == steps


@given(ship=st.integers(0, 400), skip=st.integers(0, 400))
def test_a_tools_readers_are_of_one_mind_until_so_many_change_it(ship: int, skip: int) -> None:
    def decided(moved: int) -> bool:
        interval = Community(max(ship, skip) - moved, min(ship, skip) + moved).interval
        return interval is not None and (interval.low > 0.5 or interval.high < 0.5)

    expected = next(moved for moved in count() if not decided(moved))
    assert readers_to_divide(Community(ship, skip)) == (expected or None)


@settings(max_examples=60)
@given(st.tuples(*[st.integers(0, 45)] * 4))
def test_two_intervals_stay_apart_until_so_many_votes_change(votes: tuple[int, int, int, int]) -> None:
    first, second = Community(*votes[:2]), Community(*votes[2:])
    assume(first.interval and second.interval)
    ahead, behind = (first, second) if first.ship * second.counted > second.ship * first.counted else (second, first)
    lows = [Community(ahead.ship - lost, ahead.skip + lost).interval.low for lost in range(ahead.ship + 1)]  # type: ignore[union-attr]
    highs = [Community(behind.ship + won, behind.skip - won).interval.high for won in range(behind.skip + 1)]  # type: ignore[union-attr]
    expected = min(lost + won for lost, low in enumerate(lows) for won, high in enumerate(highs) if low <= high)
    assert votes_to_overlap(ahead, behind) == (expected or None)


@settings(max_examples=40)
@given(st.tuples(*[st.one_of(st.integers(0, 2_000), st.sampled_from([0, 20_000, 100_000]))] * 4))
def test_so_do_those_of_many_votes(votes: tuple[int, int, int, int]) -> None:
    first, second = Community(*votes[:2]), Community(*votes[2:])
    assume(first.interval and second.interval)
    ahead, behind = (first, second) if first.ship * second.counted > second.ship * first.counted else (second, first)

    def overlap(votes: int, lost: int) -> bool:
        low, high = (
            wilson(ahead.ship - lost, ahead.counted).low,
            wilson(behind.ship + votes - lost, behind.counted).high,
        )
        return low <= high

    fewest = votes_to_overlap(ahead, behind) or 0
    for changes in {fewest, max(0, fewest - 1)}:
        ways = range(max(0, changes - behind.skip), min(changes, ahead.ship) + 1)
        assert any(overlap(changes, lost) for lost in ways) == (changes == fewest)


def test_a_lead_of_very_many_readers_is_found() -> None:
    assert readers_to_level(ReadersOfBoth(only_a=25_000, only_b=20_000)) == 2_292
    assert readers_to_divide(Community(500_000, 450_000)) == 24_045
    assert votes_to_overlap(Community(25_000, 20_000), Community(20_000, 25_000)) == 4_585


def test_two_intervals_of_very_many_votes_are_compared() -> None:
    assert votes_to_overlap(Community(900_000, 100_000, 0), Community(100_000, 900_000, 0)) == 798_041  # by trying each


def test_a_margin_needs_as_many_voices_as_it_has() -> None:
    assert voices_to_level(3, [1, 2, 1]) == 2
    assert voices_to_level(0, []) == 0
    with pytest.raises(ValueError, match="larger than all"):
        voices_to_level(3, [2])
