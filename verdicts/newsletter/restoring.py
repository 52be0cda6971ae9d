"""Restoring subscriptions that ended because email bounced, for as long as their addresses are kept.

Callers of what writes have called begin_write(), and commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.newsletter.models import Status, bounced_address, hard_bounce, subscriber, suppression
from verdicts.newsletter.retention import BOUNCED_ADDRESS_RETENTION


@dataclass(frozen=True)
class BouncedDay:
    """How many subscriptions ended on a day (UTC) because email bounced."""

    day: date
    count: int


def restore_span(since: datetime, until: datetime, now: datetime) -> int:
    """Restore all subscriptions that ended by bounces from `since` to before `until`; return how many.

    What bounced before is forgotten.
    """
    is_in_span = sa.and_(_is_kept(now), bounced_address.c.at >= since, bounced_address.c.at < until)
    ids = sa.select(bounced_address.c.subscriber_id).where(is_in_span)
    db.session.connection().execute(sa.delete(hard_bounce).where(hard_bounce.c.subscriber_id.in_(ids)))
    return restore(is_in_span)


def restore(condition: sa.ColumnElement[bool]) -> int:
    """Restore the subscriptions of the kept addresses that meet a condition; return how many.

    An address that was signed up again meanwhile is left as it is.
    """
    connection = db.session.connection()
    is_taken = sa.exists().where(subscriber.c.address_key == bounced_address.c.address_key)
    kept = sa.select(bounced_address.c.subscriber_id).where(condition, ~is_taken)
    ids = list(connection.scalars(kept))
    for start in range(0, len(ids), 500):
        _restore(ids[start : start + 500])
    return len(ids)


def list_days(now: datetime) -> list[BouncedDay]:
    """Return the days of the kept addresses, newest first. One statement."""
    day = sa.func.date(bounced_address.c.at)
    if db.engine.dialect.name != "sqlite":
        day = sa.func.date(sa.func.timezone("UTC", bounced_address.c.at))
    counts = sa.select(day, sa.func.count()).where(_is_kept(now)).group_by(day).order_by(day.desc())
    rows = db.session.connection().execute(counts)
    return [BouncedDay(date.fromisoformat(str(each)), count) for each, count in rows]


def _is_kept(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition on addresses whose time is not over, whether or not housekeeping has run."""
    return bounced_address.c.at > now - BOUNCED_ADDRESS_RETENTION


def _restore(ids: Sequence[int]) -> None:
    connection, is_theirs = db.session.connection(), bounced_address.c.subscriber_id.in_(ids)
    keys = sa.select(bounced_address.c.address_key).where(is_theirs)
    lifted = sa.delete(suppression).where(suppression.c.address_key.in_(keys), suppression.c.reason == Status.BOUNCED)
    connection.execute(lifted)
    own = bounced_address.c.subscriber_id == subscriber.c.id
    names = ("address", "address_key", "consent_source")
    values = {name: sa.select(bounced_address.c[name]).where(own).scalar_subquery() for name in names}
    restored = sa.update(subscriber).where(subscriber.c.id.in_(ids))
    connection.execute(restored.values(**values, status=Status.CONFIRMED, ended_at=None))
    connection.execute(sa.delete(bounced_address).where(is_theirs))
