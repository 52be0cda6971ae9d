"""Bands: which tools of a ranking can be told apart.

Each tool has a span, from the least to the most that its figure may be. A band is a largest set of tools of which each
two have overlapping spans, and bands are numbered from the top. So two tools share a band exactly where their spans
overlap, and one tool may be in several bands. Spans that touch overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Share: TypeAlias = float | Fraction

_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Span:
    """The least and the most that a share may be. Of counts they are fractions, so that equal shares are equal."""

    low: Share
    high: Share

    def overlaps(self, other: "Span") -> bool:
        return self.low <= other.high and other.low <= self.high

    def distance_from(self, share: Share) -> "Span":
        """Return the least and the most that this may be away from a share."""
        least = max(self.low - share, share - self.high, 0)
        return Span(least, max(self.high - share, share - self.low))

    @property
    def evenness(self) -> "Span":
        """Return how nearly even a split this may be: one half where it is even, 0 where all say the same."""
        half = _HALF if isinstance(self.low, Fraction) else 0.5  # to mix the two is slow
        away = self.distance_from(half)
        return Span(half - away.high, half - away.low)


@dataclass(frozen=True)
class Bands:
    """The bands that a tool is in: those from `first` to `last`, counted from 1."""

    first: int
    last: int

    def shares_one_with(self, other: "Bands") -> bool:
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


def bands_of(spans: Sequence[Span]) -> list[Bands]:
    """Return the bands of each span, in the order in which they were given."""
    first, last = [0] * len(spans), [0] * len(spans)
    bands, has_grown = 0, False
    # From the top down, a span opens at its upper end and closes below its lower one. Whenever one closes after others
    # have opened, those that are open are a band.
    for _, closes, place in sorted(_ends(spans)):
        if not closes:
            first[place], has_grown = bands + 1, True
            continue
        bands, has_grown = bands + has_grown, False
        last[place] = bands
    return [Bands(*of_span) for of_span in zip(first, last, strict=True)]


def _ends(spans: Sequence[Span]) -> list[tuple[Share, bool, int]]:
    """Return where each span opens and closes, sorted by how far below the top; at one height opening goes first."""
    opens = [(-span.high, False, place) for place, span in enumerate(spans)]
    return opens + [(-span.low, True, place) for place, span in enumerate(spans)]


def order_of(span: Span) -> tuple[Share, Share]:
    """Return what a ranking sorts by: the lower end of a span, then the upper one, the highest first."""
    return -span.low, -span.high
