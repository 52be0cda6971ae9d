"""The brake before every suppression: when many addresses are refused, the mail server is to blame, not the addresses.

Then the edition is paused, nobody is suppressed, and who was refused is tried again. Replies while an edition is sent,
replies to single letters, returned mail and providers' events all pass here. Callers have called begin_write(), and
commit.
"""

import logging
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from verdicts.digest import editions
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.extensions import db
from verdicts.newsletter import hard_bounces
from verdicts.newsletter.hard_bounces import Effect
from verdicts.newsletter.tokens import NO_EDITION

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=1)
MAX_REFUSALS_IN_A_ROW = 5
MIN_REFUSALS = 5
MAX_SHARE = 0.1
NEVER_TRIED: dict[str, object] = {"tries": 0, "first_tried_at": None}
_LEFT_TO_SEND = (
    DeliveryState.PENDING,
    DeliveryState.LEASED,
    DeliveryState.TRANSMITTING,
    DeliveryState.DEFERRED,
)


class Judgement(StrEnum):
    """What a refusal for good means."""

    RECIPIENT = "recipient"  # others are accepted, so it is about this recipient
    UNPROVEN = "unproven"  # nothing has been accepted yet: try again after the others
    SERVER = "server"  # too many are refused: believe none of it


def is_too_many(refused: int, tried: int) -> bool:
    """Return whether more addresses were refused than a list may have: five, and a tenth of those that were tried."""
    return refused >= MIN_REFUSALS + MAX_SHARE * tried


def judge_refusal(edition_id: int, now: datetime) -> Judgement:
    """Count a refusal and judge it. The delivery is recorded as failed already, and has not been refused before."""
    counted = sa.update(edition).where(edition.c.id == edition_id)
    counted = counted.values(consecutive_refusals=edition.c.consecutive_refusals + 1)
    columns = (edition.c.state, edition.c.consecutive_refusals, edition.c.awaits_acceptance)
    state, in_a_row, awaits_acceptance = db.session.connection().execute(counted.returning(*columns)).one()
    is_paused = state is EditionState.PAUSED  # this email was on its way when another one's refusal paused the edition
    if is_paused or in_a_row >= MAX_REFUSALS_IN_A_ROW or _are_too_many_refused(edition_id, now):
        return Judgement.SERVER
    if not awaits_acceptance:
        return Judgement.RECIPIENT
    return Judgement.UNPROVEN if _is_any_untried(edition_id) or _is_any_sent(edition_id) else Judgement.SERVER


def judge_repeated_refusal(edition_id: int) -> Judgement:
    """Judge a refusal of a delivery that was put back before.

    Once others have been accepted, or nobody else is left to try, it is about the recipient.
    """
    columns = sa.select(edition.c.state, edition.c.awaits_acceptance).where(edition.c.id == edition_id)
    state, awaits_acceptance = db.session.connection().execute(columns.with_for_update()).one()
    if state is EditionState.PAUSED:
        return Judgement.SERVER
    if not awaits_acceptance:
        return Judgement.RECIPIENT
    if _is_any_untried(edition_id):
        return Judgement.UNPROVEN
    return Judgement.RECIPIENT if _is_any_sent(edition_id) else Judgement.SERVER


def engage(edition_id: int, reason: str, now: datetime) -> None:
    """Put back what was refused within the last hour, believe no hard bounce of it, and pause the edition."""
    hard_bounces.hold(edition_id, now - WINDOW)
    put_back(edition_id, delivery.c.changed_at > now - WINDOW, now)
    pause(edition_id, reason)


def put_back(edition_id: int, condition: sa.ColumnElement[bool], now: datetime) -> None:
    """Let deliveries that were refused, and that meet a condition, come after all others, as if not tried."""
    if editions.lock_state(edition_id) is not EditionState.CANCELLED:
        pending = {"state": DeliveryState.PENDING, "due_at": now, **NEVER_TRIED}
        db.session.connection().execute(sa.update(delivery).where(_refused(edition_id), condition).values(**pending))


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
    if bounced < MIN_REFUSALS or not is_too_many(bounced, _count_processed(edition_id)):
        return effect
    if hard_bounces.hold(edition_id, since) > 1:  # the first time; later ones are held alone
        pause(edition_id, f"{bounced} addresses are said not to exist, more than can be true")
    return Effect.HELD


def pause(edition_id: int, reason: str) -> None:
    """Pause an edition that is being sent, and log it."""
    if editions.pause_if_sending(edition_id, reason):
        logger.error("edition paused, nobody is written to until it is resumed: %s", reason)


def _count_processed(edition_id: int) -> int:
    is_processed = delivery.c.state.in_([DeliveryState.SENT, DeliveryState.FAILED])
    rows = sa.select(sa.func.count()).where(delivery.c.edition_id == edition_id, is_processed)
    return db.session.connection().scalar(rows) or 0


def _are_too_many_refused(edition_id: int, now: datetime) -> bool:
    """Return whether too many deliveries of the last hour failed for the first time."""
    rows = sa.select(sa.func.count()).where(_refused(edition_id), delivery.c.changed_at > now - WINDOW)
    refused = db.session.connection().scalar(rows) or 0
    if refused < MIN_REFUSALS:
        return False
    # No more than so many need counting: beyond them, the share is small enough.
    enough = int((refused - MIN_REFUSALS) / MAX_SHARE) + 1
    is_sent = sa.and_(delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.SENT)
    sent = sa.select(sa.literal(1)).where(is_sent, delivery.c.changed_at > now - WINDOW).limit(enough).subquery()
    accepted = db.session.connection().scalar(sa.select(sa.func.count()).select_from(sent)) or 0
    return is_too_many(refused, refused + accepted)


def _refused(edition_id: int) -> sa.ColumnElement[bool]:
    """Return the condition on deliveries that failed when they were refused for the first time."""
    is_failed = sa.and_(delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.FAILED)
    return sa.and_(is_failed, delivery.c.may_be_our_fault)


def _is_any_untried(edition_id: int) -> bool:
    """Return whether a delivery is left to send that was never refused."""
    is_left = sa.and_(delivery.c.edition_id == edition_id, delivery.c.state.in_(_LEFT_TO_SEND))
    untried = sa.exists().where(is_left, delivery.c.may_be_our_fault.is_(False))
    return bool(db.session.connection().scalar(sa.select(untried)))


def _is_any_sent(edition_id: int) -> bool:
    sent = sa.exists().where(delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.SENT)
    return bool(db.session.connection().scalar(sa.select(sent)))
