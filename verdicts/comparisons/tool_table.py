"""Tools in a table: each with its panel's verdicts and its readers' figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from verdicts.catalog import queries as catalog
from verdicts.catalog.reviews import Panel, ReviewerSummary
from verdicts.catalog.summaries import ToolSummary
from verdicts.voting.community import Community
from verdicts.voting.queries import tallies_of


@dataclass(frozen=True)
class ToolRow:
    tool: ToolSummary
    panel: Panel
    community: Community


@dataclass(frozen=True)
class ToolTable:
    """Rows, and the whole panel: each reviewer's mark stands in the same place in every row."""

    rows: tuple[ToolRow, ...]
    reviewers: tuple[ReviewerSummary, ...]


def load(tools: Sequence[ToolSummary]) -> ToolTable:
    """Return these tools as a table shows them. Three statements."""
    ids = [tool.id for tool in tools]
    panels, communities = catalog.panel_verdicts_of(ids), tallies_of(ids)
    return ToolTable(
        rows=tuple(ToolRow(tool, panels[tool.id], communities[tool.id]) for tool in tools),
        reviewers=tuple(catalog.all_reviewers()),
    )
