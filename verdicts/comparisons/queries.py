"""The comparison page's reads: six statements, however many tools there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.panel import Panel, ReviewerCard, speakers
from verdicts.catalog.records import FactSheet, PlanLine, ToolCard
from verdicts.comparisons import address, related
from verdicts.comparisons.differences import FactTable, compare_facts
from verdicts.comparisons.panel_lead import is_split
from verdicts.comparisons.related import Curated, Related
from verdicts.extensions import db
from verdicts.voting.community import Community
from verdicts.voting.models import Tally
from verdicts.voting.queries import readers_of_both
from verdicts.voting.readers_of_both import ReadersOfBoth


class ToolsNotFound(LookupError):
    """No published tool has one of these slugs."""

    def __init__(self, slugs: Sequence[str]) -> None:
        self.slugs = tuple(slugs)
        super().__init__(", ".join(slugs))


@dataclass(frozen=True)
class Named:
    """A tool as an address names it, with its readers' figure."""

    card: ToolCard
    community: Community


@dataclass(frozen=True)
class Contender:
    """Everything the page says of one of its tools."""

    card: ToolCard
    community: Community
    panel: Panel
    sheet: FactSheet
    plans: tuple[PlanLine, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything the comparison page holds. `readers` only for two tools, `curated` where an editor wrote of them."""

    contenders: tuple[Contender, ...]
    reviewers: tuple[ReviewerCard, ...]
    curated: Curated | None
    readers: ReadersOfBoth | None
    related: tuple[Related, ...]

    @property
    def address(self) -> str:
        return address.canonical(contender.card.slug for contender in self.contenders)

    @property
    def panel_rows(self) -> list[tuple[str, str, Panel]]:
        return [(each.card.slug, each.card.name, each.panel) for each in self.contenders]

    @property
    def facts(self) -> FactTable:
        return compare_facts([contender.sheet for contender in self.contenders])

    @property
    def has_plans(self) -> bool:
        return any(contender.plans for contender in self.contenders)

    @property
    def split(self) -> set[str]:
        """The slugs of the reviewers who ship one of the tools and skip another."""
        panels = [contender.panel for contender in self.contenders]
        return {reviewer.slug for reviewer in self.reviewers if is_split(reviewer, panels)}

    @property
    def names(self) -> list[str]:
        return [contender.card.name for contender in self.contenders]


_tally = Tally.__table__
_FIND = (
    catalog.CARDS_ASKED_FOR.add_columns(_tally.c.ship, _tally.c.skip, _tally.c.waiting)
    .outerjoin(_tally, _tally.c.tool_id == catalog.tool.c.id)
    .order_by(catalog.current_slug.c.slug)
)


def find(slugs: Sequence[str], now: datetime) -> list[Named]:
    """Return the published tools under these slugs or aliases, in canonical order. One statement.

    Raises ToolsNotFound with the slugs nobody has, or SameToolTwice where two of them lead to one tool.
    """
    rows = db.session.execute(_FIND, {"slugs": list(slugs), "now": now}).all()
    if missing := [slug for slug in slugs if slug not in {row.asked_for for row in rows}]:
        raise ToolsNotFound(missing)
    address.check([row.slug for row in rows])
    return [Named(catalog.to_card(row), _community(row)) for row in rows]


def load(found: Sequence[Named], now: datetime) -> Comparison:
    """Return the whole page for tools that `find` found. Five statements."""
    ids = [named.card.id for named in found]
    panels, sheets, plans = catalog.panels_of(ids), catalog.fact_sheets_of(ids), catalog.plans_of(ids)
    curated, others = related.load([named.card for named in found], now)
    return Comparison(
        contenders=tuple(
            Contender(named.card, named.community, panels[id], sheets[id], plans[id])
            for id, named in zip(ids, found, strict=True)
        ),
        reviewers=tuple(speakers(list(panels.values()))),
        curated=curated,
        readers=readers_of_both(*ids) if len(ids) == address.FEWEST else None,
        related=others,
    )


def _community(row: sa.Row[Any]) -> Community:
    return Community(row.ship or 0, row.skip or 0, row.waiting or 0)
