"""A reader's own panel: the same reviews, each voice counted as often as the reader wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import Panel, ReviewerSummary
from verdicts.comparisons.address import MIN_TOOLS
from verdicts.comparisons.panel_lead import panel_lead
from verdicts.voting.lead_strength import voices_to_level

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
    `judged_both` is their count for each of two tools, and empty for more. `swings` says of each of them by how much
    they would change a lead by changing sides; `holds_until` how many of them it takes to end it.
    """

    weights: Mapping[str, int]
    counts: tuple[WeightedCount, ...]
    judged_both: tuple[WeightedCount, ...]
    swings: tuple[int, ...] = ()

    @property
    def ahead(self) -> int | None:
        if not self.judged_both or self.judged_both[0].ship == self.judged_both[1].ship:
            return None
        return 0 if self.judged_both[0].ship > self.judged_both[1].ship else 1

    @property
    def holds_until(self) -> int | None:
        if self.ahead is None:
            return None
        return voices_to_level(abs(self.judged_both[0].ship - self.judged_both[1].ship), self.swings)


def weigh(panels: Sequence[Panel], weights: Mapping[str, int], today: date) -> OwnPanel:
    """Count panels by the weights of reviewers' slugs; a voice that none is given for counts once."""

    def count(panel: Panel, voices: Sequence[ReviewerSummary]) -> WeightedCount:
        weight = {each.slug: weights.get(each.slug, PUBLISHED_WEIGHT) for each in voices}
        ship = sum(weight[each.slug] for each in voices if panel.verdict_of(each) is Verdict.SHIP)
        return WeightedCount(ship, sum(weight.values()))

    counts = tuple(count(panel, [each.reviewer for each in panel.reviews]) for panel in panels)
    lead = panel_lead(panels[0], panels[1], today) if len(panels) == MIN_TOOLS else None
    if lead is None or not lead.judged_both:
        return OwnPanel(weights, counts, judged_both=())
    judged_both = tuple(count(panel, lead.judged_both) for panel in panels)
    ahead, behind = panels if judged_both[0].ship > judged_both[1].ship else panels[::-1]
    swings = tuple(
        weights.get(each.slug, PUBLISHED_WEIGHT)
        * ((ahead.verdict_of(each) is Verdict.SHIP) + (behind.verdict_of(each) is Verdict.SKIP))
        for each in lead.judged_both
    )
    return OwnPanel(weights, counts, judged_both, swings)
