"""A reader's own panel counts what a panel would that held each voice as often as its weight says."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.makers import TODAY
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import OLD_AFTER, Panel, PanelReview, ReviewerSummary
from verdicts.comparisons.own_panel import MAX_WEIGHT, weigh
from verdicts.comparisons.panel_lead import PanelOutcome, panel_lead

SLUGS = ("a", "b", "c", "d")
days = st.sampled_from([TODAY, None, TODAY - OLD_AFTER - timedelta(days=1)])
panels = st.dictionaries(st.sampled_from(SLUGS), st.tuples(st.sampled_from(Verdict), days))
weights = st.dictionaries(st.sampled_from(SLUGS), st.integers(0, MAX_WEIGHT))
PLACES = {PanelOutcome.FIRST_AHEAD: 0, PanelOutcome.SECOND_AHEAD: 1}


def panel_of(reviews: dict[str, tuple[Verdict, object]], copies: dict[str, int]) -> Panel:
    """Return a panel in which each voice sits so many times, under as many names."""
    return Panel(
        tuple(
            PanelReview(ReviewerSummary(f"{slug}-{copy}" if copy else slug, slug), verdict, reviewed_on=on)  # type: ignore[arg-type]
            for slug, (verdict, on) in reviews.items()
            for copy in range(copies.get(slug, 1))
        )
    )


@given(first=panels, second=panels, weights=weights)
def test_a_weight_is_that_many_voices_of_the_same_mind(
    first: dict[str, tuple[Verdict, object]], second: dict[str, tuple[Verdict, object]], weights: dict[str, int]
) -> None:
    own = weigh([panel_of(first, {}), panel_of(second, {})], weights, TODAY)
    copied = [panel_of(first, weights), panel_of(second, weights)]
    lead = panel_lead(*copied, TODAY)
    assert [(each.ship, each.total) for each in own.counts] == [(each.ship, each.total) for each in copied]
    assert own.ahead == PLACES.get(lead.outcome)
    if own.judged_both:
        assert [each.ship for each in own.judged_both] == [lead.ship_first, lead.ship_second]
        assert {each.total for each in own.judged_both} == {len(lead.judged_both)}


def test_of_three_tools_none_is_ahead() -> None:
    yes, no = Panel((PanelReview(ReviewerSummary("a", "A"), Verdict.SHIP),)), Panel(())
    assert weigh([yes, no, no], {"a": 3}, TODAY).ahead is None
