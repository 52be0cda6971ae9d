"""The readers who judged both of two tools: how they judged, and whether that names a lead."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

CHANCES_IN = 20  # a lead is named where so uneven a split would come about by chance less than once in so many
SIGNIFICANCE = 1 / CHANCES_IN
PRECISION = 200  # binary places of a chance: one voter changes far more than the rounding of all of them


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
    def lead(self) -> "Lead":
        if not self.total:
            return Lead.NOBODY
        if min(self.only_a, self.only_b) >= least_undecided_minority(self.only_a + self.only_b):
            return Lead.TOO_CLOSE
        return Lead.A if self.only_a > self.only_b else Lead.B


class Lead(StrEnum):
    """What a page may claim of two tools: one leads, it is too close to call, or nobody has judged both."""

    A = "a"
    B = "b"
    TOO_CLOSE = "too-close"
    NOBODY = "nobody"


@lru_cache(256)  # a page asks several times, and half a million readers take a millisecond
def least_undecided_minority(total: int) -> int:
    """Return how many of `total` must ship only the one tool for the exact two-sided sign test to name no lead.

    Splits are counted from the even one outwards, some eight times the square root of `total` of them.
    """
    chances = list(_chances(total))
    most_more_even = sum(chances) * (CHANCES_IN - 1) // CHANCES_IN
    more_even = 0
    for fewer, chance in enumerate(chances):
        more_even += chance
        if more_even > most_more_even:
            return total // 2 - fewer
    return 0


def _chances(total: int) -> Iterator[int]:
    """Yield how likely each split is, the most even one first, until it is next to impossible.

    In whole multiples of one in 2**PRECISION of the chance of the first: whatever the total, no number gets long.
    """
    minority, chance = total // 2, 1 << PRECISION
    while chance and minority >= 0:
        yield chance if 2 * minority == total else 2 * chance
        chance = chance * minority // (total - minority + 1)
        minority -= 1
