"""Pieces of news. Their facts are stored when an edition is drafted, as plain values for JSON, and never change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verdicts.catalog.panel import Panel, ReviewerSummary
from verdicts.catalog.summaries import ToolSummary
from verdicts.digest.models import ItemKind
from verdicts.voting.community import Community

Facts = Mapping[str, object]

# The news that subscribers with Rhythm.ON_CHANGE wait for.
CHANGE_KINDS = frozenset({ItemKind.VERDICT_CHANGE, ItemKind.PRICE_MOVE})


@dataclass(frozen=True)
class News:
    """News before it is stored. It stands in its tool's category; a comparison, in that of its first tool."""

    kind: ItemKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    facts: Facts


@dataclass(frozen=True)
class NewsItem:
    """News as stored in an edition. `dropped`: an editor left it out.

    `is_hidden`: readers do not see its tool or comparison. Only queries.mark_hidden sets it.
    """

    id: int
    kind: ItemKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    facts: Mapping[str, Any]
    dropped: bool
    position: int
    is_hidden: bool = False

    @property
    def is_included(self) -> bool:
        return not (self.dropped or self.is_hidden)


def news_about(kind: ItemKind, tool: ToolSummary, **facts: object) -> News:
    """Return news about one tool."""
    common = {**category_facts(tool), "tool": {"slug": tool.slug, "name": tool.name}}
    return News(kind, tool.category_id, (tool.id,), {**common, **facts})


def category_facts(tool: ToolSummary) -> Facts:
    return {"category": {"slug": tool.category.slug, "name": tool.category.name} if tool.category else None}


def panel_facts(panel: Panel, reviewers: Sequence[ReviewerSummary]) -> Facts:
    """Return the panel's counts and each reviewer's verdict, in this order; None for one without a review."""
    marks = [{"label": each.label, "verdict": panel.verdict_of(each)} for each in reviewers]
    return {"ship": panel.ship, "total": panel.total, "percent": panel.percent, "marks": marks}


def community_facts(community: Community) -> Facts:
    """Return the readers' counts. Percentage and interval, in whole per cent, are None for a small sample."""
    interval = community.interval
    return {
        "ship": community.ship,
        "skip": community.skip,
        "counted": community.counted,
        "percent": community.percent,
        "low": interval.low_percent if interval else None,
        "high": interval.high_percent if interval else None,
    }
