"""Rankings by the readers' votes: of the tools with most counted votes, each with its interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.panel_keys import verdicts_in
from verdicts.rankings.bands import Bands, Span, bands_of, order_of
from verdicts.voting.community import Community

MIN_TOOLS = 10  # so many need an interval before readers' figures make a ranking
MIN_MINORITY_PERCENT = 25  # of the readers of a contested tool, at either end of its interval


@dataclass(frozen=True)
class VotedTool:
    """A tool whose readers' figure has an interval."""

    id: int
    name: str
    community: Community
    panel_key: str

    @cached_property
    def span(self) -> Span:
        interval = self.community.interval
        if interval is None:
            raise ValueError(f"{self.name} has too few votes for an interval")
        return Span(interval.low, interval.high)

    @cached_property
    def panel_count(self) -> tuple[int, int]:
        """How many reviewers ship it, and how many have reviewed it."""
        verdicts = list(verdicts_in(self.panel_key).values())
        return verdicts.count(Verdict.SHIP), len(verdicts)

    @property
    def gap(self) -> Span:
        """How far the panel's share is from where the readers' may be. Needs a panel."""
        ship, total = self.panel_count
        return self.span.distance_from(ship / total)

    @property
    def differs(self) -> bool:
        """Whether panel and readers differ by more than may be chance. Needs a panel."""
        return self.community.contradicts(*self.panel_count)


@dataclass(frozen=True)
class Place:
    """A tool's place in a ranking."""

    tool: VotedTool
    bands: Bands


def by_lower_bound(tools: Sequence[VotedTool]) -> list[Place]:
    return _ranked(tools, lambda tool: tool.span)


def by_evenness(tools: Sequence[VotedTool]) -> list[Place]:
    """Rank contested tools by how nearly readers fall into two halves, at the interval's end furthest from that."""
    least = MIN_MINORITY_PERCENT / 100
    even = [tool for tool in tools if tool.span.evenness.low >= least]
    return _ranked(even, lambda tool: tool.span.evenness)


def by_gap(tools: Sequence[VotedTool]) -> list[Place]:
    """Rank reviewed tools by how far their readers are from the panel, at the nearer end of the interval.

    Those on which they differ come first. A panel of few voices may be further away and not differ.
    """
    return sorted(_ranked([each for each in tools if each.panel_key], lambda each: each.gap), key=_agrees)


def _agrees(place: Place) -> bool:
    return not place.tool.differs


def _ranked(tools: Sequence[VotedTool], span_of: Callable[[VotedTool], Span]) -> list[Place]:
    spans = [span_of(tool) for tool in tools]
    bands = bands_of(spans)
    places = sorted(range(len(tools)), key=lambda place: (*order_of(spans[place]), tools[place].name.casefold()))
    return [Place(tools[place], bands[place]) for place in places]
