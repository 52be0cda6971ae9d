"""Ending subscriptions. The address is deleted, but its keyed hash kept, so that no import revives it.

After a bounce the address is kept for a while, with what its reader chose: newsletter.restoring can undo that end.
Callers have called begin_write(), and commit.
"""

from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.mailing import outbox
from verdicts.newsletter import queries
from verdicts.newsletter.addresses import Address
from verdicts.newsletter.models import (
    Status,
    bounced_address,
    hard_bounce,
    subscriber,
    subscriber_category,
    subscriber_tool,
    suppression,
)

_CLEARED = dict.fromkeys(("address", "address_key", "confirm_hash", "confirm_mailed_at", "confirm_until"))


def end(subscriber_id: int, reason: Status, now: datetime) -> bool:
    """End a subscription; return whether it was active. `reason` is a status of ended subscriptions.

    After a complaint its reader cannot sign up again, even if they had left before.
    """
    connection = db.session.connection()
    columns = (subscriber.c.address, subscriber.c.address_key, subscriber.c.status, subscriber.c.consent_source)
    row = connection.execute(
        sa.select(*columns).where(subscriber.c.id == subscriber_id).with_for_update()
    ).one_or_none()
    if row is None or row.address is None:
        _change_reason(subscriber_id, reason)
        return False
    outbox.delete_for(row.address)
    connection.execute(_upsert_suppression(row.address_key, subscriber_id, reason, now))
    values = {**_CLEARED, "consent_source": "", "status": reason, "ended_at": now}
    connection.execute(sa.update(subscriber).where(subscriber.c.id == subscriber_id).values(values))
    if reason is Status.BOUNCED and row.status is Status.CONFIRMED:
        kept = {"address": row.address, "address_key": row.address_key, "consent_source": row.consent_source}
        connection.execute(sa.insert(bounced_address).values(subscriber_id=subscriber_id, at=now, **kept))
    else:
        _delete_details(subscriber_id)
    return True


def _change_reason(subscriber_id: int, reason: Status) -> None:
    """Let a reader whose subscription has ended still complain; let one whose email bounced still leave."""
    connection = db.session.connection()
    if reason is Status.COMPLAINED:
        ended = sa.update(suppression).where(suppression.c.subscriber_id == subscriber_id)
        connection.execute(ended.values(reason=reason))
    if reason is Status.BOUNCED:
        return
    kept = sa.delete(bounced_address).where(bounced_address.c.subscriber_id == subscriber_id)
    if connection.execute(kept).rowcount:
        connection.execute(
            sa.update(suppression)
            .where(suppression.c.subscriber_id == subscriber_id, suppression.c.reason == Status.BOUNCED)
            .values(reason=reason)
        )
        connection.execute(sa.update(subscriber).where(subscriber.c.id == subscriber_id).values(status=reason))
        _delete_details(subscriber_id)


def _delete_details(subscriber_id: int) -> None:
    """Delete what a subscriber chose, and what bounced."""
    for table in (subscriber_category, subscriber_tool, hard_bounce):
        db.session.connection().execute(sa.delete(table).where(table.c.subscriber_id == subscriber_id))


def suppress(address: Address, reason: Status, now: datetime) -> int | None:
    """Suppress an address, subscribed or not; return the id of the subscription that this ended, if any.

    A complaint is never replaced by another reason.
    """
    subscriber_id = queries.find_id(address)
    if subscriber_id is not None and end(subscriber_id, reason, now):
        return subscriber_id
    kept = sa.select(bounced_address.c.subscriber_id).where(bounced_address.c.address_key == address.key)
    for id in list(db.session.connection().scalars(kept)):
        end(id, reason, now)
    db.session.connection().execute(_upsert_suppression(address.key, None, reason, now))
    return None


def _upsert_suppression(key: str, subscriber_id: int | None, reason: Status, now: datetime) -> sa.Executable:
    row = {"address_key": key, "subscriber_id": subscriber_id, "reason": reason, "at": now}
    # Without a new one the earlier subscriber stays: its reader may still complain.
    values = {name: row[name] for name in ("subscriber_id", "reason", "at") if row[name] is not None}
    is_replaceable = suppression.c.reason != Status.COMPLAINED
    insertion = insert(suppression).values(row)
    return insertion.on_conflict_do_update(index_elements=["address_key"], set_=values, where=is_replaceable)
