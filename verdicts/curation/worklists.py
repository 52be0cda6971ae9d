"""What waits for an editor: prices to check, reviews that are old, panels that are not complete. Most voted first.

A tool that was renamed or retired waits for nothing. Nobody counts who reads a page, so a tool's votes say how many
readers depend on it.

Where more than MAX_COUNTED reviews or panels wait, a list holds those of the most read tools, and so many others, in
its order. What is worked off makes room for the next.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.models import Review, Reviewer
from verdicts.catalog.price_checks import days_since_check, is_due
from verdicts.catalog.prices import UNKNOWN_PRICE, Price
from verdicts.catalog.queries import current_slug, is_active, is_current_slug, is_published, price, tool
from verdicts.catalog.reviews import OLD_AFTER
from verdicts.catalog.summaries import ToolLink
from verdicts.comparisons.models import Comparison
from verdicts.extensions import MAX_COUNTED, count_up_to, execute_page
from verdicts.feedback import price_doubts
from verdicts.traffic.models import tool_views
from verdicts.voting.models import tally

PAGE_SIZE = 25
MOST_READ = 500  # tools, by views and by votes

review, reviewer = Review.__table__, Reviewer.__table__
_doubts = price_doubts.count_by_tool()
_views = sa.func.coalesce(tool_views.c.views, 0)
_votes = sa.func.coalesce(tally.c.ship + tally.c.skip, 0)
_most_read = (_views.desc(), _votes.desc())
_MOST_READ = sa.union(
    *(
        sa.select(sa.select(table.c.tool_id).order_by(by.desc(), table.c.tool_id.desc()).limit(MOST_READ).subquery())
        for table, by in ((tool_views, tool_views.c.views), (tally, tally.c.counted))
    )
)
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
    Three statements (extensions.execute_page); all counts here end at MAX_COUNTED + 1.
    """
    doubts = sa.func.coalesce(_doubts.c.doubts, 0)
    overdue = days_since_check(now.date()) - price.c.interval_days
    cost = [price.c[name] for name in _PRICE]
    statement = _due_prices(now, *_link, price.c.id, doubts, _views, _votes, *cost)
    order = (doubts.desc(), *_most_read, price.c.checked_on.is_not(None), overdue.desc(), tool.c.id)
    rows, total = execute_page(statement.order_by(*order), tool.c.id, page, PAGE_SIZE)
    return [_due_price(*row[:-1]) for row in rows], total


def _due_price(
    id: int, slug: str, name: str, record_id: int | None, doubts: int, views: int, votes: int, *cost: Any
) -> DuePrice:
    current = Price(**dict(zip(_PRICE, cost, strict=True))) if record_id else UNKNOWN_PRICE
    return DuePrice(ToolLink(id, slug, name), record_id, current, doubts, views, votes)


def count_due_prices(now: datetime) -> int:
    """Return how many prices are due. One statement."""
    return count_up_to(_due_prices(now, tool.c.id))


def list_old_reviews(page: int, now: datetime) -> tuple[list[OldReview], int]:
    """Return one page of the old reviews by people still on the panel, and how many there are. Three statements."""
    statement = _old_reviews(now, *_link, reviewer.c.name, review.c.reviewed_on, _views, _votes)
    order = (*_most_read, review.c.reviewed_on, tool.c.id, reviewer.c.position)
    rows, total = execute_page(
        statement.order_by(*order), review.c.id, page, PAGE_SIZE, _first(_old_reviews(now, review.c.id))
    )
    return [OldReview(ToolLink(*row[:3]), *row[3:-1]) for row in rows], total


def count_old_reviews(now: datetime) -> int:
    return count_up_to(_old_reviews(now, review.c.id))


def list_incomplete_panels(page: int, now: datetime) -> tuple[list[IncompletePanel], int]:
    """Return one page of the tools whose panel is not complete, and how many there are. Three statements."""
    statement = _incomplete_panels(now, *_link, _missing(), _views, _votes)
    rows, total = execute_page(
        statement.order_by(*_most_read, tool.c.id),
        tool.c.id,
        page,
        PAGE_SIZE,
        _first(_incomplete_panels(now, tool.c.id)),
    )
    return [IncompletePanel(ToolLink(*row[:3]), *row[3:-1]) for row in rows], total


def count_incomplete_panels(now: datetime) -> int:
    return count_up_to(_incomplete_panels(now, tool.c.id))


def count_comparisons_without_bottom_line() -> int:
    without = sa.select(Comparison.id).where(Comparison.bottom_line == "", Comparison.archived_at.is_(None))
    return count_up_to(without)


def _first(waiting: sa.Select[Any]) -> sa.CompoundSelect[Any]:
    """Return the statement that reads those of the most read tools, and the first ones that the database finds."""
    parts = (waiting.where(tool.c.id.in_(_MOST_READ)), waiting.limit(MAX_COUNTED + 1))
    return sa.union(*(sa.select(part.subquery()) for part in parts))


def _tools_to_keep_up(now: datetime, *columns: Any) -> sa.Select[Any]:
    """Published tools that go on."""
    return (
        sa.select(*columns)
        .select_from(tool)
        .join(current_slug, is_current_slug)
        .outerjoin(tool_views, tool_views.c.tool_id == tool.c.id)
        .outerjoin(tally, tally.c.tool_id == tool.c.id)
        .where(is_published(now), is_active)
    )


def _due_prices(now: datetime, *columns: Any) -> sa.Select[Any]:
    return (
        _tools_to_keep_up(now, *columns)
        .outerjoin(price, sa.and_(price.c.tool_id == tool.c.id, price.c.until.is_(None)))
        .outerjoin(_doubts, _doubts.c.tool_id == tool.c.id)
        .where(tool.c.archived_at.is_(None), is_due(now.date()) | _doubts.c.doubts.is_not(None))
    )


def _old_reviews(now: datetime, *columns: Any) -> sa.Select[Any]:
    return (
        _tools_to_keep_up(now, *columns)
        .join(review, review.c.tool_id == tool.c.id)
        .join(reviewer, sa.and_(reviewer.c.id == review.c.reviewer_id, reviewer.c.archived_at.is_(None)))
        .where(review.c.reviewed_on < now.date() - OLD_AFTER)
    )


def _incomplete_panels(now: datetime, *columns: Any) -> sa.Select[Any]:
    return _tools_to_keep_up(now, *columns).where(_missing() > 0)


def _missing() -> sa.ScalarSelect[int]:
    """Return how many reviewers of the panel have no review of a tool."""
    both = sa.and_(review.c.tool_id == tool.c.id, review.c.reviewer_id == reviewer.c.id)
    has_review = sa.select(review.c.id).where(both).correlate(tool, reviewer).exists()
    waiting_for = sa.select(sa.func.count()).select_from(reviewer).where(reviewer.c.archived_at.is_(None), ~has_review)
    return waiting_for.correlate(tool).scalar_subquery()
