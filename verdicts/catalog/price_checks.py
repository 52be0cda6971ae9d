"""Checking prices again. Each check that finds a price unchanged holds twice as long as the one before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.columns import EPOCH
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import PriceRecord
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS, MAX_INTERVAL_DAYS
from verdicts.extensions import db

price = PriceRecord.metadata.tables["price_record"]


class PriceNotCurrent(LookupError):
    """The price that was checked is not the tool's current one, or the tool has none."""


class NoSource(Exception):
    """Nobody has found this price, or no page that shows it is known: a check has nothing to confirm."""


@dataclass(frozen=True)
class PriceCheck:
    """When a price was checked and where, for how long that holds, and when somebody looked for it and found none."""

    checked_on: date | None
    interval_days: int
    source: str | None = None
    looked_on: date | None = None


def confirm(
    tool_id: int, today: date, *, price_id: int | None = None, source: str | None = None
) -> tuple[PriceCheck, PriceCheck]:
    """Record that a tool's current price was checked and is unchanged; return its check before and after.

    `price_id` names the price that was checked, `source` the page that shows it, where none is stored. Raises
    PriceNotCurrent where that is not the current one, and NoSource. The caller has called begin_write(), bumps the
    content version, reindexes the tool and commits.
    """
    row = _lock_current(tool_id, price_id)
    before = _check_of(row)
    found_at = source or row.source
    if row.model is PriceModel.UNKNOWN or not found_at:
        raise NoSource(tool_id)
    after = PriceCheck(today, interval_after(before, today), found_at)
    _store(row.id, after)
    return before, after


def record_none_found(tool_id: int, today: date, *, price_id: int | None = None) -> tuple[PriceCheck, PriceCheck]:
    """Record that somebody looked for a tool's price and found no page that shows it: it is due again later.

    Where no price is stored, an unknown one is. Returns its check before and after. Raises PriceNotCurrent, also for a
    price whose source is known. The caller has called begin_write(), bumps the content version and commits.
    """
    row = _lock_current(tool_id, price_id, or_new=True)
    if row.model is not PriceModel.UNKNOWN and row.source:
        raise PriceNotCurrent(tool_id)
    before = _check_of(row)
    after = replace(before, looked_on=today)
    _store(row.id, after)
    return before, after


def restore_check(tool_id: int, expected: Mapping[str, object], former: Mapping[str, object]) -> None:
    """Give a price the check back that it had. Raises PriceNotCurrent unless its check is the expected one.

    Both name values of PriceCheck. The caller has called begin_write(), bumps the content version, reindexes the tool
    and commits.
    """
    check = vars(_check_of(row := _lock_current(tool_id, None)))
    if {name: check[name] for name in expected} != expected:
        raise PriceNotCurrent(tool_id)
    _store(row.id, PriceCheck(**{**check, **former}))


def _lock_current(tool_id: int, price_id: int | None, *, or_new: bool = False) -> Any:
    columns = (price.c.id, price.c.model, price.c.source, price.c.checked_on, price.c.interval_days, price.c.looked_on)
    is_current = sa.and_(price.c.tool_id == tool_id, price.c.until.is_(None))
    statement = sa.select(*columns).where(is_current).with_for_update()
    row = db.session.connection().execute(statement).one_or_none()
    if row is None and or_new and price_id is None:
        last = sa.select(sa.func.max(price.c.position)).where(price.c.tool_id == tool_id)
        position = (db.session.connection().scalar(last) or 0) + 1
        values = {"tool_id": tool_id, "model": PriceModel.UNKNOWN, "position": position}
        db.session.connection().execute(sa.insert(price).values(**values, interval_days=FIRST_INTERVAL_DAYS))
        row = db.session.connection().execute(statement).one()
    if row is None or price_id not in {None, row.id}:
        raise PriceNotCurrent(tool_id)
    return row


def _check_of(row: sa.Row[Any]) -> PriceCheck:
    return PriceCheck(row.checked_on, row.interval_days, row.source, row.looked_on)


def _store(price_id: int, check: PriceCheck) -> None:
    db.session.connection().execute(sa.update(price).where(price.c.id == price_id).values(**vars(check)))


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
    """Say whether a row of price_record should be checked again: neither checked nor looked for lately.

    Price.freshness() says of a price whether its check still holds.
    """
    return price.c.due_day <= (today - EPOCH).days
