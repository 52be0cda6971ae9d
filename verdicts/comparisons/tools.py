"""The tool page's reads: everything known of one tool, and what to put it beside."""

from dataclasses import dataclass
from datetime import datetime

from verdicts.catalog import queries as catalog
from verdicts.catalog.panel import ReviewerCard, speakers
from verdicts.catalog.prices import Price
from verdicts.catalog.records import PlanLine, ReleaseLine, ToolCard
from verdicts.comparisons import related
from verdicts.comparisons.differences import FactRow, fact_rows
from verdicts.comparisons.listing import Listed
from verdicts.comparisons.reading import disagreements
from verdicts.comparisons.related import Related
from verdicts.voting.queries import tallies_of


@dataclass(frozen=True)
class ToolPage:
    tool: Listed
    reviewers: tuple[ReviewerCard, ...]
    facts: tuple[FactRow, ...]
    plans: tuple[PlanLine, ...]
    past_prices: tuple[Price, ...]
    releases: tuple[ReleaseLine, ...]
    disagreements: tuple[str, ...]
    related: tuple[Related, ...]


def load(card: ToolCard, now: datetime) -> ToolPage:
    """Return the page of one tool. Seven statements."""
    panel, community = catalog.panels_of([card.id])[card.id], tallies_of([card.id])[card.id]
    return ToolPage(
        tool=Listed(card, panel, community),
        reviewers=tuple(speakers([panel])),
        facts=fact_rows([catalog.fact_sheets_of([card.id])[card.id]]),
        plans=catalog.plans_of([card.id])[card.id],
        past_prices=tuple(catalog.past_prices_of(card.id)),
        releases=tuple(catalog.releases_of(card.id)),
        disagreements=disagreements([(card.name, panel, community)]),
        related=related.load([card], now)[1],
    )
