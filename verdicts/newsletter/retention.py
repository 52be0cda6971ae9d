"""What is deleted when: unconfirmed sign-ups, bounced addresses, and when addresses were last mailed a confirmation."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.newsletter.models import (
    Status,
    bounced_address,
    hard_bounce,
    signup_turn,
    subscriber,
    subscriber_category,
    subscriber_tool,
)

UNCONFIRMED_RETENTION = timedelta(days=14)
SIGNUP_TURN_RETENTION = timedelta(days=1)
BOUNCED_ADDRESS_RETENTION = timedelta(days=30)
HARD_BOUNCE_RETENTION = timedelta(days=90)
BATCH_SIZE = 500


def delete_unconfirmed(now: datetime, limit: int = BATCH_SIZE) -> int | None:
    """Delete up to `limit` sign-ups whose last letter is UNCONFIRMED_RETENTION old; return how many.

    None where none is left: call it, and commit, until then.
    """
    is_stale = (subscriber.c.status == Status.PENDING) & (subscriber.c.confirm_mailed_at <= now - UNCONFIRMED_RETENTION)
    return _delete(subscriber.c.id, is_stale, limit)


def delete_signup_turns(now: datetime, limit: int = BATCH_SIZE) -> int | None:
    """Delete turns that are SIGNUP_TURN_RETENTION old, as delete_unconfirmed does."""
    return _delete(signup_turn.c.address_key, signup_turn.c.mailed_at <= now - SIGNUP_TURN_RETENTION, limit)


def delete_bounced_addresses(now: datetime, limit: int = BATCH_SIZE) -> int | None:
    """Delete addresses that bounced BOUNCED_ADDRESS_RETENTION ago, with their choices, as delete_unconfirmed does."""
    old = sa.select(bounced_address.c.subscriber_id).where(bounced_address.c.at <= now - BOUNCED_ADDRESS_RETENTION)
    ids = list(db.session.connection().scalars(old.limit(limit)))
    for table in (subscriber_category, subscriber_tool, bounced_address):
        db.session.connection().execute(sa.delete(table).where(table.c.subscriber_id.in_(ids)))
    return len(ids) or None


def delete_hard_bounces(now: datetime, limit: int = BATCH_SIZE) -> int | None:
    """Delete marks of addresses that bounced HARD_BOUNCE_RETENTION ago, as delete_unconfirmed does."""
    return _delete(hard_bounce.c.id, hard_bounce.c.at <= now - HARD_BOUNCE_RETENTION, limit)


def _delete(key: sa.Column[int] | sa.Column[str], is_old: sa.ColumnElement[bool], limit: int) -> int | None:
    old = sa.select(key).where(is_old).limit(limit)
    # The condition is repeated because somebody may confirm meanwhile.
    return db.session.connection().execute(sa.delete(key.table).where(key.in_(old), is_old)).rowcount or None
