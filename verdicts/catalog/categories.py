"""A category's page: which category, its tools a page at a time in the panel's order, and the other categories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa

from verdicts.catalog import panel_keys
from verdicts.catalog.kept import kept
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import NOT_REVIEWED_PLACE, CategoryAlias
from verdicts.catalog.queries import (
    category,
    columns_of,
    current_slug,
    is_current_slug,
    is_published,
    requested_slug,
    review,
    reviewer,
    summaries_of,
    tool,
)
from verdicts.catalog.summaries import CategoryLink, CategorySummary, ToolSummary
from verdicts.extensions import UtcDateTime, db, limit_to

PAGE_SIZE = 25


@dataclass(frozen=True)
class ToolsOfCategory:
    """One page of a category's tools; `next_after` is the slug that the next page begins after, or "".

    `previous_after` is that of the page before, which is "" if it is the first one; None on the first page itself.
    """

    tools: tuple[ToolSummary, ...]
    next_after: str = ""
    previous_after: str | None = None


def _has_weight(weight: int) -> sa.ColumnElement[bool]:
    """Say whether a review is by one of those reviewers whose slugs are given for a weight."""
    given = sa.bindparam(f"weight_{weight}", type_=sa.String, expanding=True)
    return review.c.reviewer_id.in_(sa.select(reviewer.c.id).where(reviewer.c.slug.in_(given)))


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


_in_category = (tool.c.category_id == sa.bindparam("category_id", type_=sa.Integer)) & is_published(_now)

# The order by a reader's own weights, as tool.panel_place is without: a voice counts once, unless it is given another.
WEIGHTS = (0, 2, 3)
_weight = sa.case((review.c.id.is_(None), 0), *((_has_weight(weight), weight) for weight in WEIGHTS), else_=1)
_ships = sa.func.sum(sa.case((review.c.verdict == Verdict.SHIP, _weight), else_=0))
_voices = sa.func.nullif(sa.func.sum(_weight), 0, type_=sa.Integer)
_weighted = (
    sa.select(tool.c.id, sa.func.coalesce(panel_keys.place(_ships, _voices), NOT_REVIEWED_PLACE).label("place"))
    .outerjoin(review, review.c.tool_id == tool.c.id)
    .where(_in_category)
    .group_by(tool.c.id)
    .subquery("weighted")
)


@dataclass(frozen=True)
class _Statements:
    """The statements that read a category's tools by their places, then by name."""

    first: sa.Select[Any]
    later: sa.Select[Any]
    earlier: sa.Select[Any]
    place_of: sa.Select[Any]

    @classmethod
    def ordered_by(cls, place: sa.ColumnElement[int], *joined: tuple[sa.FromClause, sa.ColumnElement[bool]]) -> Self:
        order = (place, tool.c.sort_name, tool.c.id)
        names = ("place", "name", "id")
        placed = sa.select(*(key.label(name) for key, name in zip(order, names, strict=True))).where(_in_category)
        for table, condition in joined:
            placed = placed.join(table, condition)
        keys = sa.tuple_(*order)
        given = sa.tuple_(*(sa.bindparam(name, type_=key.type) for key, name in zip(order, names, strict=True)))
        backwards = placed.add_columns(current_slug.c.slug).join(current_slug, is_current_slug)
        limit = limit_to(PAGE_SIZE + 1)
        is_asked_for = requested_slug.c.slug == sa.bindparam("after")
        return cls(
            first=placed.order_by(*order).limit(limit),
            later=placed.where(keys > given).order_by(*order).limit(limit),
            earlier=backwards.where(keys <= given).order_by(*(key.desc() for key in order)).limit(limit),
            place_of=placed.join(requested_slug, requested_slug.c.tool_id == tool.c.id).where(is_asked_for),
        )


_BY_PANEL = _Statements.ordered_by(tool.c.panel_place)
_BY_WEIGHTS = _Statements.ordered_by(_weighted.c.place, (_weighted, _weighted.c.id == tool.c.id))


def find(slug: str) -> CategorySummary | None:
    """Return the category that has this slug, or had it before. One statement."""
    row = db.session.connection().execute(_FIND, {"slug": slug}).first()
    return CategorySummary(*row) if row else None


@kept
def list_links(now: datetime) -> tuple[CategoryLink, ...]:
    """Return the categories that hold published tools, in their order. Two statements; one where they are kept."""
    return tuple(CategoryLink(*row) for row in db.session.connection().execute(_LINKS, {"now": now}))


def list_tools(
    category_id: int, after: str, now: datetime, weights: Mapping[str, int] | None = None
) -> ToolsOfCategory:
    """Return a category's published tools: best panel first, then by name, those behind the slug `after`.

    None where no tool of the category has that slug. `weights` are a reader's own, by reviewers' slugs, each of WEIGHTS
    or 1. Two statements, behind a slug four.
    """
    connection = db.session.connection()
    values: dict[str, object] = {"category_id": category_id, "now": now}
    if weights:
        values |= {f"weight_{weight}": [slug for slug in weights if weights[slug] == weight] for weight in WEIGHTS}
    statements = _BY_WEIGHTS if weights else _BY_PANEL
    if not after:
        return _page_of([row.id for row in connection.execute(statements.first, values)])
    place = connection.execute(statements.place_of, {**values, "after": after}).first()
    if place is None:
        return ToolsOfCategory(())
    values |= {"place": place.place, "name": place.name, "id": place.id}
    # The tools of the page before, backwards, and the one that it begins after.
    earlier = [row.slug for row in connection.execute(statements.earlier, values)][PAGE_SIZE:]
    page = _page_of([row.id for row in connection.execute(statements.later, values)])
    return replace(page, previous_after=earlier[0] if earlier else "")


def _page_of(ids: Sequence[int]) -> ToolsOfCategory:
    """Return the page of these tools, of which one more than fits says that there is a next page. One statement."""
    found = summaries_of(ids[:PAGE_SIZE])
    tools = tuple(found[id] for id in ids[:PAGE_SIZE])
    return ToolsOfCategory(tools, tools[-1].slug if len(ids) > PAGE_SIZE else "")
