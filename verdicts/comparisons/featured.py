"""The comparisons that editors put forward, as the front page and the picker list them."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.panel import Panel, ReviewerCard, speakers
from verdicts.comparisons import address, wording
from verdicts.comparisons.models import Comparison, ComparisonTool
from verdicts.comparisons.panel_lead import PanelLead, panel_lead
from verdicts.extensions import db

comparison = Comparison.__table__
member = ComparisonTool.__table__


@dataclass(frozen=True)
class Side:
    """One tool of a listed comparison."""

    slug: str
    name: str
    panel: Panel


@dataclass(frozen=True)
class Featured:
    """A curated comparison with its tools in canonical order."""

    sides: tuple[Side, ...]
    words: str | None

    @property
    def address(self) -> str:
        return address.canonical(side.slug for side in self.sides)

    @property
    def names(self) -> list[str]:
        return [side.name for side in self.sides]

    @property
    def panel_rows(self) -> list[tuple[str, str, Panel]]:
        return [(side.slug, side.name, side.panel) for side in self.sides]

    @property
    def reviewers(self) -> list[ReviewerCard]:
        return speakers([side.panel for side in self.sides])

    def lead(self, today: date) -> PanelLead | None:
        return (
            panel_lead(self.sides[0].panel, self.sides[1].panel, today) if len(self.sides) == address.FEWEST else None
        )

    def headline(self, today: date) -> str:
        return self.words or wording.headline(self.names, self.lead(today))

    def sentence(self, today: date) -> str:
        lead = self.lead(today)
        return (
            wording.panel_sentence(self.names, lead)
            if lead
            else wording.panel_counts(self.names, [side.panel for side in self.sides])
        )


def load(now: datetime, most: int) -> list[Featured]:
    """Return the curated comparisons whose tools are all published, those to feature first. Two statements."""
    hidden = sa.select(member.c.comparison_id).join(catalog.tool).where(~catalog.is_published(now))
    order = (comparison.c.featured.desc(), comparison.c.position)
    public = sa.select(comparison.c.id).where(comparison.c.published_at <= now, comparison.c.id.not_in(hidden))
    wanted = public.order_by(*order).limit(most).subquery()
    rows = db.session.execute(
        sa.select(
            comparison.c.id, comparison.c.headline, member.c.tool_id, catalog.current_slug.c.slug, catalog.tool.c.name
        )
        .join(wanted, wanted.c.id == comparison.c.id)
        .join(member, member.c.comparison_id == comparison.c.id)
        .join(catalog.tool, catalog.tool.c.id == member.c.tool_id)
        .join(
            catalog.current_slug,
            sa.and_(catalog.current_slug.c.tool_id == member.c.tool_id, catalog.current_slug.c.is_current),
        )
        .order_by(*order, comparison.c.id, catalog.current_slug.c.slug)
    ).all()
    panels = catalog.marks_of([row.tool_id for row in rows])
    groups: dict[int, list[Side]] = {}
    for row in rows:
        groups.setdefault(row.id, []).append(Side(row.slug, row.name, panels[row.tool_id]))
    headlines = {row.id: row.headline for row in rows}
    return [Featured(tuple(sides), headlines[id]) for id, sides in groups.items()]
