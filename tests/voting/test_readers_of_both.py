"""A lead between two tools: named by an exact sign test, or not at all."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts.voting.readers_of_both import Lead, ReadersOfBoth, sign_test


def by_enumeration(only_a: int, only_b: int) -> float:
    """Return the share of all ways in which indifferent voters could split that are at least as uneven."""
    total = only_a + only_b
    splits = [sum(way) for way in product((0, 1), repeat=total)]
    return sum(abs(2 * split - total) >= abs(only_a - only_b) for split in splits) / len(splits)


@pytest.mark.parametrize("only_a", range(7))
@pytest.mark.parametrize("only_b", range(7))
def test_the_sign_test_is_what_counting_every_way_gives(only_a: int, only_b: int) -> None:
    assert sign_test(only_a, only_b) == by_enumeration(only_a, only_b)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_the_sign_test_is_a_probability_and_takes_no_sides(only_a: int, only_b: int) -> None:
    assert 0 <= sign_test(only_a, only_b) == sign_test(only_b, only_a) <= 1


@given(st.integers(0, 200), st.integers(0, 200))
def test_one_more_for_the_leader_makes_chance_less_likely(only_a: int, only_b: int) -> None:
    low, high = sorted((only_a, only_b))
    assert sign_test(low, high + 1) <= sign_test(low, high)


def test_the_sign_test_agrees_with_published_values() -> None:
    assert sign_test(0, 6) == 0.03125
    assert sign_test(2, 8) == 0.109375
    assert sign_test(5, 15) == pytest.approx(0.04138947)


def test_the_sign_test_survives_very_many_voters() -> None:
    assert sign_test(20_000, 20_000) == 1.0
    assert sign_test(20_000, 20_400) == pytest.approx(0.0472, abs=2e-4)  # by the normal approximation, corrected
    assert sign_test(0, 20_000) == 0.0


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
