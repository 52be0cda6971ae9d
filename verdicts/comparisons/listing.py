"""Tools in a list: each with its panel's marks and its readers' figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from verdicts.catalog import queries as catalog
from verdicts.catalog.panel import Panel, ReviewerCard
from verdicts.catalog.records import ToolCard
from verdicts.voting.community import Community
from verdicts.voting.queries import tallies_of


@dataclass(frozen=True)
class Listed:
    card: ToolCard
    panel: Panel
    community: Community


@dataclass(frozen=True)
class Listing:
    """A list of tools and the whole panel, so that each mark stands in the same place everywhere."""

    tools: tuple[Listed, ...]
    reviewers: tuple[ReviewerCard, ...]


def load(cards: Sequence[ToolCard]) -> Listing:
    """Return these tools as a list shows them. Three statements."""
    ids = [card.id for card in cards]
    panels, communities = catalog.marks_of(ids), tallies_of(ids)
    return Listing(
        tools=tuple(Listed(card, panels[card.id], communities[card.id]) for card in cards),
        reviewers=tuple(catalog.all_reviewers()),
    )
