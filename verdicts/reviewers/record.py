"""A reviewer's record: how often they ship, agree with others, and stand alone. Every figure is "k of n"."""

from dataclasses import dataclass

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.catalog.summaries import CategoryLink

# So many verdicts, all alike, say that a voice separates nothing. Fewer may be chance.
UNIFORM_FROM = 5
# Of two voices that differ, neither stands alone.
MIN_PANEL = 3


@dataclass(frozen=True)
class Count:
    """`part` of `total`."""

    part: int
    total: int

    @property
    def share(self) -> float:
        """The share in 0..1, for drawings. 0 where there is nothing."""
        return self.part / self.total if self.total else 0.0


@dataclass(frozen=True)
class CategoryRecord:
    """What a reviewer says of one category's tools; `category` is None for tools without one."""

    category: CategoryLink | None
    ships: Count


@dataclass(frozen=True)
class Agreement:
    """On how many of the tools that both judged another reviewer says the same."""

    reviewer: ReviewerSummary
    same: Count


@dataclass(frozen=True)
class Verdicts:
    """How often a reviewer ships, and on how many of their reviews another verdict stood before."""

    ships: Count = Count(0, 0)
    changed: int = 0

    @property
    def reviewed(self) -> int:
        return self.ships.total

    @property
    def only_verdict(self) -> Verdict | None:
        """The verdict that all reviews have, where there are enough to say that they separate nothing."""
        if self.reviewed < UNIFORM_FROM or self.ships.part not in {0, self.reviewed}:
            return None
        return Verdict.SHIP if self.ships.part else Verdict.SKIP


@dataclass(frozen=True)
class Record:
    """A reviewer's record on published tools.

    `alone` counts the panels of at least MIN_PANEL voices on which theirs was the only one of its kind. `with_readers`
    counts the tools whose readers clearly ship or skip: see voting.queries.readers_verdict.
    """

    verdicts: Verdicts
    by_category: tuple[CategoryRecord, ...]
    agreements: tuple[Agreement, ...]
    alone: Count
    with_readers: Count
