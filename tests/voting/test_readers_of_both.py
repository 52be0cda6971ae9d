"""A lead between two tools: named by an exact sign test, or not at all."""

from itertools import product

import pytest

from verdicts.voting.readers_of_both import SIGNIFICANCE, Lead, ReadersOfBoth, least_undecided_minority


def chance(only_a: int, only_b: int) -> float:
    """Return the share of all ways in which indifferent voters could split that are at least as uneven."""
    total = only_a + only_b
    splits = [sum(way) for way in product((0, 1), repeat=total)]
    return sum(abs(2 * split - total) >= abs(only_a - only_b) for split in splits) / len(splits)


@pytest.mark.parametrize("total", range(15))
def test_a_minority_is_undecided_where_counting_every_way_makes_chance_likely(total: int) -> None:
    undecided = [minority for minority in range(total // 2 + 1) if chance(total - minority, minority) >= SIGNIFICANCE]
    assert least_undecided_minority(total) == undecided[0]


def test_the_sign_test_survives_very_many_voters() -> None:
    # By the normal approximation, corrected: half of them less 1.96 times half the square root of all.
    assert least_undecided_minority(40_401) == 20_004
    assert least_undecided_minority(10_000_000) == 4_996_901


@pytest.mark.parametrize(
    ("readers", "lead"),
    [
        (ReadersOfBoth(), Lead.NOBODY),
        (ReadersOfBoth(both=40, neither=9), Lead.TOO_CLOSE),
        (ReadersOfBoth(only_a=5), Lead.TOO_CLOSE),
        (ReadersOfBoth(only_a=6), Lead.A),
        (ReadersOfBoth(only_a=5, only_b=15, both=3), Lead.B),
        (ReadersOfBoth(only_a=8, only_b=2), Lead.TOO_CLOSE),
    ],
)
def test_a_lead_is_named_where_chance_is_unlikely(readers: ReadersOfBoth, lead: Lead) -> None:
    assert readers.lead is lead


def test_readers_of_both_are_all_four_groups() -> None:
    assert ReadersOfBoth(only_a=1, only_b=2, both=3, neither=4).total == 10
