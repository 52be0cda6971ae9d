"""The readers who judged both of two tools: how they judged, and whether that names a lead."""

from dataclasses import dataclass
from enum import StrEnum
from math import comb

CHANCES_IN = 20  # a lead is named where so uneven a split would come about by chance less than once in so many
SIGNIFICANCE = 1 / CHANCES_IN


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


def least_undecided_minority(total: int) -> int:
    """Return how many of `total` must ship only the one tool for the exact two-sided sign test to name no lead.

    Whole numbers, so that nothing overflows or is rounded. Counted from the even split outwards, which takes about as
    many steps as the square root of `total`; from the other end it takes half of them.
    """
    minority = total // 2
    ways, more_even = comb(total, minority), 0  # to be split so, and less unevenly than so
    most_more_even = ((CHANCES_IN - 1) << total) // CHANCES_IN
    while minority:
        more_even += ways if 2 * minority == total else 2 * ways
        if more_even > most_more_even:
            return minority
        ways = ways * minority // (total - minority + 1)
        minority -= 1
    return minority
