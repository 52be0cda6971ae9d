"""What is forgotten when: whose network doubted a price after a week, and where to answer who wrote to us."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.feedback.models import correction, price_doubt
from verdicts.voting.retention import NETWORKS_KEPT

ADDRESS_KEPT_WHEN_SETTLED = timedelta(days=30)
ADDRESS_KEPT_AT_MOST = timedelta(days=365)
BATCH = 500


def blank_doubters(now: datetime, at_most: int = BATCH) -> int | None:
    """Blank the networks of some doubts that are NETWORKS_KEPT old, and return how many; the doubts stay.

    None where none is left: call it, and commit, until then.
    """
    return _blank(price_doubt.c.network, price_doubt.c.at <= now - NETWORKS_KEPT, at_most)


def forget_writers(now: datetime, at_most: int = BATCH) -> int | None:
    """Blank the addresses of some messages that need no answer any more, as blank_doubters does."""
    is_settled = correction.c.decided_at <= now - ADDRESS_KEPT_WHEN_SETTLED
    return _blank(correction.c.email, is_settled | (correction.c.sent_at <= now - ADDRESS_KEPT_AT_MOST), at_most)


def _blank(column: sa.Column[str | None], is_over: sa.ColumnElement[bool], at_most: int) -> int | None:
    id = column.table.c.id
    over = sa.select(id).where(column.is_not(None), is_over).limit(at_most)
    blanked = sa.update(column.table).where(id.in_(over)).values({column: None})
    return db.session.connection().execute(blanked).rowcount or None
