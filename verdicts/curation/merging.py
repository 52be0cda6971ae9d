"""Two records of one tool become one: what will happen, told beforehand by the same code that does it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from verdicts.catalog import merging as records
from verdicts.catalog import merging_reviews as reviews
from verdicts.catalog import search
from verdicts.catalog.merging import RecordMove, Side
from verdicts.catalog.merging_reviews import ReviewMove
from verdicts.catalog.publishing import bump_content_version
from verdicts.comparisons import merging as comparisons
from verdicts.comparisons.merging import ComparisonMove
from verdicts.curation.editing.changes import Change
from verdicts.curation.merging_changes import changes_since, look
from verdicts.digest import merging as digest
from verdicts.feedback import merging as doubts
from verdicts.newsletter import merging as newsletter
from verdicts.voting import merging as ballots
from verdicts.voting.merging import BallotMove


@dataclass(frozen=True)
class Plan:
    """Everything that a merge does. `followers` will be new ones of the kept tool, `drafted` is news in drafts."""

    keep: Side
    drop: Side
    record: RecordMove
    reviews: tuple[ReviewMove, ...]
    comparisons: tuple[ComparisonMove, ...]
    ballots: BallotMove
    followers: int
    drafted: int

    @property
    def names(self) -> tuple[str, str]:
        """What to call the kept record and the other; with their addresses where both have one name."""
        if self.keep.name != self.drop.name:
            return self.keep.name, self.drop.name
        return f"{self.keep.name} (/tools/{self.keep.slug})", f"{self.drop.name} (/tools/{self.drop.slug})"

    @property
    def fingerprint(self) -> str:
        """A hash of what an editor decides on: not of votes and followers, whose number changes while they think."""
        everything = asdict(self)
        decided = [everything[part] for part in ("keep", "drop", "record", "reviews", "comparisons")]
        told = json.dumps(decided, default=str, sort_keys=True)
        return sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class Merged:
    """A plan that was carried out, and what that changed in each record."""

    plan: Plan
    changes: tuple[Change, ...]


class PlanChanged(Exception):
    """What would happen now is something else than what was shown; `plan` is what it is."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__(plan.fingerprint)


def plan(keep_id: int, drop_id: int, now: datetime) -> Plan:
    """Return what merging one tool into another would do. Raises CannotMerge. Fifteen statements."""
    keep, drop = records.sides(keep_id, drop_id, now)
    return Plan(
        keep=keep,
        drop=drop,
        record=records.foresee(keep_id, drop_id),
        reviews=reviews.foresee(keep_id, drop_id),
        comparisons=comparisons.foresee(keep_id, drop_id),
        ballots=ballots.foresee(keep_id, drop_id),
        followers=newsletter.count_new_followers(keep_id, drop_id),
        drafted=digest.count_drafted_news(drop_id),
    )


def merge(keep_id: int, drop_id: int, now: datetime, *, agreed: str | None = None) -> Merged:
    """Merge one tool into another for good, and return the plan that was carried out with what it changed.

    Of two who merge one tool at once, the second is refused: both records are locked before the plan is made. Raises
    CannotMerge, or PlanChanged where the plan is not the one whose fingerprint was agreed to. The caller has called
    begin_write(), and commits.
    """
    records.lock((keep_id, drop_id))
    ballots.lock(keep_id, drop_id)
    made = plan(keep_id, drop_id, now)
    if agreed not in (None, made.fingerprint):
        raise PlanChanged(made)
    before = look(keep_id, drop_id, made.comparisons, now)
    _carry_out(made, now)
    search.reindex([keep_id, drop_id])
    bump_content_version()
    return Merged(made, tuple(changes_since(before)))


def _carry_out(made: Plan, now: datetime) -> None:
    keep_id, drop_id = made.keep.id, made.drop.id
    ballots.merge(keep_id, drop_id, now)
    reviews.merge(keep_id, made.reviews, made.names[1], now.date())
    comparisons.merge(keep_id, drop_id, made.comparisons, now)
    newsletter.move_followers(keep_id, drop_id)
    digest.rename_in_drafts(keep_id, drop_id)
    if made.record.price:
        doubts.move_doubts(keep_id, drop_id)
    doubts.forget_doubts(drop_id)
    records.merge(made.keep, made.drop, made.record, now)
