"""What waits for an editor: prices to check, reviews that are old, panels that are not complete. Most voted first.

A tool that was renamed or retired waits for nothing. Nobody counts who reads a page, so a tool's votes say how many
readers depend on it.

Where more than MAX_COUNTED wait, those of the MOST_READ tools come first, and then the others in the order of an index:
prices and reviews from the oldest on, panels in the editors' order. To sort them all would take the longer the more
tools there are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.models import Review, Reviewer
from verdicts.catalog.panel_keys import has_voice
from verdicts.catalog.price_checks import is_due
from verdicts.catalog.prices import UNKNOWN_PLACE, UNKNOWN_PRICE, Price
from verdicts.catalog.queries import current_slug, is_active, is_current_slug, is_published, price, tool
from verdicts.catalog.reviews import OLD_AFTER
from verdicts.catalog.summaries import ToolLink
from verdicts.comparisons.models import Comparison
from verdicts.extensions import MAX_COUNTED, AnyRow, count_pages_ahead, count_up_to, db, rows_of
from verdicts.feedback import price_doubts
from verdicts.traffic.models import tool_views
from verdicts.voting.models import tally

PAGE_SIZE = 25
MOST_READ = 500  # tools, by views and by votes

review, reviewer = Review.__table__, Reviewer.__table__
_doubts = price_doubts.count_of(tool.c.id)
_is_doubted = price_doubts.is_doubted(tool.c.id)
_views = sa.func.coalesce(tool_views.c.views, 0)
_votes = sa.func.coalesce(tally.c.ship + tally.c.skip, 0)
_most_read_first = (_views.desc(), _votes.desc())
_link = (tool.c.id, current_slug.c.slug, tool.c.name)
_PRICE = ("model", "amount", "currency", "period", "source", "checked_on", "interval_days", "looked_on")


@dataclass(frozen=True)
class DuePrice:
    """A tool's current price, with how many readers doubt it, looked at the tool lately and have voted on it.

    Where nobody has ever recorded one, `record_id` is None and the price is unknown.
    """

    tool: ToolLink
    record_id: int | None
    price: Price
    doubts: int
    views: int
    votes: int


@dataclass(frozen=True)
class OldReview:
    tool: ToolLink
    reviewer: str
    reviewed_on: date
    views: int
    votes: int


@dataclass(frozen=True)
class IncompletePanel:
    """A tool, and how many reviewers of the panel have no review of it."""

    tool: ToolLink
    missing: int
    views: int
    votes: int


def list_due_prices(page: int, now: datetime) -> tuple[list[DuePrice], int]:
    """Return one page of the prices that are due, the most doubted first, and how many there are.

    Due is what nobody has ever recorded or checked, what was checked too long ago, and what a reader doubts.
    Three statements, four more at most where more than MAX_COUNTED wait; all counts here end at MAX_COUNTED + 1.
    """
    cost = [price.c[name] for name in _PRICE]
    statement = _due_prices(now, *_link, price.c.id, _doubts, _views, _votes, *cost)
    order = (_doubts.desc(), *_most_read_first, price.c.due_day.nulls_first(), tool.c.id)
    rows, total = _load_page(statement, tool.c.id, order, _waiting_for_check(now), page)
    return [_due_price(*row[:-1]) for row in rows], total


def _due_price(
    id: int, slug: str, name: str, record_id: int | None, doubts: int, views: int, votes: int, *cost: Any
) -> DuePrice:
    current = Price(**dict(zip(_PRICE, cost, strict=True))) if record_id else UNKNOWN_PRICE
    return DuePrice(ToolLink(id, slug, name), record_id, current, doubts, views, votes)


def count_due_prices(now: datetime) -> int:
    """Return how many prices are due. One statement."""
    return count_up_to(_waiting_for_check(now).all)


def list_old_reviews(page: int, now: datetime) -> tuple[list[OldReview], int]:
    """Return one page of the old reviews by people still on the panel, and how many there are.

    Three statements, two more at most where more than MAX_COUNTED are old.
    """
    statement = _old_reviews(now, *_link, reviewer.c.name, review.c.reviewed_on, _views, _votes)
    order = (*_most_read_first, review.c.reviewed_on, tool.c.id, reviewer.c.position)
    rows, total = _load_page(statement, review.c.id, order, _waiting_for_renewal(now), page)
    return [OldReview(ToolLink(*row[:3]), *row[3:-1]) for row in rows], total


def count_old_reviews(now: datetime) -> int:
    return count_up_to(_waiting_for_renewal(now).all)


def list_incomplete_panels(page: int, now: datetime) -> tuple[list[IncompletePanel], int]:
    """Return one page of the tools whose panel is not complete, and how many there are.

    Three statements, two more at most where more than MAX_COUNTED are incomplete.
    """
    statement = _incomplete_panels(now, *_link, _missing, _views, _votes)
    order = (*_most_read_first, tool.c.id)
    rows, total = _load_page(statement, tool.c.id, order, _waiting_for_reviews(now), page)
    return [IncompletePanel(ToolLink(*row[:3]), *row[3:-1]) for row in rows], total


def count_incomplete_panels(now: datetime) -> int:
    return count_up_to(_waiting_for_reviews(now).all)


def count_comparisons_without_bottom_line() -> int:
    without = sa.select(Comparison.id).where(Comparison.bottom_line == "", Comparison.archived_at.is_(None))
    return count_up_to(without)


@dataclass(frozen=True)
class _Waiting:
    """Statements that read the ids of what waits, each in the order of an index, as far as its rows are asked for.

    `parts` have all of it, each others; the first `urgent` of them come before what most people read.
    `of_readers` takes a table of figures of tools, and returns those of its tools.
    """

    parts: Sequence[sa.Select[Any]]
    of_readers: Callable[[sa.Table], sa.Select[Any]]
    urgent: int = 0

    @property
    def all(self) -> sa.Select[Any]:
        return sa.select(sa.union_all(*(part.order_by(None) for part in self.parts)).subquery().c.id)

    def in_order(self) -> Iterator[sa.Select[Any]]:
        """Yield the statements that have all of it together, one after the other."""
        yield from self.parts[: self.urgent]
        yield from (_of_most_read(self.of_readers(figure.table), figure) for figure in _FIGURES)
        yield from self.parts[self.urgent :]


_FIGURES = (tool_views.c.views, tally.c.counted)


def _of_most_read(ids: sa.Select[Any], figure: sa.Column[int]) -> sa.Select[Any]:
    is_among_most, order = _most_read(figure, MOST_READ)
    return ids.where(is_among_most).order_by(*order)


@cache  # to build it takes as long as to execute it
def _most_read(figure: sa.Column[int], most: int) -> tuple[sa.ColumnElement[bool], Sequence[sa.ColumnElement[Any]]]:
    """Say of a row of figures whether it is one of so many highest ones, and return their order."""
    by = (figure, figure.table.c.tool_id)
    order = [each.desc() for each in by]
    most_read = sa.select(*by).order_by(*order).limit(most).subquery()
    last = sa.select(*most_read.c).order_by(*most_read.c).limit(1).scalar_subquery()
    return sa.tuple_(*by) >= last, order


def _load_page(
    statement: sa.Select[Any],
    id: sa.ColumnElement[int],
    order: Sequence[sa.ColumnElement[Any]],
    waiting: _Waiting,
    page: int,
) -> tuple[list[AnyRow], int]:
    """Return the rows of a page, and how many rows there are. Few are sorted, of many the first are looked for."""
    total, end = count_pages_ahead(waiting.all, page, PAGE_SIZE), page * PAGE_SIZE
    begin = end - PAGE_SIZE
    if begin >= total:
        return [], 0
    if total <= MAX_COUNTED:
        ids = statement.with_only_columns(id).where(id.in_(waiting.all)).order_by(*order)
        found = db.session.scalars(ids.limit(PAGE_SIZE).offset(begin)).all()
    else:
        found = _read_first(waiting.in_order(), end)[begin:]
    return rows_of(found, statement, id), total


def _read_first(parts: Iterable[sa.Select[Any]], count: int) -> list[int]:
    """Return so many ids, each once: those of the first part, and of the next where more are needed."""
    found: dict[int, None] = {}
    for part in parts:
        found |= dict.fromkeys(db.session.scalars(part.limit(count + len(found))))
        if len(found) >= count:
            break
    return list(found)[:count]


def _goes_on(now: datetime) -> sa.ColumnElement[bool]:
    """Say whether a tool is published and was not renamed or retired."""
    return sa.and_(tool.c.published_at <= now, is_active)


def _tools_to_keep_up(now: datetime, *columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(tool)
        .join(current_slug, is_current_slug)
        .outerjoin(tool_views, tool_views.c.tool_id == tool.c.id)
        .outerjoin(tally, tally.c.tool_id == tool.c.id)
        .where(_goes_on(now))
    )


def _is_among(tools: sa.Select[Any], tool_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say whether a row's tool is one of these. Each is looked up: for a join, SQLite makes a filter of all first.

    PostgreSQL supposes that nearly all values are not NULL, but that few are equal to another column.
    """
    return tools.where(tool.c.id == tool_id).scalar_subquery().is_not(None)


