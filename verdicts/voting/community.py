"""The readers' figure for one tool: votes are a sample that chose itself, and this is what pages may claim of it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import floor, sqrt
from statistics import NormalDist

PERCENTAGE_FROM = 30  # counted votes
MOST_VOTED = 500  # the tools that rankings by readers choose from, and on which reviewers are compared with readers
CONFIDENCE_PERCENT = 95
_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE_PERCENT / 200)
Z_SQUARED = _Z * _Z


class SampleBasis(StrEnum):
    """What a community figure rests on, and so what a page may show: nothing, bare counts, or an estimate."""

    NONE = "none"
    COUNTS = "counts"
    ESTIMATE = "estimate"


@dataclass(frozen=True)
class Interval:
    """Two shares in 0..1."""

    low: float
    high: float

    @property
    def low_percent(self) -> int:
        return whole_percent(self.low)

    @property
    def high_percent(self) -> int:
        return whole_percent(self.high)


@dataclass(frozen=True)
class Community:
    """Counted ballots for and against a tool, and those that are not counted yet (waiting a day, or for an editor)."""

    ship: int = 0
    skip: int = 0
    waiting: int = 0

    @property
    def counted(self) -> int:
        return self.ship + self.skip

    @property
    def basis(self) -> SampleBasis:
        if not self.counted:
            return SampleBasis.NONE
        return SampleBasis.COUNTS if self.until_percentage else SampleBasis.ESTIMATE

    @property
    def until_percentage(self) -> int:
        """How many more counted ballots it takes until a percentage may be shown."""
        return max(0, PERCENTAGE_FROM - self.counted)

    @property
    def share(self) -> float | None:
        """The share of SHIP in 0..1; None while it may not be shown."""
        return self.ship / self.counted if self.basis is SampleBasis.ESTIMATE else None

    @property
    def percent(self) -> int | None:
        """The share in whole per cent as pages print it; None while it may not be shown."""
        return whole_percent(self.share) if self.share is not None else None

    @cached_property
    def interval(self) -> Interval | None:
        """The share's interval at CONFIDENCE_PERCENT; None while no percentage may be shown."""
        return wilson(self.ship, self.counted) if self.basis is SampleBasis.ESTIMATE else None

    def contradicts(self, panel_ship: int, panel_total: int) -> bool:
        """Say whether the panel's share lies more than half a voice outside the interval: pages state it then.

        A panel of five can only have 0, 20, 40, … per cent. Without the half voice it would contradict its readers
        wherever their interval lies between two of these. Needs panel_total > 0.
        """
        if self.interval is None:
            return False
        share, half_a_voice = panel_ship / panel_total, 0.5 / panel_total
        return not self.interval.low - half_a_voice <= share <= self.interval.high + half_a_voice

    def is_keener_than(self, panel_ship: int, panel_total: int) -> bool:
        """Say whether readers have a larger share of SHIP than the panel. Needs panel_total > 0, and an interval."""
        return self.share is not None and self.share > panel_ship / panel_total


def wilson(ship: int, total: int) -> Interval:
    """Return a share's score interval at CONFIDENCE_PERCENT, both ends in 0..1 (Wilson 1927). Needs total > 0."""
    return Interval(lower_end(ship, total), upper_end(ship, total))


# At the edges the ends are exactly 0 and 1; floats would miss them by a hair, and pages would print 1 % or 99 %.
def lower_end(ship: int, total: int) -> float:
    """Return the lower end of wilson() alone."""
    middle, reach = _middle_and_reach(ship, total)
    return max(0.0, middle - reach) if ship else 0.0


def upper_end(ship: int, total: int) -> float:
    """Return the upper end of wilson() alone."""
    middle, reach = _middle_and_reach(ship, total)
    return min(1.0, middle + reach) if ship < total else 1.0


def _middle_and_reach(ship: int, total: int) -> tuple[float, float]:
    share, spread = ship / total, Z_SQUARED / total
    middle = (share + spread / 2) / (1 + spread)
    return middle, _Z * sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)


def whole_percent(share: float) -> int:
    """Return a share in 0..1 as pages print it: whole per cent, halves up.

    It is 0 or 100 only for a share of exactly 0 or 1: "100 %" would claim that nobody disagreed, "0 %" that nobody
    agreed. So 0.999 is 99 and 0.001 is 1. The ends of an interval follow the same rule.
    """
    if share in {0, 1}:
        return int(share) * 100
    # 57 of 200 is 28.5 per cent and must become 29, but as a float it is a hair less.
    return min(99, max(1, floor(round(share * 100, 9) + 0.5)))
