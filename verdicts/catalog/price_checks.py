"""Checking prices again. Each check that finds a price unchanged holds twice as long as the one before."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from verdicts.catalog.models import PriceRecord
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS, MAX_INTERVAL_DAYS
from verdicts.extensions import db

price = PriceRecord.metadata.tables["price_record"]


class PriceNotCurrent(LookupError):
    """The price that was checked is not the tool's current one, or the tool has none."""


@dataclass(frozen=True)
class PriceCheck:
    """When a price was checked, and for how long that holds."""

    checked_on: date | None
    interval_days: int


def confirm(tool_id: int, today: date, *, price_id: int | None = None) -> tuple[PriceCheck, PriceCheck]:
    """Record that a tool's current price was checked and is unchanged; return its check before and after.

    `price_id` names the price that was checked. Raises PriceNotCurrent where that is not the current one. The
    caller has called begin_write(), bumps the content version and commits.
    """
    is_current = sa.and_(price.c.tool_id == tool_id, price.c.until.is_(None))
    current = sa.select(price.c.id, price.c.checked_on, price.c.interval_days).where(is_current).with_for_update()
    row = db.session.connection().execute(current).one_or_none()
    if row is None or price_id not in {None, row.id}:
        raise PriceNotCurrent(tool_id)
    before = PriceCheck(row.checked_on, row.interval_days)
    after = PriceCheck(today, interval_after(before, today))
    db.session.connection().execute(sa.update(price).where(price.c.id == row.id).values(**vars(after)))
    return before, after


def interval_after(before: PriceCheck, today: date) -> int:
    """Return how many days a check holds that finds nothing changed: twice as many as the one before, to a limit.

    A second check on one day changes nothing, and a first check has none before it.
    """
    if before.checked_on is None:
        return FIRST_INTERVAL_DAYS
    if before.checked_on >= today:
        return before.interval_days
    return min(2 * before.interval_days, MAX_INTERVAL_DAYS)


def is_due(today: date) -> sa.ColumnElement[bool]:
    """Say whether a row of price_record should be checked again. Price.freshness() says the same of a price."""
    return price.c.checked_on.is_(None) | (days_since_check(today) > price.c.interval_days)


def days_since_check(today: date) -> sa.ColumnElement[int]:
    """Return how many days ago a row of price_record was checked; NULL where it never was."""
    day = sa.literal(today, sa.Date)
    if db.engine.dialect.name == "sqlite":
        return sa.func.julianday(day) - sa.func.julianday(price.c.checked_on)
    return sa.type_coerce(day - price.c.checked_on, sa.Integer)
