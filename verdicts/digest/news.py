"""Pieces of news. Their details are stored when an edition is drafted or refreshed, as plain values for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verdicts.catalog.reviews import Panel, ReviewerSummary
from verdicts.catalog.summaries import ToolSummary
from verdicts.digest.models import ItemKind
from verdicts.voting.community import Community

Details = Mapping[str, object]

# Subscribers with Rhythm.ON_CHANGE get an email only if it contains news of these kinds.
CHANGE_KINDS = frozenset({ItemKind.VERDICT_CHANGE, ItemKind.PRICE_MOVE})


@dataclass(frozen=True)
class News:
    """News before it is stored. Its category is that of its tool; for a comparison, that of its first tool."""

    kind: ItemKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    details: Details


@dataclass(frozen=True)
class NewsItem:
    """News as stored in an edition. `is_removed`: an editor removed it, or it was hidden when the edition was frozen.

    `is_hidden`: readers cannot see its tool or comparison. `is_renamed`: a tool, category or reviewer that it names has
    another name now. Only queries.with_visibility sets these two.
    """

    id: int
    kind: ItemKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    details: Mapping[str, Any]
    is_removed: bool
    position: int
    is_hidden: bool = False
    is_renamed: bool = False

    @property
    def is_included(self) -> bool:
        return not (self.is_removed or self.is_hidden)


def news_about(kind: ItemKind, tool: ToolSummary, **details: object) -> News:
    """Return news about one tool."""
    common = {**category_details(tool), "tool": {"slug": tool.slug, "name": tool.name}}
    return News(kind, tool.category_id, (tool.id,), {**common, **details})


def category_details(tool: ToolSummary) -> Details:
    return {"category": {"slug": tool.category.slug, "name": tool.category.name} if tool.category else None}


def panel_details(panel: Panel, reviewers: Sequence[ReviewerSummary]) -> Details:
    """Return the panel's counts and each reviewer's verdict, in this order; None for one without a review."""
    marks = [{"label": each.label, "verdict": panel.verdict_of(each)} for each in reviewers]
    return {"ship": panel.ship, "total": panel.total, "percent": panel.percent, "marks": marks}


def community_details(community: Community) -> Details:
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
