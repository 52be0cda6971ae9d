"""The readers who judged both of two tools: how they judged, and whether that names a lead."""

from dataclasses import dataclass
from enum import StrEnum

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class ReadersOfBoth:
    """Voters with a counted verdict on both tools. `only_a` ship A and skip B; `neither` skip both."""

    only_a: int = 0
    only_b: int = 0
    both: int = 0
    neither: int = 0

    @property
    def total(self) -> int:
        return self.only_a + self.only_b + self.both + self.neither

    @property
    def chance(self) -> float:
        """How likely so uneven a split would be, were readers indifferent: the sign test's p."""
        return sign_test(self.only_a, self.only_b)

    @property
    def lead(self) -> "Lead":
        if not self.total:
            return Lead.NOBODY
        if self.chance >= SIGNIFICANCE:
            return Lead.TOO_CLOSE
        return Lead.A if self.only_a > self.only_b else Lead.B


class Lead(StrEnum):
    """What a page may claim of two tools: one leads, it is too close to call, or nobody has judged both."""

    A = "a"
    B = "b"
    TOO_CLOSE = "too-close"
    NOBODY = "nobody"


def sign_test(only_a: int, only_b: int) -> float:
    """Return the exact two-sided p of a sign test, in 0..1; 1.0 where there is nothing to compare.

    Whole numbers until the last division, so that no number of voters overflows or loses digits.
    """
    total, term, tail = only_a + only_b, 1, 0
    for successes in range(min(only_a, only_b) + 1):
        tail += term
        term = term * (total - successes) // (successes + 1)
    return min(1.0, 2 * tail / (1 << total))
