"""A category's page: which category, its tools a page at a time in the panel's order, and the other categories."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import CategoryAlias
from verdicts.catalog.queries import (
    category,
    columns_of,
    is_published,
    requested_slug,
    review,
    summaries_of,
    tool,
)
from verdicts.catalog.summaries import CategoryLink, CategorySummary, ToolSummary
from verdicts.extensions import UtcDateTime, db

PAGE_SIZE = 25

_SHARE_SCALE, _VOICES_SCALE = 1_000_000, 1_000


@dataclass(frozen=True)
class ToolsOfCategory:
    """One page of a category's tools; `next_after` is the slug that the next page begins after, or ""."""

    tools: tuple[ToolSummary, ...]
    next_after: str


_ships = sa.func.count(review.c.id).filter(review.c.verdict == Verdict.SHIP)
_voices = sa.func.nullif(sa.func.count(review.c.id), 0, type_=sa.Integer)

# How a panel orders tools, as one whole number for each: by its share of SHIP, then by its voices; -1 without any.
panel_rank = sa.func.coalesce(_ships * _SHARE_SCALE // _voices * _VOICES_SCALE + _voices, -1)

_alias = CategoryAlias.__table__
_FIND = (
    sa.select(*columns_of(category, CategorySummary))
    .outerjoin(_alias, _alias.c.category_id == category.c.id)
    .where((_alias.c.slug == sa.bindparam("slug")) | (category.c.slug == sa.bindparam("slug")))
    .limit(1)
)
_now = sa.bindparam("now", type_=UtcDateTime)
_LINKS = (
    sa.select(category.c.slug, category.c.name)
    .where(sa.exists().where(tool.c.category_id == category.c.id, is_published(_now)))
    .order_by(category.c.position, category.c.id)
)


_name = sa.func.lower(tool.c.name)
_in_category = (tool.c.category_id == sa.bindparam("category_id", type_=sa.Integer)) & is_published(_now)
_ORDER = (panel_rank.label("rank"), _name.label("folded"), tool.c.id)
_ranked = sa.select(*_ORDER).outerjoin(review, review.c.tool_id == tool.c.id).where(_in_category).group_by(tool.c.id)
_in_order = _ranked.order_by(panel_rank.desc(), _name, tool.c.id).limit(PAGE_SIZE + 1)
_later_by_name = sa.tuple_(_name, tool.c.id) > sa.tuple_(
    sa.bindparam("name", type_=sa.String), sa.bindparam("id", type_=sa.Integer)
)
_rank = sa.bindparam("rank", type_=sa.BigInteger)

_FIRST_IDS = _in_order
_LATER_IDS = _in_order.having((panel_rank < _rank) | ((panel_rank == _rank) & _later_by_name))
_PLACE_OF = _ranked.join(requested_slug, requested_slug.c.tool_id == tool.c.id).where(
    requested_slug.c.slug == sa.bindparam("after")
)


def find(slug: str) -> CategorySummary | None:
    """Return the category that has this slug, or had it before. One statement."""
    row = db.session.connection().execute(_FIND, {"slug": slug}).first()
    return CategorySummary(*row) if row else None


def list_links(now: datetime) -> list[CategoryLink]:
    """Return the categories that hold published tools, in their order. One statement."""
    return [CategoryLink(*row) for row in db.session.connection().execute(_LINKS, {"now": now})]


def list_tools(category_id: int, after: str, now: datetime) -> ToolsOfCategory:
    """Return a category's published tools: best panel first, then by name, those behind the slug `after`.

    None where no tool of the category has that slug. Two statements, behind a slug three.
    """
    connection = db.session.connection()
    values: dict[str, object] = {"category_id": category_id, "now": now}
    if after:
        place = connection.execute(_PLACE_OF, {**values, "after": after}).first()
        if place is None:
            return ToolsOfCategory((), "")
        values |= {"rank": place.rank, "name": place.folded, "id": place.id}
    ids = [row.id for row in connection.execute(_LATER_IDS if after else _FIRST_IDS, values)]
    found = summaries_of(ids[:PAGE_SIZE])
    tools = tuple(found[id] for id in ids[:PAGE_SIZE])
    return ToolsOfCategory(tools, tools[-1].slug if len(ids) > PAGE_SIZE else "")
