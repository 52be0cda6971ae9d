"""A reader's own panel: the same reviews, each voice counted as often as the reader wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import Panel, ReviewerSummary
from verdicts.comparisons.address import MIN_TOOLS
from verdicts.comparisons.panel_lead import panel_lead

MAX_WEIGHT = 3
PUBLISHED_WEIGHT = 1


@dataclass(frozen=True)
class WeightedCount:
    """How much of the weight of those who judged a tool ships it."""

    ship: int
    total: int


@dataclass(frozen=True)
class OwnPanel:
    """`counts` has one for each tool. `ahead` is the place of the one of two tools that leads, otherwise None.

    A lead counts what the published one counts: the reviewers who judged both tools, and whose reviews are not old.
    `judged_both` is their count for each of two tools, and empty for more.
    """

    weights: Mapping[str, int]
    counts: tuple[WeightedCount, ...]
    judged_both: tuple[WeightedCount, ...]

    @property
    def ahead(self) -> int | None:
        if not self.judged_both or self.judged_both[0].ship == self.judged_both[1].ship:
            return None
        return 0 if self.judged_both[0].ship > self.judged_both[1].ship else 1


def weigh(panels: Sequence[Panel], weights: Mapping[str, int], today: date) -> OwnPanel:
    """Count panels by the weights of reviewers' slugs; a voice that none is given for counts once."""

    def count(panel: Panel, voices: Sequence[ReviewerSummary]) -> WeightedCount:
        weight = {each.slug: weights.get(each.slug, PUBLISHED_WEIGHT) for each in voices}
        ship = sum(weight[each.slug] for each in voices if panel.verdict_of(each) is Verdict.SHIP)
        return WeightedCount(ship, sum(weight.values()))

    both = panel_lead(panels[0], panels[1], today).judged_both if len(panels) == MIN_TOOLS else ()
    return OwnPanel(
        weights=weights,
        counts=tuple(count(panel, [each.reviewer for each in panel.reviews]) for panel in panels),
        judged_both=tuple(count(panel, both) for panel in panels) if both else (),
    )
