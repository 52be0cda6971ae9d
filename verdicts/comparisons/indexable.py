"""Which pages search engines may list: all tools, their alternatives, curated pairs, and pairs within a category.

A thousand tools make half a million pairs, and most of them compare what nobody would. A sitemap lists the rest in
parts: a part has a fixed number of statements, and its pages stay in it when tools are added.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from math import isqrt
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.kinds import ToolState
from verdicts.catalog.queries import category, price, review, revision, tool
from verdicts.catalog.summaries import ToolSummary
from verdicts.comparisons import address
from verdicts.comparisons.related import comparison, member
from verdicts.comparisons.related import is_published as is_published_comparison
from verdicts.extensions import UtcDateTime, db

# So few that a part fits into the page cache (caching.MAX_PAGE_BYTES). A sitemap could hold 50,000.
PART_SIZE = 2_500
# Half a million pairs, and 200 parts: the tools that a category had first.
MAX_TOOLS_OF_CATEGORY = 1_000
MAX_PARTS = 50_000  # as many as a sitemap index may name


@dataclass(frozen=True)
class IndexablePage:
    """The end of a page's address, and the day on which what it shows last changed."""

    slug: str
    changed_on: date


@dataclass(frozen=True)
class PartCounts:
    """How many parts there are: of tools, alternatives, curated pairs, and pairs of each category by its slug."""

    tools: int
    alternatives: int
    curated: int
    categories: tuple[tuple[str, int], ...]


def is_indexable(tools: Sequence[ToolSummary], *, is_curated: bool) -> bool:
    """Say whether search engines may list a comparison: an editor wrote of it, or it is a pair of one category."""
    in_one_category = len({each.category_id for each in tools}) == 1 and tools[0].category_id is not None
    return is_curated or (len(tools) == address.MIN_TOOLS and in_one_category)


def count_parts(now: datetime) -> PartCounts:
    """Four statements."""
    values = {"now": now}
    by_category = db.session.execute(_COUNT_BY_CATEGORY, values)
    parts = [(slug, _parts(_pairs(min(count, MAX_TOOLS_OF_CATEGORY)))) for slug, count in by_category]
    return PartCounts(
        tools=_parts(db.session.scalar(_COUNT_TOOLS, values) or 0),
        alternatives=_parts(db.session.scalar(_COUNT_WITH_ALTERNATIVES, values) or 0),
        curated=_parts(db.session.scalar(_COUNT_CURATED, values) or 0),
        categories=tuple((slug, count) for slug, count in parts if count),
    )


def list_tools(part: int, now: datetime) -> list[IndexablePage]:
    """Return the pages of a part, counted from 1; none past the last. One statement."""
    values = {"now": now, "most": PART_SIZE, "skipped": (part - 1) * PART_SIZE}
    return [IndexablePage(slug, _latest(dates)) for _, slug, *dates in db.session.execute(_TOOLS, values)]


def list_tools_with_alternatives(part: int, now: datetime) -> list[IndexablePage]:
    """Return a part of the tools whose category holds another: the page of their alternatives is not empty."""
    values = {"now": now, "most": PART_SIZE, "skipped": (part - 1) * PART_SIZE}
    return [IndexablePage(slug, _latest(dates)) for _, slug, *dates in db.session.execute(_WITH_ALTERNATIVES, values)]


def list_pairs(category_slug: str, part: int, now: datetime) -> list[IndexablePage]:
    """Return a part of the pairs within a category. One statement.

    The tools are numbered as they came. Pair k is that of tools i and j < i with i (i - 1) / 2 + j = k, so a new tool
    makes new pairs at the end only.
    """
    first, last = (part - 1) * PART_SIZE, part * PART_SIZE - 1
    if _newer_of(first) >= MAX_TOOLS_OF_CATEGORY:
        return []
    most = min(_newer_of(last) + 1, MAX_TOOLS_OF_CATEGORY)
    values = {"slug": category_slug, "now": now, "most": most}
    rows = [(slug, _latest(dates)) for _, slug, *dates in db.session.execute(_TOOLS_OF_CATEGORY, values)]
    pairs = ((rows[newer], rows[older]) for newer in range(_newer_of(first), len(rows)) for older in range(newer))
    skipped = first - _pairs(_newer_of(first))
    return [_pair(*tools) for tools in islice(pairs, skipped, skipped + PART_SIZE)]


