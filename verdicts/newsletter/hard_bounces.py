"""Hard bounces: a mail server says that a subscriber's mailbox does not exist.

The first one marks the subscriber. A second one, MIN_TIME_APART later or of another edition, ends the subscription.
Call digest.brake.record_hard_bounce, which first asks whether the mail server can be believed.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.newsletter import leaving, restoring
from verdicts.newsletter.models import Status, bounced_address, hard_bounce, subscriber
from verdicts.newsletter.retention import HARD_BOUNCE_RETENTION
from verdicts.newsletter.tokens import NO_EDITION

MIN_TIME_APART = timedelta(days=3)


class Effect(StrEnum):
    """What a hard bounce did."""

    NONE = "none"  # the subscription is not active, or this bounce was recorded before
    MARKED = "marked"
    ENDED = "ended"
    HELD = "held"  # so many addresses bounce that the mail server is not believed


def record(subscriber_id: int, edition_id: int, now: datetime) -> Effect:
    """Record a hard bounce of an edition's email, or of a single letter (tokens.NO_EDITION).

    Only confirmed subscriptions are marked: others are deleted soon anyway, and anybody can sign an address up. The
    caller has called begin_write(), and commits.
    """
    connection = db.session.connection()
    status = sa.select(subscriber.c.status).where(subscriber.c.id == subscriber_id).with_for_update()
    if connection.scalar(status) is not Status.CONFIRMED:
        return Effect.NONE
    is_recent = (hard_bounce.c.subscriber_id == subscriber_id) & (hard_bounce.c.at > now - HARD_BOUNCE_RETENTION)
    marks = connection.execute(sa.select(hard_bounce).where(is_recent)).all()
    same = [mark for mark in marks if mark.edition_id == edition_id and now - mark.at < MIN_TIME_APART]
    if any(not mark.is_held for mark in same):
        return Effect.NONE
    connection.execute(sa.delete(hard_bounce).where(hard_bounce.c.id.in_([mark.id for mark in same])))
    connection.execute(sa.insert(hard_bounce).values(subscriber_id=subscriber_id, edition_id=edition_id, at=now))
    is_second = any(_is_independent(mark, edition_id, now) for mark in marks if not mark.is_held)
    return Effect.ENDED if is_second and leaving.end(subscriber_id, Status.BOUNCED, now) else Effect.MARKED


def count(edition_id: int, since: datetime | None = None) -> int:
    """Return how many hard bounces of an edition are recorded, held ones too. One statement."""
    rows = sa.select(sa.func.count()).where(_of_edition(edition_id, since))
    return db.session.connection().scalar(rows) or 0


def hold(edition_id: int, since: datetime | None = None) -> int:
    """Believe none of an edition's hard bounces, and restore the subscriptions that they ended; return how many."""
    is_new = _of_edition(edition_id, since) & hard_bounce.c.is_held.is_(False)
    held = sa.select(hard_bounce.c.subscriber_id).where(is_new)
    first = sa.select(sa.func.min(hard_bounce.c.at)).where(is_new).scalar_subquery()
    restoring.restore(bounced_address.c.subscriber_id.in_(held) & (bounced_address.c.at >= first))
    return db.session.connection().execute(sa.update(hard_bounce).where(is_new).values(is_held=True)).rowcount


def _is_independent(mark: sa.Row[tuple[object, ...]], edition_id: int, now: datetime) -> bool:
    is_other_edition = mark.edition_id != edition_id and NO_EDITION not in {mark.edition_id, edition_id}
    return is_other_edition or now - mark.at >= MIN_TIME_APART


def _of_edition(edition_id: int, since: datetime | None) -> sa.ColumnElement[bool]:
    is_of_edition = hard_bounce.c.edition_id == edition_id
    return sa.and_(is_of_edition, hard_bounce.c.at > since) if since else is_of_edition
