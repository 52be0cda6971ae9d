"""A reviewer's record: how often they ship, agree with others, and stand alone. Every figure is "k of n".

It is counted from panel keys and how many tools have each (catalog.panel_keys): there are few of them, however many
reviews there are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.panel_keys import verdicts_in
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.catalog.summaries import CategoryLink

# So many verdicts, all alike, say that a voice tells nothing. Fewer may be chance.
UNIFORM_FROM = 5
# Of two voices that differ, neither stands alone.
MIN_PANEL = 3

Panels = Mapping[str, int]  # panel keys, and how many tools have each


@dataclass(frozen=True)
class Count:
    """`part` of `total`."""

    part: int
    total: int

    @property
    def share(self) -> float:
        """The share in 0..1, for drawings. 0 where there is nothing."""
        return self.part / self.total if self.total else 0.0

    @property
    def percent(self) -> int:
        """The share in whole per cent, halves up as on panels. Needs a total."""
        return (200 * self.part + self.total) // (2 * self.total)


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
    """How often a reviewer ships, and on how many of their reviews another verdict stood before.

    `hands_on` counts the reviews that rest on using the tool.
    """

    ships: Count = Count(0, 0)
    changed: int = 0
    hands_on: int = 0

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
    counts the tools whose readers clearly ship or skip: see voting.queries.readers_verdict. With `of_most_voted` it
    counts only those among the tools with most votes: see voting.community.MOST_VOTED.
    """

    verdicts: Verdicts
    by_category: tuple[CategoryRecord, ...]
    agreements: tuple[Agreement, ...]
    alone: Count
    with_readers: Count
    of_most_voted: bool = False


def merged(panels: Iterable[Panels]) -> Panels:
    """Return the panels of all these together."""
    together: Counter[str] = Counter()
    for each in panels:
        together.update(each)
    return together


def ships_in(panels: Panels, reviewer_id: int) -> Count:
    """Return how often a reviewer ships."""
    spoken = [(verdicts_in(key).get(reviewer_id), count) for key, count in panels.items()]
    return _count((verdict is Verdict.SHIP, count) for verdict, count in spoken if verdict)


def agreements_in(panels: Panels, reviewer_id: int) -> dict[int, Count]:
    """Return, by the other reviewers' ids, on how many of the tools that both judged they say the same."""
    pairs: dict[int, list[tuple[bool, int]]] = {}
    for key, count in panels.items():
        verdicts = verdicts_in(key)
        if mine := verdicts.get(reviewer_id):
            for other in verdicts.keys() - {reviewer_id}:
                pairs.setdefault(other, []).append((verdicts[other] is mine, count))
    return {other: _count(same) for other, same in pairs.items()}


def closest(agreements: Iterable[Agreement]) -> Agreement | None:
    """Return who says the same most often, of equals who judged more tools with them; the first of these."""
    return max(agreements, key=lambda each: (each.same.share, each.same.total), default=None)


def alone_in(panels: Panels, reviewer_id: int) -> Count:
    """Return on how many of the panels of at least MIN_PANEL voices a reviewer's was the only one of its kind."""
    voices = [
        (list(verdicts_in(key).values()), verdicts_in(key).get(reviewer_id), count) for key, count in panels.items()
    ]
    return _count((all_.count(mine) == 1, count) for all_, mine, count in voices if mine and len(all_) >= MIN_PANEL)


def _count(tools: Iterable[tuple[bool, int]]) -> Count:
    """Return of how many tools it holds. Each pair says whether it holds, and of how many."""
    counted = list(tools)
    return Count(sum(count for holds, count in counted if holds), sum(count for _, count in counted))
