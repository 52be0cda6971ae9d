"""Rankings by the panel: what a share may be, and groups of tools that stand alike."""

from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.panel_keys import key_of, verdicts_in
from verdicts.rankings.bands import Span
from verdicts.rankings.panel import cut_after, groups_of, span_of, spans_of

PANEL = (3, 5, 8, 13)
verdicts = st.dictionaries(st.sampled_from((*PANEL, 21)), st.sampled_from(Verdict))
weights = st.dictionaries(st.sampled_from(PANEL), st.integers(0, 3))


@given(verdicts)
def test_a_key_holds_every_verdict(of_panel: dict[int, Verdict]) -> None:
    assert verdicts_in(key_of(sorted(of_panel.items()))) == of_panel


@given(verdicts, weights)
def test_a_span_is_the_least_and_the_most_of_all_ways_in_which_the_others_may_speak(
    of_panel: dict[int, Verdict], of_voices: dict[int, int]
) -> None:
    silent = [each for each in PANEL if each not in of_panel]
    ways = [of_panel | dict(zip(silent, way, strict=True)) for way in product(Verdict, repeat=len(silent))]
    shares = [share for way in ways if (share := weighted_share(way, of_voices)) is not None]
    spoken = sum(of_voices.get(each, 1) for each in of_panel)
    expected = Span(min(shares), max(shares)) if spoken else None
    assert span_of(key_of(sorted(of_panel.items())), PANEL, of_voices) == expected


def weighted_share(of_panel: dict[int, Verdict], of_voices: dict[int, int]) -> Fraction | None:
    """Count each voice as often as it weighs."""
    votes = [verdict for each, verdict in of_panel.items() for _ in range(of_voices.get(each, 1))]
    return Fraction(votes.count(Verdict.SHIP), len(votes)) if votes else None


@given(st.dictionaries(verdicts.map(lambda each: key_of(sorted(each.items()))), st.integers(1, 4)), st.integers(0, 9))
def test_a_list_is_cut_after_so_many_tools_in_order(counts: dict[str, int], most: int) -> None:
    spans = spans_of(counts, PANEL, {})
    one_by_one = sorted(
        (spans[key] for key in spans for _ in range(counts[key])), key=lambda each: (-each.low, -each.high)
    )
    cut = cut_after(groups_of(counts, spans), most)
    shown = [group.span for group in cut.whole for _ in range(group.count)]
    shown += [cut.partial.span] * cut.rest if cut.partial else []
    assert shown == one_by_one[:most]