def _tools_among(tools: sa.Select[Any]) -> Callable[[sa.Table], sa.Select[Any]]:
    return lambda figures: sa.select(figures.c.tool_id).where(_is_among(tools, figures.c.tool_id))


def _due_prices(now: datetime, *columns: Any) -> sa.Select[Any]:
    statement = _tools_to_keep_up(now, *columns).outerjoin(price, _is_its_price)
    return statement.where(tool.c.archived_at.is_(None), _is_waiting_for_check(now))


_is_its_price = sa.and_(price.c.tool_id == tool.c.id, price.c.until.is_(None))


def _is_waiting_for_check(now: datetime) -> sa.ColumnElement[bool]:
    return price.c.id.is_(None) | is_due(now.date()) | _is_doubted


def _waiting_for_check(now: datetime) -> _Waiting:
    tools = sa.select(tool.c.id).where(_goes_on(now), tool.c.archived_at.is_(None))
    not_recorded = tools.where(tool.c.price_place == UNKNOWN_PLACE, ~sa.exists().where(_is_its_price), ~_is_doubted)
    due = sa.select(price.c.tool_id.label("id")).where(price.c.until.is_(None), is_due(now.date()))
    due = due.where(_is_among(tools, price.c.tool_id), ~price_doubts.is_doubted(price.c.tool_id))
    return _Waiting(
        (
            tools.where(tool.c.id.in_(price_doubts.select_tools())).order_by(_doubts.desc(), tool.c.id),
            not_recorded.order_by(tool.c.position, tool.c.id),
            due.order_by(price.c.due_day, price.c.tool_id),
        ),
        _tools_among(tools.outerjoin(price, _is_its_price).where(_is_waiting_for_check(now))),
        urgent=1,
    )


