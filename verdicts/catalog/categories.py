"""A category's page: which category, its tools a page at a time in the panel's order, and the other categories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import CategoryAlias
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
from verdicts.extensions import UtcDateTime, db

PAGE_SIZE = 25

_SHARE_SCALE, _VOICES_SCALE = 1_000_000, 1_000


@dataclass(frozen=True)
class ToolsOfCategory:
    """One page of a category's tools; `next_after` is the slug that the next page begins after, or "".

    `previous_after` is that of the page before, which is "" if it is the first one; None on the first page itself.
    """

    tools: tuple[ToolSummary, ...]
    next_after: str = ""
    previous_after: str | None = None


def _rank_of(ships: sa.ColumnElement[int], voices: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return how a panel orders tools as one whole number: by its share of SHIP, then by its voices; -1 without any."""
    voices = sa.func.nullif(voices, 0, type_=sa.Integer)
    return sa.func.coalesce(ships * _SHARE_SCALE // voices * _VOICES_SCALE + voices, -1)


def _has_weight(weight: int) -> sa.ColumnElement[bool]:
    """Say whether a review is by one of those reviewers whose slugs are given for a weight."""
    given = sa.bindparam(f"weight_{weight}", type_=sa.String, expanding=True)
    return review.c.reviewer_id.in_(sa.select(reviewer.c.id).where(reviewer.c.slug.in_(given)))


_voices = sa.func.count(review.c.id)
panel_rank = _rank_of(_voices.filter(review.c.verdict == Verdict.SHIP), _voices)

# The same by a reader's own weights: a voice counts once, unless it is given another weight.
WEIGHTS = (0, 2, 3)
_weight = sa.case((review.c.id.is_(None), 0), *((_has_weight(weight), weight) for weight in WEIGHTS), else_=1)
_weighted_rank = _rank_of(
    sa.func.sum(sa.case((review.c.verdict == Verdict.SHIP, _weight), else_=0)), sa.func.sum(_weight)
)

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


_name = tool.c.sort_name
_in_category = (tool.c.category_id == sa.bindparam("category_id", type_=sa.Integer)) & is_published(_now)
_given_rank = sa.bindparam("rank", type_=sa.BigInteger)
_given_name = sa.tuple_(sa.bindparam("name", type_=sa.String), sa.bindparam("id", type_=sa.Integer))


@dataclass(frozen=True)
class _Statements:
    """The statements that read a category's tools in the order of a rank."""

    first: sa.Select[Any]
    later: sa.Select[Any]
    earlier: sa.Select[Any]
    place_of: sa.Select[Any]

    @classmethod
    def ordered_by(cls, rank: sa.ColumnElement[int]) -> "_Statements":
        ranked = (
            sa.select(rank.label("rank"), _name.label("folded"), tool.c.id)
            .outerjoin(review, review.c.tool_id == tool.c.id)
            .where(_in_category)
            .group_by(tool.c.id)
        )
        in_order = ranked.order_by(rank.desc(), _name, tool.c.id).limit(PAGE_SIZE + 1)
        named = ranked.add_columns(current_slug.c.slug).join(current_slug, is_current_slug)
        backwards = (
            named.group_by(current_slug.c.slug).order_by(rank, _name.desc(), tool.c.id.desc()).limit(PAGE_SIZE + 1)
        )
        by_name, is_level = sa.tuple_(_name, tool.c.id), rank == _given_rank
        return cls(
            first=in_order,
            later=in_order.having((rank < _given_rank) | (is_level & (by_name > _given_name))),
            earlier=backwards.having((rank > _given_rank) | (is_level & (by_name <= _given_name))),
            place_of=ranked.join(requested_slug, requested_slug.c.tool_id == tool.c.id).where(
                requested_slug.c.slug == sa.bindparam("after")
            ),
        )


_BY_PANEL, _BY_WEIGHTS = _Statements.ordered_by(panel_rank), _Statements.ordered_by(_weighted_rank)


def find(slug: str) -> CategorySummary | None:
    """Return the category that has this slug, or had it before. One statement."""
    row = db.session.connection().execute(_FIND, {"slug": slug}).first()
    return CategorySummary(*row) if row else None


def list_links(now: datetime) -> list[CategoryLink]:
    """Return the categories that hold published tools, in their order. One statement."""
    return [CategoryLink(*row) for row in db.session.connection().execute(_LINKS, {"now": now})]


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
    values |= {"rank": place.rank, "name": place.folded, "id": place.id}
    # The tools of the page before, backwards, and the one that it begins after.
    earlier = [row.slug for row in connection.execute(statements.earlier, values)][PAGE_SIZE:]
    page = _page_of([row.id for row in connection.execute(statements.later, values)])
    return replace(page, previous_after=earlier[0] if earlier else "")


def _page_of(ids: Sequence[int]) -> ToolsOfCategory:
    """Return the page of these tools, of which one more than fits says that there is a next page. One statement."""
    found = summaries_of(ids[:PAGE_SIZE])
    tools = tuple(found[id] for id in ids[:PAGE_SIZE])
    return ToolsOfCategory(tools, tools[-1].slug if len(ids) > PAGE_SIZE else "")
