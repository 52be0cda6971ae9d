"""What an item of an edition says: its facts as they were when it was drafted, in plain values that JSON can keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verdicts.catalog.panel import Panel, ReviewerSummary
from verdicts.catalog.records import ToolSummary
from verdicts.digest.models import ItemKind
from verdicts.voting.community import Community

Facts = Mapping[str, object]

# What "only when a verdict or price changed" waits for.
CHANGES = frozenset({ItemKind.VERDICT_CHANGE, ItemKind.PRICE_MOVE})


@dataclass(frozen=True)
class News:
    """One piece of news and where it stands: in its category, or with a comparison in that of its first tool."""

    kind: ItemKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    facts: Facts


@dataclass(frozen=True)
class Item:
    """A piece of news as it was drafted. `facts` are its News's, `dropped` says that an editor left it out.

    `is_out_of_sight` says that readers do not see what it is about, where somebody has looked (digest.sight).
    """

    id: int
    kind: ItemKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    facts: Mapping[str, Any]
    dropped: bool
    position: int
    is_out_of_sight: bool = False

    @property
    def is_told(self) -> bool:
        return not (self.dropped or self.is_out_of_sight)


def news_of(kind: ItemKind, card: ToolSummary, **facts: object) -> News:
    """Return news of one tool."""
    return News(kind, card.category_id, (card.id,), {**category_facts(card), "tool": tool_facts(card), **facts})


def category_facts(card: ToolSummary) -> Facts:
    return {"category": {"slug": card.category.slug, "name": card.category.name} if card.category else None}


def tool_facts(card: ToolSummary) -> Facts:
    return {"slug": card.slug, "name": card.name}


def panel_facts(panel: Panel, reviewers: Sequence[ReviewerSummary]) -> Facts:
    """Return the count, and each reviewer's verdict in the panel's order; None where one has not looked."""
    marks = [{"label": each.label, "verdict": panel.verdict_of(each)} for each in reviewers]
    return {"ship": panel.ship, "total": panel.total, "percent": panel.percent, "marks": marks}


def community_facts(community: Community) -> Facts:
    """Return counts, and only where the sample allows it a percentage with its interval in whole per cent."""
    interval = community.interval
    return {
        "ship": community.ship,
        "skip": community.skip,
        "counted": community.counted,
        "percent": community.percent,
        "low": interval.low_percent if interval else None,
        "high": interval.high_percent if interval else None,
    }
