"""How long a panel's lead holds, against trying out every verdict that reviewers could have given."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.comparisons.voices import reviewer
from tests.makers import TODAY
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import OLD_AFTER, Panel, PanelReview
from verdicts.comparisons.own_panel import weigh
from verdicts.comparisons.panel_lead import most_supported, panel_lead, support_holds_until

OLD = TODAY - OLD_AFTER - timedelta(days=1)
NAMES = ("a", "b", "c")
REVIEWS = st.one_of(st.none(), st.tuples(st.sampled_from(Verdict), st.sampled_from([TODAY, TODAY, OLD, None])))
PANELS = st.dictionaries(st.sampled_from(NAMES), REVIEWS).map(
    lambda said: Panel(tuple(PanelReview(reviewer(name), r[0], reviewed_on=r[1]) for name, r in said.items() if r))
)


def alternatives(panels: list[Panel]) -> Iterator[tuple[int, list[Panel]]]:
    """Yield all that these reviewers could have said of these tools, each with how many of them said otherwise."""
    places = [(tool, review) for tool, panel in enumerate(panels) for review in panel.reviews]
    for verdicts in product(Verdict, repeat=len(places)):
        said = [
            (tool, review, verdict is not review.verdict, verdict)
            for (tool, review), verdict in zip(places, verdicts, strict=True)
        ]
        others = {review.reviewer.slug for _, review, is_other, _ in said if is_other}
        yield (
            len(others),
            [
                Panel(
                    tuple(
                        PanelReview(review.reviewer, verdict, reviewed_on=review.reviewed_on)
                        for of, review, _, verdict in said
                        if of == tool
                    )
                )
                for tool in range(len(panels))
            ],
        )


def fewest(panels: list[Panel], leader: Callable[[list[Panel]], int | None]) -> int | None:
    """Return how many reviewers must at least have said otherwise for another leader, or None where there is none."""
    named = leader(panels)
    if named is None:
        return None
    return min(others for others, said in alternatives(panels) if leader(said) != named)


@settings(max_examples=60)
@given(PANELS, PANELS)
def test_a_lead_of_two_holds_until_so_many_reviewers_change_sides(first: Panel, second: Panel) -> None:
    def leader(panels: list[Panel]) -> int | None:
        outcome = panel_lead(panels[0], panels[1], TODAY).outcome
        return {"first-ahead": 0, "second-ahead": 1}.get(outcome)

    assert panel_lead(first, second, TODAY).holds_until == fewest([first, second], leader)


@settings(max_examples=60)
@given(st.lists(PANELS, min_size=3, max_size=3))
def test_most_support_holds_until_so_many_reviewers_change_sides(panels: list[Panel]) -> None:
    def leader(panels: list[Panel]) -> int | None:
        places = most_supported(panels, TODAY)
        return places[0] if len(places) == 1 else None

    assert support_holds_until(panels, TODAY) == fewest(panels, leader)


@settings(max_examples=60)
@given(PANELS, PANELS, st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3)))
def test_a_lead_by_ones_own_weights_holds_until_so_many_reviewers_change_sides(
    first: Panel, second: Panel, weights: dict[str, int]
) -> None:
    own = weigh([first, second], weights, TODAY)
    assert own.holds_until == fewest([first, second], lambda panels: weigh(panels, weights, TODAY).ahead)
