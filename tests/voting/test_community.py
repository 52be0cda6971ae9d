"""What a sample may claim: nothing, counts, or a percentage with its interval."""

from fractions import Fraction
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts.voting.community import Community, SampleBasis, whole_percent, wilson

Z = 1.959963984540054  # the normal distribution's 97.5 % point, from a printed table


@st.composite
def samples(draw: st.DrawFn) -> tuple[int, int]:
    total = draw(st.integers(1, 100_000))
    return draw(st.integers(0, total)), total


def test_without_votes_there_is_nothing_to_show() -> None:
    nobody = Community(waiting=3)
    assert (nobody.counted, nobody.basis, nobody.share, nobody.interval) == (0, SampleBasis.NONE, None, None)


def test_below_thirty_there_are_counts_only() -> None:
    few = Community(ship=17, skip=12, waiting=5)
    assert (few.counted, few.basis, few.until_percentage) == (29, SampleBasis.COUNTS, 1)
    assert (few.share, few.percent, few.interval) == (None, None, None)


def test_from_thirty_there_is_a_percentage_with_its_interval() -> None:
    enough = Community(ship=131, skip=53)
    assert (enough.basis, enough.until_percentage, enough.percent) == (SampleBasis.ESTIMATE, 0, 71)
    assert enough.interval is not None
    assert (enough.interval.low_percent, enough.interval.high_percent) == (64, 77)


def test_waiting_ballots_do_not_help_towards_a_percentage() -> None:
    assert Community(ship=29, waiting=100).basis is SampleBasis.COUNTS


def test_the_panel_is_contradicted_only_more_than_half_a_voice_beyond_the_interval() -> None:
    community = Community(ship=131, skip=53)  # 64.3 to 77.3 %
    assert not community.contradicts(3, 4)
    assert not community.contradicts(4, 5)  # 80 % lies outside, but the nearest a panel of five can come
    assert community.contradicts(5, 5)
    assert community.contradicts(2, 5)
    assert not Community(ship=5).contradicts(0, 5)


@given(samples())
def test_the_intervals_ends_solve_the_score_equation(sample: tuple[int, int]) -> None:
    """Wilson's interval holds the shares p that the sample is less than Z standard errors from."""
    ship, total = sample
    interval = wilson(ship, total)
    for end in (interval.low, interval.high):
        distance = abs(ship / total - end)
        assert isclose(distance, Z * sqrt(end * (1 - end) / total), rel_tol=1e-6, abs_tol=1e-9)


@given(samples())
def test_the_interval_lies_in_bounds_around_the_share(sample: tuple[int, int]) -> None:
    ship, total = sample
    interval = wilson(ship, total)
    assert 0 <= interval.low <= ship / total <= interval.high <= 1
    assert interval.low < interval.high


@given(samples())
def test_the_interval_mirrors_when_ship_and_skip_trade_places(sample: tuple[int, int]) -> None:
    ship, total = sample
    there, back = wilson(ship, total), wilson(total - ship, total)
    assert isclose(there.low, 1 - back.high, abs_tol=1e-12)


@pytest.mark.parametrize(("ship", "low", "high"), [(0, 0, 11), (1, 1, 17), (15, 33, 67), (29, 83, 99), (30, 89, 100)])
def test_the_interval_of_thirty_as_printed(ship: int, low: int, high: int) -> None:
    interval = wilson(ship, 30)
    assert (interval.low_percent, interval.high_percent) == (low, high)


@pytest.mark.parametrize(
    ("share", "percent"),
    [(0, 0), (1, 100), (0.001, 1), (0.004, 1), (0.999, 99), (0.9949, 99), (0.285, 29), (0.284, 28), (0.5, 50)],
)
def test_percentages_round_halves_up_and_claim_unanimity_only_when_it_is(share: float, percent: int) -> None:
    assert whole_percent(share) == percent


@given(samples())
def test_a_percentage_is_the_rounded_fraction(sample: tuple[int, int]) -> None:
    ship, total = sample
    exact = int(Fraction(100 * ship, total) + Fraction(1, 2))
    expected = exact if ship in {0, total} else min(99, max(1, exact))
    assert whole_percent(ship / total) == expected
