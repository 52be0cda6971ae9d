"""Bands against their definition: no two tools are put in an order that their spans do not carry."""

from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from verdicts.rankings.bands import Span, bands_of, order_of
from verdicts.voting.community import wilson

few = settings(max_examples=40)  # of up to 30 tools each, so thousands of pairs
shares = st.integers(0, 12).map(lambda part: Fraction(part, 12))
spans = st.tuples(shares, shares).map(lambda ends: Span(min(ends), max(ends)))
votes = st.tuples(st.integers(0, 400), st.integers(0, 400)).filter(lambda counts: sum(counts) >= 30)


@few
@given(st.lists(spans, max_size=14))
def test_two_tools_share_a_band_exactly_where_their_spans_overlap(of_tools: list[Span]) -> None:
    bands = bands_of(of_tools)
    for one, other in combinations(range(len(of_tools)), 2):
        assert bands[one].shares_one_with(bands[other]) == of_tools[one].overlaps(of_tools[other])


@few
@given(st.lists(spans, max_size=9))
def test_a_band_is_a_largest_set_of_which_each_two_overlap(of_tools: list[Span]) -> None:
    bands = bands_of(of_tools)
    count = max((each.last for each in bands), default=0)
    members = [
        {at for at, each in enumerate(bands) if each.first <= number <= each.last} for number in range(1, count + 1)
    ]
    assert sorted(map(sorted, members)) == sorted(map(sorted, largest_sets(of_tools)))


def largest_sets(of_tools: list[Span]) -> list[set[int]]:
    """Try every set."""
    places = range(len(of_tools))
    overlapping = [
        set(chosen)
        for size in range(1, len(of_tools) + 1)
        for chosen in combinations(places, size)
        if all(of_tools[one].overlaps(of_tools[other]) for one, other in combinations(chosen, 2))
    ]
    return [one for one in overlapping if not any(one < other for other in overlapping)]


@few
@given(st.lists(spans, max_size=14))
def test_bands_count_from_the_top(of_tools: list[Span]) -> None:
    bands = bands_of(of_tools)
    for one, other in combinations(range(len(of_tools)), 2):
        if of_tools[one].low > of_tools[other].high:
            assert bands[one].last < bands[other].first
    assert not bands or min(each.first for each in bands) == 1


@few
@given(st.lists(votes, max_size=30))
def test_of_readers_figures_the_same_is_true(counts: list[tuple[int, int]]) -> None:
    of_tools = [Span(each.low, each.high) for each in (wilson(ship, ship + skip) for ship, skip in counts)]
    bands = bands_of(of_tools)
    for one, other in combinations(range(len(of_tools)), 2):
        assert bands[one].shares_one_with(bands[other]) == of_tools[one].overlaps(of_tools[other])


@few
@given(st.lists(spans, max_size=14))
def test_no_tool_stands_above_one_that_is_clearly_better(of_tools: list[Span]) -> None:
    in_order = sorted(of_tools, key=order_of)
    assert all(not later.low > earlier.high for earlier, later in combinations(in_order, 2))


@given(spans, shares)
def test_a_distance_is_that_of_the_nearest_and_of_the_furthest_share_of_a_span(span: Span, share: Fraction) -> None:
    away = [abs(Fraction(part, 12) - share) for part in range(13) if span.low <= Fraction(part, 12) <= span.high]
    assert span.distance_from(share) == Span(min(away), max(away))


def test_counts_that_mirror_each_other_are_equally_even() -> None:
    assert Span(Fraction(1, 3), Fraction(1, 3)).evenness == Span(Fraction(2, 3), Fraction(2, 3)).evenness
