"""Whether readers and the panel began or ceased to disagree on a tool in a week: its state at both ends of the week."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import Panel, PanelReview
from verdicts.digest.weeks import Week
from verdicts.extensions import db
from verdicts.voting.community import Community
from verdicts.voting.models import Standing, vote_event


class Disagreement(StrEnum):
    """What became of the disagreement on a tool in a week."""

    NONE = "none"
    BEGAN = "began"
    CONTINUES = "continues"
    ENDED = "ended"


@dataclass(frozen=True)
class VoteShift:
    """By how much a tool's counted votes grew since the week began, and since it ended."""

    ship_since_start: int = 0
    skip_since_start: int = 0
    ship_since_end: int = 0
    skip_since_end: int = 0

    @property
    def is_in_week(self) -> bool:
        return (self.ship_since_start, self.skip_since_start) != (self.ship_since_end, self.skip_since_end)

    def at_start(self, now: Community) -> Community:
        return Community(max(now.ship - self.ship_since_start, 0), max(now.skip - self.skip_since_start, 0))

    def at_end(self, now: Community) -> Community:
        return Community(max(now.ship - self.ship_since_end, 0), max(now.skip - self.skip_since_end, 0))


def load_vote_shifts(week: Week) -> dict[int, VoteShift]:
    """Return the shifts of tools with votes since the week began, by tool. One statement."""
    event = vote_event.c

    def sum_of(verdict: Verdict, since: datetime) -> sa.Label[int]:
        became = sa.and_(event.to_standing == Standing.COUNTED, event.to_verdict == verdict)
        was = sa.and_(event.from_standing == Standing.COUNTED, event.from_verdict == verdict)
        change = sa.case((became, 1), else_=0) - sa.case((was, 1), else_=0)
        return sa.func.sum(sa.case((event.at >= since, change), else_=0)).label(f"{verdict}_{since:%d}")

    sums = [sum_of(verdict, since) for since in (week.start, week.end) for verdict in (Verdict.SHIP, Verdict.SKIP)]
    statement = sa.select(event.tool_id, *sums).where(event.at >= week.start).group_by(event.tool_id)
    return {row[0]: VoteShift(*map(int, row[1:])) for row in db.session.connection().execute(statement)}


def find_disagreement(panel: Panel, readers: Community, shift: VoteShift, week: Week) -> Disagreement:
    """Return what became of the disagreement on a tool. It ends only where there are readers enough to agree."""
    before = _contradicts(shift.at_start(readers), _panel_counts(panel, week.monday))
    at_end, counts = shift.at_end(readers), _panel_counts(panel, week.sunday + timedelta(days=1))
    if _contradicts(at_end, counts):
        return Disagreement.CONTINUES if before else Disagreement.BEGAN
    return Disagreement.ENDED if before and at_end.interval and counts[1] else Disagreement.NONE


def _contradicts(readers: Community, counts: tuple[int, int]) -> bool:
    return counts[1] > 0 and readers.contradicts(*counts)


def _panel_counts(panel: Panel, day: date) -> tuple[int, int]:
    """Return how many reviewers said SHIP when a day began, and how many had a review."""
    verdicts = [_verdict_on(review, day) for review in panel.reviews]
    return verdicts.count(Verdict.SHIP), sum(verdict is not None for verdict in verdicts)


def _verdict_on(review: PanelReview, day: date) -> Verdict | None:
    """Return a review's verdict when a day began; None before its first version. Undated ones count as old."""
    revisions = [each for each in review.revisions if not each.wording_only]
    first = revisions[0] if revisions else review
    if first.reviewed_on is not None and first.reviewed_on >= day:
        return None
    return next((each.verdict for each in revisions if each.until >= day), review.verdict)
