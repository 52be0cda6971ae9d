"""How many messages all senders together may send per minute and per day (UTC).

A minute is divided into twelve slots, so that no sixty seconds see the messages of two minutes. The database counts
what was acquired: one row per slot and one per day. Concurrent senders wait for each other on these rows.
"""

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.mailing.models import sending_allowance

SLOTS_PER_MINUTE = 12
SLOT = timedelta(minutes=1) / SLOTS_PER_MINUTE
_RETENTION = timedelta(days=2)
# What runs for each batch of letters is built once.
_PERIOD = sa.bindparam("name", type_=sending_allowance.c.period.type)
_IN_PERIOD = sending_allowance.c.period == _PERIOD
_USED = sa.select(sending_allowance.c.used).where(_IN_PERIOD)
_LOCK_USED = _USED.with_for_update()
_ADD = sa.update(sending_allowance).where(_IN_PERIOD).values(used=sending_allowance.c.used + sa.bindparam("count"))


def acquire(count: int, *, rate_per_minute: int, max_per_day: int, now: datetime) -> int:
    """Reserve up to `count` messages for sending now; return how many may be sent, perhaps 0.

    The caller commits, and calls release() with the same `now` for those that it does not send.
    """
    slot_limit = _slot_limit(now, rate_per_minute)
    in_slot = _acquire(_slot_name(now), min(count, slot_limit), slot_limit)
    if not in_slot:
        return 0
    today = _acquire(_day_name(now), in_slot, max_per_day)
    _add(_slot_name(now), today - in_slot)
    return today


def release(unused: int, now: datetime) -> None:
    """Give back messages that were acquired at this `now`."""
    for period in (_slot_name(now), _day_name(now)):
        _add(period, -unused)


def count_one(now: datetime) -> None:
    """Count a single letter. These are never held back: who signs up must not wait until tomorrow."""
    for period in (_slot_name(now), _day_name(now)):
        _create(period)
        _add(period, 1)


def is_exhausted(max_per_day: int, now: datetime) -> bool:
    """Return whether the day's quota is used up. One statement."""
    return (db.session.connection().scalar(_USED, {"name": _day_name(now)}) or 0) >= max_per_day


def next_day(now: datetime) -> datetime:
    """Return when the next day's quota begins."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)


def next_available_at(rate_per_minute: int, max_per_day: int, now: datetime) -> datetime:
    """Return when to call acquire() again after it returned 0: within a minute, or the next day."""
    if is_exhausted(max_per_day, now):
        return next_day(now)
    moment = _start_of_slot(now) + SLOT
    while not _slot_limit(moment, rate_per_minute):
        moment += SLOT
    return moment


def delete_old(now: datetime) -> None:
    """Delete the counts of past slots and days."""
    old = _day_name(now - _RETENTION)
    db.session.connection().execute(sa.delete(sending_allowance).where(sending_allowance.c.period < old))


def _acquire(period: str, count: int, limit: int) -> int:
    """Add up to `count` to a period without exceeding its limit; return how many."""
    if count <= 0:
        return 0
    used = _lock_used(period)
    if used is None:
        _create(period)
        used = _lock_used(period) or 0
    acquired = max(0, min(count, limit - used))
    _add(period, acquired)
    return acquired


def _lock_used(period: str) -> int | None:
    return db.session.connection().scalar(_LOCK_USED, {"name": period})


def _create(period: str) -> None:
    row = insert(sending_allowance).values(period=period, used=0)
    db.session.connection().execute(row.on_conflict_do_nothing())


def _add(period: str, count: int) -> None:
    if count:
        db.session.connection().execute(_ADD, {"name": period, "count": count})


def _slot_limit(now: datetime, rate_per_minute: int) -> int:
    """Return how many messages a slot may send. The twelve limits of a minute add up to exactly its rate."""
    number = _start_of_slot(now).second // int(SLOT.total_seconds())
    return rate_per_minute * (number + 1) // SLOTS_PER_MINUTE - rate_per_minute * number // SLOTS_PER_MINUTE


def _start_of_slot(now: datetime) -> datetime:
    now = now.astimezone(UTC)
    return now.replace(second=now.second - now.second % int(SLOT.total_seconds()), microsecond=0)


def _slot_name(now: datetime) -> str:
    return _start_of_slot(now).strftime("%Y-%m-%dT%H:%M:%S")


def _day_name(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%d")
