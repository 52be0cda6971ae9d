"""How much all senders together may send: so many messages a minute, so many a day (UTC).

A minute's messages are shared out over its twelfths, so that a relay that looks at any sixty seconds is not surprised
by two minutes' worth at once. One row a twelfth and one a day count what was taken; who takes first commits first.
"""

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.mailing.models import sending_allowance

SLOTS_A_MINUTE = 12
SLOT = timedelta(minutes=1) / SLOTS_A_MINUTE
_KEPT = timedelta(days=2)


def take(most: int, *, rate_per_minute: int, max_per_day: int, now: datetime) -> int:
    """Take leave to send up to so many messages now; return how many may be sent, perhaps 0.

    What turns out not to be needed is given back within the same transaction.
    """
    granted = _take(_slot_name(now), min(most, _slot_limit(now, rate_per_minute)), _slot_limit(now, rate_per_minute))
    if not granted:
        return 0
    today = _take(_day_name(now), granted, max_per_day)
    _give_back(_slot_name(now), granted - today)
    return today


def count_one(now: datetime) -> None:
    """Count a single letter, which goes out whatever was sent before: who signs up must not wait until tomorrow."""
    for period in (_slot_name(now), _day_name(now)):
        begun = insert(sending_allowance).values(period=period, used=0)
        db.session.connection().execute(begun.on_conflict_do_nothing())
        _give_back(period, -1)


def is_spent(max_per_day: int, now: datetime) -> bool:
    """Say whether the day's quota is used up. One statement."""
    return _used(_day_name(now)) >= max_per_day


def tomorrow(now: datetime) -> datetime:
    """Return when the next day's quota begins."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)


def give_back(unused: int, now: datetime) -> None:
    """Give back some of what was taken at the same `now`."""
    for period in (_slot_name(now), _day_name(now)):
        _give_back(period, unused)


def next_moment(rate_per_minute: int, max_per_day: int, now: datetime) -> datetime:
    """Return when there may be something to take again, after `take` returned 0: within the minute, or tomorrow."""
    if is_spent(max_per_day, now):
        return tomorrow(now)
    moment = _start_of_slot(now) + SLOT
    while not _slot_limit(moment, rate_per_minute):
        moment += SLOT
    return moment


def forget(now: datetime) -> None:
    """Delete the counts of past days and minutes."""
    old = _day_name(now - _KEPT)
    db.session.connection().execute(sa.delete(sending_allowance).where(sending_allowance.c.period < old))


def _used(period: str) -> int:
    used = sa.select(sending_allowance.c.used).where(sending_allowance.c.period == period)
    return db.session.connection().scalar(used) or 0


def _take(period: str, wanted: int, limit: int) -> int:
    """Count up to `wanted` messages for a period, as far as its limit goes; return how many."""
    if wanted <= 0:
        return 0
    begun = insert(sending_allowance).values(period=period, used=0)
    db.session.connection().execute(begun.on_conflict_do_nothing())
    row = sa.select(sending_allowance.c.used).where(sending_allowance.c.period == period).with_for_update()
    granted = max(0, min(wanted, limit - (db.session.connection().scalar(row) or 0)))
    _give_back(period, -granted)
    return granted


def _give_back(period: str, unused: int) -> None:
    if unused:
        row = sa.update(sending_allowance).where(sending_allowance.c.period == period)
        db.session.connection().execute(row.values(used=sending_allowance.c.used - unused))


def _slot_limit(now: datetime, rate_per_minute: int) -> int:
    """Return a slot's share of the minute; a minute's shares add up to the rate exactly, also where that is small."""
    number = _start_of_slot(now).second // int(SLOT.total_seconds())
    return rate_per_minute * (number + 1) // SLOTS_A_MINUTE - rate_per_minute * number // SLOTS_A_MINUTE


def _start_of_slot(now: datetime) -> datetime:
    now = now.astimezone(UTC)
    return now.replace(second=now.second - now.second % int(SLOT.total_seconds()), microsecond=0)


def _slot_name(now: datetime) -> str:
    return _start_of_slot(now).strftime("%Y-%m-%dT%H:%M:%S")


def _day_name(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%d")
