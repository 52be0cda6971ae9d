"""The ways a subscription ends. Each clears the address and keeps only its keyed hash, so that no import revives it."""

from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.mailing import outbox
from verdicts.newsletter.addresses import Address
from verdicts.newsletter.models import (
    Status,
    subscriber,
    subscriber_category,
    subscriber_tool,
    suppression,
)

_FORGOTTEN: dict[str, str | None] = {
    "address": None,
    "address_key": None,
    "confirm_hash": None,
    "confirm_mailed_at": None,
}
_FORGOTTEN |= {"confirm_until": None, "consent_source": ""}


def leave(subscriber_id: int, now: datetime) -> bool:
    """End a subscription because its reader asked for it; say whether it was still under way."""
    return _end(subscriber_id, Status.LEFT, now)


def bounced(subscriber_id: int, now: datetime) -> bool:
    """End a subscription because there is no such mailbox; say whether it was still under way."""
    return _end(subscriber_id, Status.BOUNCED, now)


def complained(subscriber_id: int, now: datetime) -> bool:
    """End a subscription because its reader called a letter spam: they cannot sign up again.

    Say whether it was still under way. Whoever had left already is remembered as having complained too.
    """
    if _end(subscriber_id, Status.COMPLAINED, now):
        return True
    mine = suppression.c.subscriber_id == subscriber_id
    db.session.connection().execute(sa.update(suppression).where(mine).values(reason=Status.COMPLAINED))
    return False


def erase(subscriber_id: int, now: datetime) -> bool:
    """End a subscription because its reader wants nothing kept of them; say whether it was still under way."""
    return _end(subscriber_id, Status.ERASED, now)


def suppress(address: Address, reason: Status, now: datetime) -> int | None:
    """Keep an address from being written to, subscribed or not; return the subscription that this ended, if any.

    `reason` is one that a subscription ends for. Who has complained has complained, whatever is said later. The caller
    has called begin_write(), and commits.
    """
    mine = sa.select(subscriber.c.id).where(subscriber.c.address_key == address.key)
    subscriber_id: int | None = db.session.connection().scalar(mine)
    if subscriber_id is not None and _end(subscriber_id, reason, now):
        return subscriber_id
    db.session.connection().execute(_suppress(address.key, None, reason, now))
    return None


def _end(subscriber_id: int, status: Status, now: datetime) -> bool:
    connection = db.session.connection()
    known = sa.select(subscriber.c.address, subscriber.c.address_key).where(subscriber.c.id == subscriber_id)
    row = connection.execute(known.with_for_update()).one_or_none()
    if row is None or row.address is None:
        return False
    outbox.delete_for(row.address)
    connection.execute(_suppress(row.address_key, subscriber_id, status, now))
    ended = {**_FORGOTTEN, "status": status, "ended_at": now}
    connection.execute(sa.update(subscriber).where(subscriber.c.id == subscriber_id).values(ended))
    for table in (subscriber_category, subscriber_tool):
        connection.execute(sa.delete(table).where(table.c.subscriber_id == subscriber_id))
    return True


def _suppress(key: str, subscriber_id: int | None, reason: Status, now: datetime) -> sa.Executable:
    row = {"address_key": key, "subscriber_id": subscriber_id, "reason": reason, "at": now}
    # Whose subscription it was that ended before stays known: a complaint may still come after them.
    latest = {name: row[name] for name in ("subscriber_id", "reason", "at") if row[name] is not None}
    return (
        insert(suppression)
        .values(row)
        .on_conflict_do_update(
            index_elements=["address_key"], set_=latest, where=suppression.c.reason != Status.COMPLAINED
        )
    )
