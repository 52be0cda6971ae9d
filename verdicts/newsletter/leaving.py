"""The ways a subscription ends. Each deletes the address but keeps its keyed hash, so that no import revives it.

Callers have called begin_write(), and commit.
"""

from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.mailing import outbox
from verdicts.newsletter.addresses import Address
from verdicts.newsletter.models import Status, subscriber, subscriber_category, subscriber_tool, suppression

_CLEARED: dict[str, str | None] = {
    "address": None,
    "address_key": None,
    "confirm_hash": None,
    "confirm_mailed_at": None,
    "confirm_until": None,
    "consent_source": "",
}


def leave(subscriber_id: int, now: datetime) -> bool:
    """End a subscription because its reader asked for it; return whether it was active."""
    return _end(subscriber_id, Status.LEFT, now)


def record_bounce(subscriber_id: int, now: datetime) -> bool:
    """End a subscription because there is no such mailbox; return whether it was active."""
    return _end(subscriber_id, Status.BOUNCED, now)


def record_complaint(subscriber_id: int, now: datetime) -> bool:
    """End a subscription because its reader called a letter spam; return whether it was active.

    They cannot sign up again. This holds for readers who had left before, too.
    """
    if _end(subscriber_id, Status.COMPLAINED, now):
        return True
    row = sa.update(suppression).where(suppression.c.subscriber_id == subscriber_id)
    db.session.connection().execute(row.values(reason=Status.COMPLAINED))
    return False


def erase(subscriber_id: int, now: datetime) -> bool:
    """End a subscription because its reader wants all data deleted; return whether it was active."""
    return _end(subscriber_id, Status.ERASED, now)


def suppress(address: Address, reason: Status, now: datetime) -> int | None:
    """Suppress an address, subscribed or not; return the id of the subscription that this ended, if any.

    `reason` is a status of an ended subscription. A complaint is never replaced by another reason.
    """
    row = sa.select(subscriber.c.id).where(subscriber.c.address_key == address.key)
    subscriber_id: int | None = db.session.connection().scalar(row)
    if subscriber_id is not None and _end(subscriber_id, reason, now):
        return subscriber_id
    db.session.connection().execute(_upsert_suppression(address.key, None, reason, now))
    return None


def _end(subscriber_id: int, status: Status, now: datetime) -> bool:
    connection = db.session.connection()
    columns = sa.select(subscriber.c.address, subscriber.c.address_key).where(subscriber.c.id == subscriber_id)
    row = connection.execute(columns.with_for_update()).one_or_none()
    if row is None or row.address is None:
        return False
    outbox.delete_for(row.address)
    connection.execute(_upsert_suppression(row.address_key, subscriber_id, status, now))
    values = {**_CLEARED, "status": status, "ended_at": now}
    connection.execute(sa.update(subscriber).where(subscriber.c.id == subscriber_id).values(values))
    for table in (subscriber_category, subscriber_tool):
        connection.execute(sa.delete(table).where(table.c.subscriber_id == subscriber_id))
    return True


def _upsert_suppression(key: str, subscriber_id: int | None, reason: Status, now: datetime) -> sa.Executable:
    row = {"address_key": key, "subscriber_id": subscriber_id, "reason": reason, "at": now}
    # Without a new one the earlier subscriber stays: its reader may still complain.
    values = {name: row[name] for name in ("subscriber_id", "reason", "at") if row[name] is not None}
    return (
        insert(suppression)
        .values(row)
        .on_conflict_do_update(
            index_elements=["address_key"], set_=values, where=suppression.c.reason != Status.COMPLAINED
        )
    )
