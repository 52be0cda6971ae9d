"""What the front page shows of the rankings: where both panel and readers are split, and where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.models import Tool
from verdicts.catalog.queries import is_active, is_published, links_of, panel_verdicts_of
from verdicts.catalog.reviews import Panel
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import UtcDateTime, db, limit_to
from verdicts.rankings.readers import VotedTool, by_gap
from verdicts.voting.community import PERCENTAGE_FROM, Community
from verdicts.voting.models import tally

MOST_VOTED = 200  # the tools among which these are chosen
MIN_VOICES = 3  # so many have reviewed a tool before the panel is called split on it


@dataclass(frozen=True)
class HighlightedTool:
    tool: ToolLink
    panel: Panel
    community: Community

    @property
    def readers_are_keener(self) -> bool:
        return self.community.is_keener_than(self.panel.ship, self.panel.total)


@dataclass(frozen=True)
class Highlights:
    contested: tuple[HighlightedTool, ...]
    differing: tuple[HighlightedTool, ...]


_tool = Tool.__table__
_voted = (
    sa.select(tally)
    .where(tally.c.counted >= PERCENTAGE_FROM)
    .order_by(tally.c.counted.desc(), tally.c.tool_id.desc())
    .limit(limit_to(MOST_VOTED))
    .subquery("voted")
)
_MOST_VOTED = (
    sa.select(_tool.c.id, _tool.c.name, _tool.c.panel_key, _voted.c.ship, _voted.c.skip, _voted.c.waiting)
    .join(_voted, _voted.c.tool_id == _tool.c.id)
    .where(_tool.c.panel_key != "", is_published(sa.bindparam("now", type_=UtcDateTime)), is_active)
)


def load(now: datetime, most: int) -> Highlights:
    """Return so many tools of each kind at most. Three statements."""
    rows = db.session.connection().execute(_MOST_VOTED, {"now": now})
    tools = [VotedTool(row.id, row.name, Community(*row[3:]), row.panel_key) for row in rows]
    differing, contested = find_differing(tools)[:most], find_contested(tools)[:most]
    ids = [tool.id for tool in (*differing, *contested)]
    links, panels = links_of(ids), panel_verdicts_of(ids)

    def shown(chosen: Sequence[VotedTool]) -> tuple[HighlightedTool, ...]:
        return tuple(HighlightedTool(links[tool.id], panels[tool.id], tool.community) for tool in chosen)

    return Highlights(shown(contested), shown(differing))


def find_differing(tools: Sequence[VotedTool]) -> list[VotedTool]:
    """Return the tools on which panel and readers differ, the widest gap first."""
    return [place.tool for place in by_gap(tools) if place.tool.differs]


def find_contested(tools: Sequence[VotedTool]) -> list[VotedTool]:
    """Return the tools on which the panel is split as evenly as its number allows, the most split readers first."""
    return sorted(filter(_splits_evenly, tools), key=lambda tool: (_imbalance(tool.community), tool.name.casefold()))


def _splits_evenly(tool: VotedTool) -> bool:
    ship, total = tool.panel_count
    return total >= MIN_VOICES and abs(2 * ship - total) <= 1


def _imbalance(readers: Community) -> float:
    return abs(2 * readers.ship - readers.counted) / readers.counted
