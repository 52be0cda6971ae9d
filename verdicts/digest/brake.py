"""The brake before every suppression: when many addresses bounce, the mail server is to blame, and all are kept.

Replies while an edition is sent, replies to single letters, returned mail and providers' events all pass here.
Callers have called begin_write(), and commit.
"""

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.digest import editions
from verdicts.digest.models import DeliveryState, delivery, edition
from verdicts.extensions import db
from verdicts.newsletter import hard_bounces
from verdicts.newsletter.hard_bounces import Effect
from verdicts.newsletter.tokens import NO_EDITION

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=1)
MIN_REFUSALS = 5
MAX_SHARE = 0.1


def is_too_many(refused: int, tried: int) -> bool:
    """Return whether more addresses were refused than a list may have: five, and a tenth of those that were tried."""
    return refused >= MIN_REFUSALS + MAX_SHARE * tried


def record_hard_bounce(subscriber_id: int, edition_id: int, now: datetime) -> Effect:
    """Record that a subscriber's mailbox does not exist, as a report about an email says; return what that did.

    `edition_id` is tokens.NO_EDITION for a single letter. All reports about an edition are weighed together, single
    letters by the hour. Where there are too many, none of them is believed, and the edition is paused.
    """
    # Reports and replies about one edition are counted one after the other.
    db.session.connection().execute(sa.select(edition.c.id).where(edition.c.id == edition_id).with_for_update())
    effect = hard_bounces.record(subscriber_id, edition_id, now)
    since = now - WINDOW if edition_id == NO_EDITION else None
    bounced = hard_bounces.count(edition_id, since) if effect is not Effect.NONE else 0
    if bounced < MIN_REFUSALS or not is_too_many(bounced, _count_tried(edition_id)):
        return effect
    if hard_bounces.hold(edition_id, since) > 1:  # the first time; later ones are held alone
        pause(edition_id, f"{bounced} addresses are said not to exist, more than can be true")
    return Effect.HELD


def pause(edition_id: int, reason: str) -> None:
    """Pause an edition that is being sent, and log it."""
    if editions.pause_if_sending(edition_id, reason):
        logger.error("edition paused, nobody is written to until it is resumed: %s", reason)


def _count_tried(edition_id: int) -> int:
    is_tried = delivery.c.state.in_([DeliveryState.SENT, DeliveryState.FAILED])
    rows = sa.select(sa.func.count()).where(delivery.c.edition_id == edition_id, is_tried)
    return db.session.connection().scalar(rows) or 0
