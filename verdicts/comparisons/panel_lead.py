"""Which of two tools the panel puts ahead, counted over the reviewers who judged both and whose reviews are not old."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import Panel, ReviewerSummary
from verdicts.voting.lead_strength import voices_to_level


class PanelOutcome(StrEnum):
    FIRST_AHEAD = "first-ahead"
    SECOND_AHEAD = "second-ahead"
    SHIPS_BOTH = "ships-both"
    SKIPS_BOTH = "skips-both"
    LEVEL = "level"
    NOT_REVIEWED = "not-reviewed"
    ONLY_FIRST_REVIEWED = "only-first-reviewed"
    ONLY_SECOND_REVIEWED = "only-second-reviewed"
    NOBODY_JUDGED_BOTH = "nobody-judged-both"
    TOO_OLD = "too-old"


@dataclass(frozen=True)
class PanelLead:
    """How the reviewers who judged both tools judged them, old reviews left out.

    `reason_for_none` says why there are no such reviewers. `only_first` are those who ship the first tool and skip the
    second, `only_second` the other way round. `left_out` counts the reviewers of either tool who are not among
    `judged_both`; `too_old` of them judged both, but too long ago.
    """

    judged_both: tuple[ReviewerSummary, ...]
    ship_first: int
    ship_second: int
    only_first: tuple[ReviewerSummary, ...]
    only_second: tuple[ReviewerSummary, ...]
    reason_for_none: PanelOutcome | None = None
    left_out: int = 0
    too_old: int = 0

    @property
    def margin(self) -> int:
        return abs(self.ship_first - self.ship_second)

    @property
    def outcome(self) -> PanelOutcome:
        if self.reason_for_none:
            return self.reason_for_none
        if self.ship_first != self.ship_second:
            return PanelOutcome.FIRST_AHEAD if self.ship_first > self.ship_second else PanelOutcome.SECOND_AHEAD
        if self.ship_first == len(self.judged_both):
            return PanelOutcome.SHIPS_BOTH
        return PanelOutcome.LEVEL if self.ship_first else PanelOutcome.SKIPS_BOTH

    @property
    def deciders(self) -> tuple[ReviewerSummary, ...]:
        """The reviewers who make the difference; none where some are on either side."""
        return () if self.only_first and self.only_second else self.supporters

    @property
    def supporters(self) -> tuple[ReviewerSummary, ...]:
        """The reviewers who ship only the tool that is ahead; none where none is."""
        ahead = {PanelOutcome.FIRST_AHEAD: self.only_first, PanelOutcome.SECOND_AHEAD: self.only_second}
        return ahead.get(self.outcome, ())

    @property
    def holds_until(self) -> int | None:
        """How many of those who judged both would have to change sides for neither to be ahead, or the other.

        Who changes sides ships only the tool that they skipped. None where none is ahead.
        """
        # Each supporter moves the margin by two, and there are at least as many of them as the margin has voices.
        return voices_to_level(self.margin, [2] * len(self.supporters)) if self.supporters else None


def panel_lead(first: Panel, second: Panel, today: date) -> PanelLead:
    in_both = sum(second.review_by(review.reviewer) is not None for review in first.reviews)
    pairs = [
        (mine.reviewer, mine.verdict is Verdict.SHIP, theirs.verdict is Verdict.SHIP)
        for mine in first.reviews
        if (theirs := second.review_by(mine.reviewer)) and not mine.is_old(today) and not theirs.is_old(today)
    ]
    return PanelLead(
        judged_both=tuple(reviewer for reviewer, _, _ in pairs),
        ship_first=sum(ships_first for _, ships_first, _ in pairs),
        ship_second=sum(ships_second for _, _, ships_second in pairs),
        only_first=tuple(reviewer for reviewer, one, other in pairs if one and not other),
        only_second=tuple(reviewer for reviewer, one, other in pairs if other and not one),
        reason_for_none=None if pairs else _why_nobody(first, second),
        left_out=first.total + second.total - in_both - len(pairs),
        too_old=in_both - len(pairs),
    )


def most_supported(panels: Sequence[Panel], today: date) -> list[int]:
    """Return the places of the tools that most reviewers ship.

    None where nobody ships any, or where it is another tool once old reviews are left out: those decide nothing.
    """
    counts = [panel.ship for panel in panels]
    recent = [
        sum(each.verdict is Verdict.SHIP and not each.is_old(today) for each in panel.reviews) for panel in panels
    ]
    places = _places_of_most(counts)
    return places if places == _places_of_most(recent) else []


def support_holds_until(panels: Sequence[Panel], today: date) -> int | None:
    """Return how many reviewers would have to change sides for most_supported to name another tool, or more.

    None unless it names one. A lead that old reviews may not decide falls where all reviews or the recent ones do.
    """
    places = most_supported(panels, today)
    if len(places) != 1:
        return None
    recent = [Panel(tuple(each for each in panel.reviews if not each.is_old(today))) for panel in panels]
    return min(
        voices_to_catch_up(counted[places[0]], counted[rival])
        for counted in (panels, recent)
        for rival in range(len(panels))
        if rival != places[0]
    )


def voices_to_catch_up(ahead: Panel, behind: Panel) -> int:
    """Return how many reviewers would have to change sides for as many to ship the one tool as the other."""
    swings = Counter(each.reviewer.slug for each in ahead.reviews if each.verdict is Verdict.SHIP)
    swings.update(each.reviewer.slug for each in behind.reviews if each.verdict is Verdict.SKIP)
    return voices_to_level(ahead.ship - behind.ship, swings.values())


def _places_of_most(counts: Sequence[int]) -> list[int]:
    most = max(counts)
    return [place for place, count in enumerate(counts) if count == most and most]


def _why_nobody(first: Panel, second: Panel) -> PanelOutcome:
    if not first.total or not second.total:
        reviewed = {(True, False): PanelOutcome.ONLY_FIRST_REVIEWED, (False, True): PanelOutcome.ONLY_SECOND_REVIEWED}
        return reviewed.get((first.total > 0, second.total > 0), PanelOutcome.NOT_REVIEWED)
    in_common = any(second.review_by(review.reviewer) for review in first.reviews)
    return PanelOutcome.TOO_OLD if in_common else PanelOutcome.NOBODY_JUDGED_BOTH


def is_split(reviewer: ReviewerSummary, panels: Sequence[Panel]) -> bool:
    """Say whether a reviewer ships one of these tools and skips another."""
    return len({panel.verdict_of(reviewer) for panel in panels} - {None}) > 1
