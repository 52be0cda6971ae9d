"""The prices that somebody should look up again, the most doubted first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.price_checks import days_since_check, is_due
from verdicts.catalog.prices import UNKNOWN_PRICE, Price
from verdicts.catalog.queries import current_slug, is_published, price, tool
from verdicts.catalog.records import ToolLink
from verdicts.extensions import db
from verdicts.feedback.doubts import taps_by_tool
from verdicts.voting.models import tally

A_PAGE = 25


@dataclass(frozen=True)
class DuePrice:
    """A tool's current price, with how many readers doubt it and how many have voted on the tool.

    Where nobody has ever written one down, `record_id` is None and the price is unknown.
    """

    tool: ToolLink
    record_id: int | None
    price: Price
    taps: int
    votes: int


def page(number: int, now: datetime) -> tuple[list[DuePrice], int]:
    """Return one page of the prices that are due, and how many there are in all (0 behind the last page).

    Due is what nobody has ever written down or checked, what was checked too long ago, and what a reader doubts.
    Nobody counts who reads a page, so a tool's votes say how many would be misled. One statement.
    """
    taps = sa.func.coalesce(_doubts.c.taps, 0).label("taps")
    votes = sa.func.coalesce(tally.c.ship + tally.c.skip, 0).label("votes")
    overdue = days_since_check(now.date()) - price.c.interval_days
    names = (tool.c.id, current_slug.c.slug, tool.c.name, price.c.id.label("record_id"))
    rows = db.session.connection().execute(
        _due(now, *names, *(price.c[name] for name in _PRICE), taps, votes, sa.func.count().over().label("total"))
        .order_by(taps.desc(), votes.desc(), price.c.checked_on.is_not(None), overdue.desc(), tool.c.id)
        .limit(A_PAGE)
        .offset((number - 1) * A_PAGE)
    )
    found = rows.all()
    return [_to_due(row) for row in found], found[0].total if found else 0


def count(now: datetime) -> int:
    """Return how many prices are due. One statement."""
    return db.session.connection().scalar(_due(now, sa.func.count())) or 0


_PRICE = ("model", "amount", "currency", "period", "source", "checked_on", "interval_days")
_doubts = taps_by_tool()


def _to_due(row: sa.Row[Any]) -> DuePrice:
    cost = Price(**{name: row._mapping[name] for name in _PRICE}) if row.record_id else UNKNOWN_PRICE
    return DuePrice(ToolLink(row.id, row.slug, row.name), row.record_id, cost, row.taps, row.votes)


def _due(now: datetime, *columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(tool)
        .join(current_slug, sa.and_(current_slug.c.tool_id == tool.c.id, current_slug.c.is_current))
        .outerjoin(price, sa.and_(price.c.tool_id == tool.c.id, price.c.until.is_(None)))
        .outerjoin(_doubts, _doubts.c.tool_id == tool.c.id)
        .outerjoin(tally, tally.c.tool_id == tool.c.id)
        .where(is_published(now), tool.c.archived_at.is_(None))
        .where(is_due(now.date()) | _doubts.c.taps.is_not(None))
    )
