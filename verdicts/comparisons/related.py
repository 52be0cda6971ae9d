"""The editors' words about a comparison, and which other comparisons its readers may want next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.records import ToolCard
from verdicts.comparisons import address
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.extensions import UtcDateTime, db

MOST_CURATED = 7
MOST_NEIGHBOURS = 6
MOST_RELATED = 6

comparison = Comparison.__table__
member = ComparisonTool.__table__
choose = ChooseIf.__table__


@dataclass(frozen=True)
class ChooseLine:
    """Completes "Choose this tool if …"."""

    slug: str
    when: str


@dataclass(frozen=True)
class Curated:
    headline: str | None
    bottom_line: str
    choose_if: tuple[ChooseLine, ...]


@dataclass(frozen=True)
class Related:
    """A link to another comparison; `headline` where an editor wrote one."""

    address: str
    names: tuple[str, ...]
    headline: str | None = None


_ids = sa.bindparam("ids", type_=sa.Integer, expanding=True)
_now = sa.bindparam("now", type_=UtcDateTime)


def _touching() -> sa.Select[Any]:
    """The curated comparisons that hold any of these tools: a row for each member and choose-if line."""
    own_key = sa.bindparam("own_key", type_=sa.String)
    hidden = sa.select(member.c.comparison_id).join(catalog.tool).where(~catalog.is_published(_now))
    wanted = (
        sa.select(comparison.c.id)
        .where(
            comparison.c.id.in_(sa.select(member.c.comparison_id).where(member.c.tool_id.in_(_ids))),
            comparison.c.published_at <= _now,
            comparison.c.id.not_in(hidden),
        )
        .order_by(comparison.c.members_key != own_key, comparison.c.featured.desc(), comparison.c.position)
        .limit(MOST_CURATED)
        .subquery()
    )
    return (
        sa.select(
            comparison.c.id.label("comparison_id"),
            comparison.c.members_key,
            comparison.c.headline,
            comparison.c.bottom_line,
            comparison.c.featured,
            comparison.c.position.label("place"),
            member.c.tool_id,
            catalog.current_slug.c.slug,
            catalog.tool.c.name,
            catalog.tool.c.category_id,
            choose.c.when,
            choose.c.position.label("line"),
        )
        .join(wanted, wanted.c.id == comparison.c.id)
        .join(member, member.c.comparison_id == comparison.c.id)
        .join(catalog.tool, catalog.tool.c.id == member.c.tool_id)
        .join(
            catalog.current_slug,
            sa.and_(catalog.current_slug.c.tool_id == member.c.tool_id, catalog.current_slug.c.is_current),
        )
        .outerjoin(choose, sa.and_(choose.c.comparison_id == comparison.c.id, choose.c.tool_id == member.c.tool_id))
    )


def _neighbours() -> sa.Select[Any]:
    """Other tools of the same categories, in the same columns."""
    return (
        sa.select(
            sa.cast(sa.null(), sa.Integer).label("comparison_id"),
            sa.cast(sa.null(), sa.String).label("members_key"),
            sa.cast(sa.null(), sa.String).label("headline"),
            sa.cast(sa.null(), sa.Text).label("bottom_line"),
            sa.cast(sa.null(), sa.Boolean).label("featured"),
            catalog.tool.c.position.label("place"),
            catalog.tool.c.id.label("tool_id"),
            catalog.current_slug.c.slug,
            catalog.tool.c.name,
            catalog.tool.c.category_id,
            sa.cast(sa.null(), sa.String).label("when"),
            sa.cast(sa.null(), sa.Integer).label("line"),
        )
        .select_from(catalog.cards())
        .where(
            catalog.tool.c.category_id.in_(sa.bindparam("categories", expanding=True)),
            catalog.tool.c.id.not_in(_ids),
            catalog.is_published(_now),
        )
        .order_by(catalog.tool.c.position, catalog.tool.c.id)
        .limit(MOST_NEIGHBOURS)
    )


_RELATED = sa.union_all(*(sa.select(part.subquery()) for part in (_touching(), _neighbours())))


def members_key(tool_ids: Sequence[int]) -> str:
    """Return what `Comparison.members_key` holds for these tools."""
    return ",".join(str(id) for id in sorted(tool_ids))


def load(cards: Sequence[ToolCard], now: datetime) -> tuple[Curated | None, tuple[Related, ...]]:
    """Return the editors' words about these tools, if there are any, and related comparisons. One statement."""
    ids = [card.id for card in cards]
    own_key = members_key(ids)
    asked = {"ids": ids, "categories": [card.category_id for card in cards], "own_key": own_key, "now": now}
    groups: dict[tuple[object, ...], list[sa.Row[Any]]] = {}
    for row in sorted(db.session.execute(_RELATED, asked), key=_place):
        groups.setdefault((row.comparison_id, None if row.comparison_id else row.tool_id), []).append(row)
    own = next((rows for rows in groups.values() if rows[0].members_key == own_key), None)
    links = [_link(rows, cards) for rows in groups.values() if rows is not own]
    return _words(own) if own else None, tuple(_distinct(links)[:MOST_RELATED])


def _place(row: sa.Row[Any]) -> tuple[object, ...]:
    """Curated before neighbours, featured before others, then as the editors put them."""
    return (row.comparison_id is None, not row.featured, row.place, row.slug, row.line or 0)


def _distinct(links: Sequence[Related]) -> list[Related]:
    return list({link.address: link for link in reversed(links)}.values())[::-1]


def _link(rows: Sequence[sa.Row[Any]], cards: Sequence[ToolCard]) -> Related:
    tools = {row.slug: row.name for row in rows}
    if rows[0].comparison_id is None:
        partner = next(card for card in cards if card.category_id == rows[0].category_id)
        tools[partner.slug] = partner.name
    return Related(address.canonical(tools), tuple(tools[slug] for slug in sorted(tools)), rows[0].headline)


def _words(rows: Sequence[sa.Row[Any]]) -> Curated:
    lines = tuple(ChooseLine(row.slug, row.when) for row in rows if row.when)
    return Curated(rows[0].headline, rows[0].bottom_line, lines)