def _is_old(now: datetime) -> sa.ColumnElement[bool]:
    return review.c.reviewed_on < now.date() - OLD_AFTER


def _old_reviews(now: datetime, *columns: Any) -> sa.Select[Any]:
    return (
        _tools_to_keep_up(now, *columns)
        .join(review, review.c.tool_id == tool.c.id)
        .join(reviewer, sa.and_(reviewer.c.id == review.c.reviewer_id, reviewer.c.archived_at.is_(None)))
        .where(_is_old(now))
    )


def _waiting_for_renewal(now: datetime) -> _Waiting:
    panel = sa.select(reviewer.c.id).where(reviewer.c.archived_at.is_(None))
    old = sa.select(review.c.id).where(_is_old(now), review.c.reviewer_id.in_(panel))
    waiting = old.where(_is_among(sa.select(tool.c.id).where(_goes_on(now)), review.c.tool_id))

    def of_readers(figures: sa.Table) -> sa.Select[Any]:
        # The sum hides an index: SQLite without statistics began with all old reviews.
        return waiting.select_from(figures.join(review, review.c.tool_id == figures.c.tool_id + 0))

    return _Waiting((waiting.order_by(review.c.reviewed_on, review.c.id),), of_readers)


# Whose reviews a tool lacks, read from its panel's key: an index has it, without the reviews.
_is_missing = sa.and_(reviewer.c.archived_at.is_(None), ~has_voice(reviewer.c.id))
_missing = sa.select(sa.func.count()).select_from(reviewer).where(_is_missing).correlate(tool).scalar_subquery()
_is_incomplete = sa.exists().select_from(reviewer).where(_is_missing).correlate(tool)


def _incomplete_panels(now: datetime, *columns: Any) -> sa.Select[Any]:
    return _tools_to_keep_up(now, *columns).where(_is_incomplete)


def _waiting_for_reviews(now: datetime) -> _Waiting:
    # is_published() hides an index: by it, SQLite read each tool's row, where another index has all that is asked.
    tools = sa.select(tool.c.id).where(is_published(now), is_active, _is_incomplete)
    return _Waiting((tools.order_by(tool.c.position, tool.c.id),), _tools_among(tools))
