"""Looking a price up again. A check holds the longer, the more often nobody found the price changed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.models import PriceRecord
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS, MAX_INTERVAL_DAYS
from verdicts.extensions import db

price = PriceRecord.metadata.tables["price_record"]


class PriceNotCurrent(LookupError):
    """The price that was looked at is not the tool's current one, or there never was one."""


@dataclass(frozen=True)
class Check:
    """When a price was checked, and for how long that holds."""

    checked_on: date | None
    interval_days: int


def confirm(tool_id: int, today: date, *, record_id: int | None = None) -> tuple[Check, Check]:
    """Note that a tool's current price was looked up and is the same; return its check before and after.

    A `record_id` names the price that was looked at. Raises PriceNotCurrent where that is not the current one. The
    caller has called begin_write(), bumps the content version and commits.
    """
    row = _current(tool_id)
    if row is None or record_id not in {None, row.id}:
        raise PriceNotCurrent(tool_id)
    before = Check(row.checked_on, row.interval_days)
    after = Check(today, interval_after(before, today))
    checked = sa.update(price).where(price.c.id == row.id).values(**vars(after))
    db.session.connection().execute(checked)
    return before, after


def interval_after(before: Check, today: date) -> int:
    """Return how many days a check holds that finds nothing changed: twice as many as the one before, to a limit.

    A second look on the same day says nothing new, and a first look has nothing before it.
    """
    if before.checked_on is None:
        return FIRST_INTERVAL_DAYS
    if before.checked_on >= today:
        return before.interval_days
    return min(2 * before.interval_days, MAX_INTERVAL_DAYS)


def is_due(today: date) -> sa.ColumnElement[bool]:
    """Say of a row of price_record whether somebody should look it up again, as Price.freshness does of a price."""
    return price.c.checked_on.is_(None) | (days_since_check(today) > price.c.interval_days)


def days_since_check(today: date) -> sa.ColumnElement[int]:
    """Return how long ago a row of price_record was checked; NULL where it never was."""
    day = sa.literal(today, sa.Date)
    if db.engine.dialect.name == "sqlite":
        return sa.func.julianday(day) - sa.func.julianday(price.c.checked_on)
    return sa.type_coerce(day - price.c.checked_on, sa.Integer)


def _current(tool_id: int) -> sa.Row[Any] | None:
    columns: sa.Select[Any] = sa.select(price.c.id, price.c.checked_on, price.c.interval_days)
    current = columns.where(price.c.tool_id == tool_id, price.c.until.is_(None))
    return db.session.connection().execute(current.with_for_update()).one_or_none()
