"""A reviewer's reviews, newest first, a page at a time. Pages go on after a review, not at a number."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.queries import category, columns_of, current_slug, is_current_slug, review, tool
from verdicts.catalog.reviews import PanelReview, ReviewerSummary
from verdicts.catalog.summaries import CategoryLink, ToolLink, ToolStatus
from verdicts.extensions import AnyRow, db, limit_to
from verdicts.reviewers.queries import arguments, has_changed, is_published, is_theirs

PAGE_SIZE = 12
MAX_CONFLICTS = 24
_MAX_ID = 2**31 - 1


@dataclass(frozen=True)
class ReviewedTool:
    """A review with the tool that it is of. `has_changed` says whether another verdict stood before."""

    tool: ToolLink
    status: ToolStatus
    category: CategoryLink | None
    review: PanelReview
    has_changed: bool


@dataclass(frozen=True)
class Position:
    """A review's place in the list: its day, or None, and its id. Reviews without a day come last."""

    on: date | None
    id: int


@dataclass(frozen=True)
class ReviewPage:
    """Some of a reviewer's reviews. `next` is where the next page goes on, or None on the last one."""

    reviews: tuple[ReviewedTool, ...]
    next: Position | None


@dataclass(frozen=True)
class Conflict:
    """A conflict of interest that a reviewer states on a tool."""

    tool: ToolLink
    words: str


_TOOL = (tool.c.id, current_slug.c.slug, tool.c.name)
_STATUS = (tool.c.state, tool.c.ended_on)
_REVIEW = columns_of(review, PanelReview)
_of_reviewer = review.join(tool, (tool.c.id == review.c.tool_id) & is_published)
_limit = limit_to("limit")
_newest_first = (review.c.reviewed_on.is_(None), review.c.reviewed_on.desc(), review.c.id.desc())
_is_dated_after_position = sa.tuple_(review.c.reviewed_on, review.c.id) < sa.tuple_(
    sa.bindparam("on", type_=sa.Date), sa.bindparam("id", type_=sa.Integer)
)
_is_undated_after_position = review.c.reviewed_on.is_(None) & (review.c.id < sa.bindparam("undated_id"))


def _select_page(*chosen: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the statement that reads a page and one row more. Dated and undated reviews each come from the index."""

    def ids_of(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
        ids = sa.select(review.c.id).select_from(_of_reviewer).where(is_theirs, *conditions, *chosen)
        newest = ids.order_by(review.c.reviewed_on.desc(), review.c.id.desc()).limit(_limit)
        return sa.select(newest.subquery().c.id)

    ids = sa.union_all(ids_of(_is_dated_after_position), ids_of(_is_undated_after_position)).subquery()
    return (
        sa.select(review.c.id, *_TOOL, *_STATUS, category.c.slug, category.c.name, has_changed, *_REVIEW)
        .join_from(ids, review, review.c.id == ids.c.id)
        .join(tool, tool.c.id == review.c.tool_id)
        .join(current_slug, is_current_slug)
        .outerjoin(category, category.c.id == tool.c.category_id)
        .order_by(*_newest_first)
        .limit(_limit)
    )


# The sum hides the index of categories: through it, where statistics are old, PostgreSQL read the whole category once
# for each review. So every review looks its tool up, until the page is full.
_in_category = (
    tool.c.category_id + 0
    == sa.select(category.c.id).where(category.c.slug == sa.bindparam("category")).scalar_subquery()
)
# By whether they are of one category, and whether of changed verdicts alone.
_PAGES = {
    (False, False): _select_page(),
    (False, True): _select_page(has_changed),
    (True, False): _select_page(_in_category),
    (True, True): _select_page(_in_category, has_changed),
}
_CONFLICTS = (
    sa.select(*_TOOL, review.c.conflict)
    .select_from(_of_reviewer.join(current_slug, is_current_slug))
    .where(is_theirs, review.c.conflict.is_not(None))
    .order_by(*_newest_first)
    .limit(MAX_CONFLICTS)
)


def load_page(
    by: ReviewerSummary,
    category_slug: str,
    after: Position | None,
    now: datetime,
    page_size: int = PAGE_SIZE,
    *,
    only_changed: bool = False,
) -> ReviewPage:
    """Return the reviews that come after a position, or the first ones; "" is any category. One statement."""
    named = {**arguments(by.id, now), **_bounds(after), "limit": page_size + 1}
    if category_slug:
        named["category"] = category_slug
    rows = db.session.connection().execute(_PAGES[bool(category_slug), only_changed], named).all()
    shown = [(row[0], _to_reviewed_tool(by, row)) for row in rows[:page_size]]
    last = Position(shown[-1][1].review.reviewed_on, shown[-1][0]) if len(rows) > page_size else None
    return ReviewPage(tuple(each for _, each in shown), last)


def list_conflicts(by: ReviewerSummary, now: datetime) -> list[Conflict]:
    """Return the conflicts that a reviewer states, newest first, up to MAX_CONFLICTS. One statement."""
    rows = db.session.connection().execute(_CONFLICTS, arguments(by.id, now))
    return [Conflict(ToolLink(*row[:3]), row.conflict) for row in rows]


def _bounds(after: Position | None) -> dict[str, object]:
    """Return what the dated and the undated reviews of a page come after."""
    if after is None:
        return {"on": date.max, "id": _MAX_ID, "undated_id": _MAX_ID}
    if after.on is None:
        return {"on": date.min, "id": 0, "undated_id": after.id}
    return {"on": after.on, "id": after.id, "undated_id": _MAX_ID}


def _to_reviewed_tool(by: ReviewerSummary, row: AnyRow) -> ReviewedTool:
    _, id, slug, name, state, ended_on, category_slug, category_name, changed, *says = row
    return ReviewedTool(
        tool=ToolLink(id, slug, name),
        status=ToolStatus(state, ended_on),
        category=CategoryLink(category_slug, category_name) if category_slug else None,
        review=PanelReview(by, *says),
        has_changed=changed,
    )
