"""The comparisons that editors feature, as the front page and the picker list them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.content_version import CATALOG_STATE, last_published
from verdicts.catalog.kept import load_each
from verdicts.catalog.reviews import Panel, ReviewerSummary, reviewers_of
from verdicts.catalog.summaries import ToolLink
from verdicts.comparisons import address, wording
from verdicts.comparisons.panel_lead import PanelLead, panel_lead
from verdicts.comparisons.related import all_go_on, comparison, is_published, member, members_key
from verdicts.extensions import UtcDateTime, db, limit_to
from verdicts.traffic.models import pair_views

MOST_COMPARED = 100  # the pairs of tools among which the comparisons are that readers looked at most


@dataclass(frozen=True)
class ReviewedTool:
    tool: ToolLink
    panel: Panel


@dataclass(frozen=True)
class ComparisonSummary:
    """A curated comparison with its tools in canonical order; without the editors' headline it has one by rule."""

    tools: tuple[ReviewedTool, ...]
    editors_headline: str | None
    bottom_line: str = ""

    @property
    def address(self) -> str:
        return address.canonical(each.tool.slug for each in self.tools)

    @property
    def names(self) -> list[str]:
        return [each.tool.name for each in self.tools]

    @property
    def panels(self) -> list[Panel]:
        return [each.panel for each in self.tools]

    @property
    def reviewers(self) -> list[ReviewerSummary]:
        return reviewers_of(self.panels)

    def lead(self, today: date) -> PanelLead | None:
        return panel_lead(self.panels[0], self.panels[1], today) if len(self.tools) == address.MIN_TOOLS else None

    def headline(self, today: date) -> str:
        return self.editors_headline or wording.headline(self.names, self.panels, self.lead(today), today)

    def sentence(self, today: date) -> str:
        lead = self.lead(today)
        if lead:
            return wording.panel_sentence(self.names, lead)
        return wording.panel_counts(self.names, self.panels, today)


_now = sa.bindparam("now", type_=UtcDateTime)
_HEADLINE = sa.select(comparison.c.headline).where(
    comparison.c.members_key == sa.bindparam("members_key", type_=sa.String), is_published(_now)
)

_most = limit_to("most")
_is_shown = is_published(_now) & all_go_on()
_rival = member.alias("rival")


def _select_first() -> sa.Select[Any]:
    """Ids of those to show first, with their views: each of three orders gives its first ones, by an index."""
    no_views = sa.literal(0).label("views")
    featured = sa.select(comparison.c.id, no_views).where(comparison.c.featured, _is_shown)
    others = sa.select(comparison.c.id, no_views).where(~comparison.c.featured, _is_shown)
    # The two tools that readers compared most say how often they looked at a comparison.
    pairs = (
        sa.select(pair_views.c.tool_id, pair_views.c.rival_id, pair_views.c.views)
        .where(pair_views.c.rival_id > pair_views.c.tool_id)
        .order_by(*(column.desc() for column in (pair_views.c.views, pair_views.c.tool_id, pair_views.c.rival_id)))
        .limit(limit_to(MOST_COMPARED))
        .subquery()
    )
    compared = (
        sa.select(comparison.c.id, pairs.c.views)
        .join_from(pairs, member, member.c.tool_id == pairs.c.tool_id)
        .join(_rival, (_rival.c.tool_id == pairs.c.rival_id) & (_rival.c.comparison_id == member.c.comparison_id))
        # The sum hides an index: SQLite began with every comparison, and looked for its pair.
        .join(comparison, comparison.c.id == member.c.comparison_id + 0)
        .where(~comparison.c.featured, _is_shown)
    )
    parts = [each.order_by(comparison.c.position).limit(_most) for each in (featured, others)]
    found = sa.union_all(*(sa.select(each.subquery()) for each in (*parts, compared))).subquery()
    views = sa.func.max(found.c.views)
    return (
        sa.select(comparison.c.id, sa.func.row_number().over(order_by=_order(views)).label("number"))
        .join(found, found.c.id == comparison.c.id)
        .group_by(comparison.c.id, comparison.c.featured, comparison.c.position)
        .order_by(*_order(views))
        .limit(_most)
    )


def _order(views: sa.ColumnElement[int]) -> tuple[sa.ColumnElement[Any], ...]:
    return (comparison.c.featured.desc(), views.desc(), comparison.c.position)


def _select_members() -> sa.Select[Any]:
    first = _select_first().subquery()
    return (
        catalog.select_links()
        .add_columns(comparison.c.id, comparison.c.headline, comparison.c.bottom_line)
        .join(member, member.c.tool_id == catalog.tool.c.id)
        .join(comparison, comparison.c.id == member.c.comparison_id)
        .join(first, first.c.id == comparison.c.id)
        .order_by(first.c.number, catalog.current_slug.c.slug)
    )


_MEMBERS = _select_members()
_STATE = sa.select(*CATALOG_STATE, last_published(comparison))


def find(slugs: Sequence[str], now: datetime) -> ComparisonSummary | None:
    """Return any comparison of published tools, or None where these slugs are not so many tools. Three statements."""
    tools = sorted(catalog.list_published_links(slugs, now), key=lambda tool: tool.slug)
    if len(tools) < len(slugs):
        return None
    panels = catalog.panel_verdicts_of([tool.id for tool in tools])
    key = members_key([tool.id for tool in tools])
    headline = db.session.scalar(_HEADLINE, {"members_key": key, "now": now})
    return ComparisonSummary(tuple(ReviewedTool(tool, panels[tool.id]) for tool in tools), headline)


def load(now: datetime, most: int) -> Sequence[ComparisonSummary]:
    """Return the curated comparisons whose tools are all published and go on. One statement, three where none are kept.

    Featured ones come first, in the editors' order; then what readers compared most lately.
    """
    state = tuple(db.session.connection().execute(_STATE, {"now": now}).one())
    return load_each("comparisons.featured", [most], lambda _keys: {most: _load(now, most)}, state)[most]


def _load(now: datetime, most: int) -> list[ComparisonSummary]:
    rows = db.session.connection().execute(_MEMBERS, {"now": now, "most": most}).all()
    panels = catalog.panel_verdicts_of([row[0] for row in rows])
    groups: dict[tuple[int, str | None, str], list[ReviewedTool]] = {}
    for tool_id, slug, name, *words in rows:
        groups.setdefault(tuple(words), []).append(ReviewedTool(ToolLink(tool_id, slug, name), panels[tool_id]))
    return [ComparisonSummary(tuple(tools), headline, line) for (_, headline, line), tools in groups.items()]
