"""The comparison page's reads: seven statements at most, however many tools there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.content_version import CATALOG_STATE, last_published
from verdicts.catalog.kept import load_each
from verdicts.catalog.reviews import Panel, ReviewerSummary, reviewers_of
from verdicts.catalog.summaries import PlanSummary, ToolFacts, ToolSummary
from verdicts.comparisons import address, indexable, related
from verdicts.comparisons.differences import FactTable, compare_facts
from verdicts.comparisons.panel_lead import is_split
from verdicts.comparisons.related import ChooseIfReason, ComparisonLink, CuratedText
from verdicts.comparisons.tool_table import ToolRow
from verdicts.extensions import db
from verdicts.prepared import Prepared
from verdicts.voting.community import Community
from verdicts.voting.models import Tally
from verdicts.voting.queries import readers_of_both
from verdicts.voting.readers_of_both import ReadersOfBoth


class ToolsNotFound(LookupError):
    """No published tool has these slugs."""

    def __init__(self, slugs: Sequence[str]) -> None:
        self.slugs = tuple(slugs)
        super().__init__(", ".join(slugs))


@dataclass(frozen=True)
class RequestedTool:
    """A tool that an address names, with its readers' figure, and the state of the catalogue in which it was read."""

    tool: ToolSummary
    community: Community
    state: tuple[Any, ...]


@dataclass(frozen=True)
class ToolSheet:
    """What a comparison says of a tool beside its summary: it hangs on the catalogue alone."""

    panel: Panel
    facts: ToolFacts
    plans: tuple[PlanSummary, ...]


@dataclass(frozen=True)
class ComparedTool(ToolRow):
    facts: ToolFacts
    plans: tuple[PlanSummary, ...]


@dataclass(frozen=True)
class ComparisonPage:
    """Everything the comparison page holds. `readers` only for two tools, `curated` where an editor wrote of them."""

    tools: tuple[ComparedTool, ...]
    reviewers: tuple[ReviewerSummary, ...]
    curated: CuratedText | None
    choose_if: tuple[ChooseIfReason, ...]
    readers: ReadersOfBoth | None
    related: tuple[ComparisonLink, ...]

    @property
    def address(self) -> str:
        return address.canonical(each.tool.slug for each in self.tools)

    @property
    def names(self) -> list[str]:
        return [each.tool.name for each in self.tools]

    @property
    def is_indexable(self) -> bool:
        return indexable.is_indexable([each.tool for each in self.tools], is_curated=self.curated is not None)

    @cached_property
    def facts(self) -> FactTable:
        return compare_facts([each.facts for each in self.tools])

    @property
    def is_sourced(self) -> bool:
        """True where every fact, price and plan has a source and the day on which it was checked."""
        rows = (*self.facts.differing, *self.facts.shared, *self.facts.partial, *self.facts.unknown)
        prices = [each.tool.price for each in self.tools]
        plans = [plan for each in self.tools for plan in each.plans]
        values = (*(fact for row in rows for fact in row.facts), *prices, *plans)
        return all(value is not None and value.source and value.checked_on for value in values)

    @property
    def has_plans(self) -> bool:
        return any(each.plans for each in self.tools)

    @property
    def split(self) -> set[str]:
        """The slugs of the reviewers who ship one of the tools and skip another."""
        panels = [each.panel for each in self.tools]
        return {reviewer.slug for reviewer in self.reviewers if is_split(reviewer, panels)}


_tally = Tally.__table__
_STATE = (*CATALOG_STATE, last_published(related.comparison))
_FIND = Prepared(
    catalog.SUMMARIES_BY_SLUG.add_columns(_tally.c.ship, _tally.c.skip, _tally.c.waiting, *_STATE)
    .outerjoin(_tally, _tally.c.tool_id == catalog.requested_tool.c.id)
    .order_by(catalog.requested_tool.c.current_slug)
)


def find(slugs: Sequence[str], now: datetime) -> list[RequestedTool]:
    """Return the published tools under these slugs or aliases, in canonical order. One statement.

    Raises ToolsNotFound with the slugs that no tool has, or SameToolTwice where two of them lead to one tool.
    """
    rows = _FIND.execute(db.session.connection(), {"slugs": list(slugs), "now": now})
    if missing := [slug for slug in slugs if slug not in {row.requested for row in rows}]:
        raise ToolsNotFound(missing)
    tools = [RequestedTool(catalog.to_summary(row), _community(row), tuple(row[-len(_STATE) :])) for row in rows]
    address.check([each.tool.slug for each in tools])
    return tools


def load(
    requested: Sequence[RequestedTool], now: datetime, on_uncurated: Callable[[], None] | None = None
) -> ComparisonPage:
    """Return the whole page for the tools that find() returned. At most six statements, one where the rest is kept.

    `on_uncurated` is called before the rest is read where no editor wrote of these tools. What it raises ends the read.
    """
    tools, state = [each.tool for each in requested], requested[0].state
    ids = tuple(tool.id for tool in tools)
    written = load_each("comparisons.related", [ids], lambda _ids: {ids: related.load(tools, now)}, state)
    if on_uncurated and written[ids].curated is None:
        on_uncurated()
    sheets = load_each("comparisons.sheets", ids, _load_sheets, state)
    return ComparisonPage(
        tools=tuple(
            ComparedTool(each.tool, sheet.panel, each.community, sheet.facts, sheet.plans)
            for each, sheet in zip(requested, (sheets[id] for id in ids), strict=True)
        ),
        reviewers=tuple(reviewers_of([sheets[id].panel for id in ids])),
        curated=written[ids].curated,
        choose_if=written[ids].choose_if,
        readers=readers_of_both(*ids) if len(ids) == address.MIN_TOOLS else None,
        related=written[ids].links,
    )


def _load_sheets(ids: Sequence[int]) -> dict[int, ToolSheet]:
    panels, facts, plans = catalog.panels_of(ids), catalog.facts_of(ids), catalog.plans_of(ids)
    return {id: ToolSheet(panels[id], facts[id], plans[id]) for id in ids}


def _community(row: sa.Row[Any]) -> Community:
    return Community(row.ship or 0, row.skip or 0, row.waiting or 0)