def list_curated_pairs(part: int, now: datetime) -> list[IndexablePage]:
    """Return a part of the curated pairs across categories; list_pairs() has the others. Two statements."""
    values = {"now": now, "most": PART_SIZE, "skipped": (part - 1) * PART_SIZE}
    pairs = [(first, second) for _, first, second in db.session.execute(_CURATED, values)]
    ids = {id for pair in pairs for id in pair}
    rows = db.session.execute(_TOOLS_BY_ID, {"ids": list(ids)})
    tools = {id: (slug, _latest(dates)) for id, slug, *dates in rows}
    return [_pair(tools[first], tools[second]) for first, second in pairs]


def _pair(one: tuple[str, date], other: tuple[str, date]) -> IndexablePage:
    return IndexablePage(address.canonical([one[0], other[0]]), max(one[1], other[1]))


def _pairs(tools: int) -> int:
    return tools * (tools - 1) // 2


def _newer_of(pair: int) -> int:
    """Return the number of the newer tool of pair k: the largest i with i (i - 1) / 2 <= k."""
    return (1 + isqrt(8 * pair + 1)) // 2


def _parts(pages: int) -> int:
    return -(-pages // PART_SIZE)


def _latest(dates: Iterable[date | datetime | None]) -> date:
    """Return the latest day of a row's dates, the first of which is when the tool was published."""
    return max(each.date() if isinstance(each, datetime) else each for each in dates if each)


_now = sa.bindparam("now", type_=UtcDateTime)
_most, _skipped = (sa.bindparam(name, type_=sa.Integer) for name in ("most", "skipped"))
_is_published = tool.c.published_at <= _now
_dates = (
    tool.c.published_at,
    sa.select(sa.func.max(review.c.reviewed_on)).where(review.c.tool_id == tool.c.id).scalar_subquery(),
    sa.select(sa.func.max(revision.c.until))
    .join(review, review.c.id == revision.c.review_id)
    .where(review.c.tool_id == tool.c.id)
    .scalar_subquery(),
    sa.select(sa.func.max(price.c.until)).where(price.c.tool_id == tool.c.id).scalar_subquery(),
    sa.select(sa.func.max(price.c.checked_on)).where(price.c.tool_id == tool.c.id).scalar_subquery(),
)


def _select_dated(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    dated = sa.select(tool.c.id, catalog.current_slug.c.slug, *_dates)
    return dated.join(catalog.current_slug, catalog.is_current_slug).where(condition)


_TOOLS = _select_dated(_is_published).order_by(tool.c.id).limit(_most).offset(_skipped)
_other = tool.alias("other")
_has_alternatives = sa.exists().where(
    _other.c.category_id == tool.c.category_id,
    _other.c.id != tool.c.id,
    _other.c.published_at <= _now,
    _other.c.state == ToolState.ACTIVE,
)
_WITH_ALTERNATIVES = _select_dated(_is_published & _has_alternatives).order_by(tool.c.id).limit(_most).offset(_skipped)
_COUNT_WITH_ALTERNATIVES = sa.select(sa.func.count()).select_from(tool).where(_is_published, _has_alternatives)
_TOOLS_BY_ID = _select_dated(tool.c.id.in_(sa.bindparam("ids", type_=sa.Integer, expanding=True)))
_category_id = sa.select(category.c.id).where(category.c.slug == sa.bindparam("slug")).scalar_subquery()
_TOOLS_OF_CATEGORY = (
    _select_dated(_is_published & (tool.c.category_id == _category_id)).order_by(tool.c.id).limit(_most)
)
_in_one_category = (sa.func.count(tool.c.category_id) == address.MIN_TOOLS) & (
    sa.func.min(tool.c.category_id) == sa.func.max(tool.c.category_id)
)
_curated = (
    sa.select(comparison.c.id, sa.func.min(tool.c.id), sa.func.max(tool.c.id))
    .join(member, member.c.comparison_id == comparison.c.id)
    .join(tool, tool.c.id == member.c.tool_id)
    .where(is_published_comparison(_now))
    .group_by(comparison.c.id)
    .having(sa.func.count() == address.MIN_TOOLS, ~sa.func.coalesce(_in_one_category, sa.false()))
)
_CURATED = _curated.order_by(comparison.c.id).limit(_most).offset(_skipped)
_COUNT_CURATED = sa.select(sa.func.count()).select_from(_curated.subquery())
_COUNT_TOOLS = sa.select(sa.func.count()).select_from(tool).where(_is_published)
_COUNT_BY_CATEGORY = (
    sa.select(category.c.slug, sa.func.count())
    .join(tool, tool.c.category_id == category.c.id)
    .where(_is_published)
    .group_by(category.c.id, category.c.slug)
    .order_by(category.c.id)
)
