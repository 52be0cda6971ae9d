"""What is deleted when: the networks of doubts after a week, and the addresses that readers left with a message."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.feedback.models import correction, price_doubt
from verdicts.voting.retention import NETWORKS_KEPT

RESOLVED_ADDRESS_RETENTION = timedelta(days=30)
MAX_ADDRESS_RETENTION = timedelta(days=365)
BATCH_SIZE = 500


def clear_networks(now: datetime, limit: int = BATCH_SIZE) -> int | None:
    """Clear the network of up to `limit` doubts that are NETWORKS_KEPT old; return how many. The doubts stay.

    None where none is left: call it, and commit, until then.
    """
    return _clear(price_doubt.c.network, price_doubt.c.at <= now - NETWORKS_KEPT, limit)


def clear_addresses(now: datetime, limit: int = BATCH_SIZE) -> int | None:
    """Clear the address of messages that need no answer any more, as clear_networks does."""
    is_resolved = correction.c.decided_at <= now - RESOLVED_ADDRESS_RETENTION
    return _clear(correction.c.email, is_resolved | (correction.c.sent_at <= now - MAX_ADDRESS_RETENTION), limit)


def _clear(column: sa.Column[str | None], is_old: sa.ColumnElement[bool], limit: int) -> int | None:
    id = column.table.c.id
    old = sa.select(id).where(column.is_not(None), is_old).limit(limit)
    update = sa.update(column.table).where(id.in_(old)).values({column: None})
    return db.session.connection().execute(update).rowcount or None
