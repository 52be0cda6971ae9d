"""What is forgotten when: sign-ups that nobody confirmed, and who was mailed when."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.newsletter.models import Status, signup_turn, subscriber

UNCONFIRMED_KEPT = timedelta(days=14)
TURNS_KEPT = timedelta(days=1)
BATCH = 500


def destroy_unconfirmed(now: datetime, at_most: int = BATCH) -> int | None:
    """Destroy some sign-ups whose last letter has waited UNCONFIRMED_KEPT for an answer, and return how many.

    None where none is left: call it, and commit, until then.
    """
    is_stale = (subscriber.c.status == Status.PENDING) & (subscriber.c.confirm_mailed_at <= now - UNCONFIRMED_KEPT)
    return _destroy(subscriber.c.id, is_stale, at_most)


def forget_turns(now: datetime, at_most: int = BATCH) -> int | None:
    """Forget some of the turns that addresses had more than TURNS_KEPT ago, as destroy_unconfirmed does."""
    return _destroy(signup_turn.c.address_key, signup_turn.c.mailed_at <= now - TURNS_KEPT, at_most)


def _destroy(key: sa.Column[int] | sa.Column[str], is_old: sa.ColumnElement[bool], at_most: int) -> int | None:
    old = sa.select(key).where(is_old).limit(at_most)
    # The condition stands twice: meanwhile somebody may have confirmed.
    return db.session.connection().execute(sa.delete(key.table).where(key.in_(old), is_old)).rowcount or None
