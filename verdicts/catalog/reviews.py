"""A tool's reviews by the panel: counted, how old each of them is, and what each of them was before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from verdicts.catalog.kinds import Basis, ReviewerKind, Verdict

OLD_AFTER = timedelta(days=180)
GRACE = timedelta(days=1)  # how far a date may be ahead of ours: east of us it is tomorrow already


@dataclass(frozen=True)
class ReviewerSummary:
    slug: str
    name: str
    kind: ReviewerKind = ReviewerKind.UNSTATED
    motto: str = ""
    position: int = field(default=0, compare=False)  # in the panel's order
    id: int = field(default=0, compare=False)

    @property
    def label(self) -> str:
        """The name as a column heading: "Builder" for "The Builder"."""
        return self.name.removeprefix("The ")

    @property
    def mention(self) -> str:
        """The name inside a sentence: "the Builder" for "The Builder"."""
        return f"the {self.label}" if self.label != self.name else self.name


@dataclass(frozen=True)
class Revision:
    """What a review said before, until when, and why it changed."""

    verdict: Verdict
    quote: str
    reviewed_on: date | None
    until: date
    reason: str
    wording_only: bool


@dataclass(frozen=True)
class PanelReview:
    """One reviewer's current review of one tool, and its revisions, oldest first."""

    reviewer: ReviewerSummary
    verdict: Verdict
    quote: str = ""
    reviewed_on: date | None = None
    tool_version: str | None = None
    basis: Basis = Basis.UNSTATED
    conflict: str | None = None
    revisions: tuple[Revision, ...] = ()

    @property
    def words(self) -> int:
        return len(self.quote.split())

    def is_old(self, today: date) -> bool:
        """Say whether the review is older than OLD_AFTER: pages mark it, and it no longer decides who is ahead."""
        return self.reviewed_on is not None and today - self.reviewed_on > OLD_AFTER


@dataclass(frozen=True)
class ReviewChange:
    """One entry of a review's history: from one verdict to the next, on a day, for a reason.

    A correction of wording changes no verdict, nor does a review that another record of the tool had (wording_only).
    """

    reviewer: ReviewerSummary
    ended: Revision
    new_verdict: Verdict

    @property
    def on(self) -> date:
        return self.ended.until

    @property
    def verdict_changed(self) -> bool:
        return self.ended.verdict is not self.new_verdict and not self.ended.wording_only


@dataclass(frozen=True)
class Panel:
    """The reviews of a tool. A reviewer without a review is a gap, and counts neither way."""

    reviews: tuple[PanelReview, ...]

    @property
    def total(self) -> int:
        return len(self.reviews)

    @property
    def ship(self) -> int:
        return sum(review.verdict is Verdict.SHIP for review in self.reviews)

    @property
    def majority(self) -> Verdict | None:
        """What more than half of the reviews say; None where neither verdict has so many."""
        if 2 * self.ship == self.total:
            return None
        return Verdict.SHIP if 2 * self.ship > self.total else Verdict.SKIP

    @property
    def percent(self) -> int | None:
        """The share of SHIP in whole per cent, halves up as for the readers; None without reviews."""
        return (200 * self.ship + self.total) // (2 * self.total) if self.reviews else None

    @property
    def oldest(self) -> date | None:
        return min((review.reviewed_on for review in self.reviews if review.reviewed_on), default=None)

    @property
    def undated(self) -> int:
        return sum(review.reviewed_on is None for review in self.reviews)

    def voices(self, kind: ReviewerKind) -> int:
        return sum(review.reviewer.kind == kind for review in self.reviews)

    def review_by(self, reviewer: ReviewerSummary) -> PanelReview | None:
        return next((review for review in self.reviews if review.reviewer.slug == reviewer.slug), None)

    def verdict_of(self, reviewer: ReviewerSummary) -> Verdict | None:
        review = self.review_by(reviewer)
        return review.verdict if review else None

    def marks_of(self, reviewers: Iterable[ReviewerSummary]) -> tuple[tuple[str, Verdict | None], ...]:
        """Return the name and the verdict of each of these reviewers."""
        verdicts = {review.reviewer.slug: review.verdict for review in self.reviews}
        return tuple((reviewer.name, verdicts.get(reviewer.slug)) for reviewer in reviewers)

    def changes(self) -> list[ReviewChange]:
        """Return all that was ever replaced, newest first."""
        changes = [change for review in self.reviews for change in changes_of(review)]
        return sorted(changes, key=lambda change: change.on, reverse=True)


def changes_of(review: PanelReview) -> list[ReviewChange]:
    """Return a review's changes, oldest first, each with the verdict that the reviewer came to after it."""
    after, changes = review.verdict, []
    for before in reversed(review.revisions):
        changes.append(ReviewChange(review.reviewer, before, after))
        if not before.wording_only:
            after = before.verdict
    return changes[::-1]


def reviewers_of(panels: Sequence[Panel]) -> list[ReviewerSummary]:
    """Return the reviewers of any of these tools, in the panel's order, which is the same on every page."""
    reviewers = {review.reviewer.slug: review.reviewer for panel in panels for review in panel.reviews}
    return sorted(reviewers.values(), key=lambda reviewer: reviewer.position)
