"""A delivery's steps: pending → leased → transmitting → sent, deferred, failed, skipped or uncertain.

Each step is one UPDATE that names the state, and for a leased delivery the owner, that it may leave. If two try the
same step at once, one does it. The caller has called begin_write(), commits, and talks SMTP only after that.
docs/adr/0007-at-most-once-without-an-operator.md says why nothing is sent twice without an operator.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa

from verdicts.digest import editions
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.extensions import db
from verdicts.newsletter.models import subscriber
from verdicts.newsletter.queries import is_mailable

UNSUBSCRIBED_REASON = "The subscription ended before the letter was sent."
NO_NEWS_REASON = "Nothing in this edition is what the subscriber chose."
INTERRUPTED_REASON = "The sender was interrupted while it transmitted, and whether the letter arrived is not known."

_NO_LEASE = {"owner": None, "lease_until": None}


@dataclass(frozen=True)
class Lease:
    """A delivery that only `owner` may start to transmit, until `until`."""

    edition_id: int
    subscriber_id: int
    owner: str
    until: datetime


class StartResult(StrEnum):
    """Whether a transmission may start."""

    STARTED = "started"  # yes: the delivery is recorded as transmitting
    LEASE_LOST = "lease-lost"  # the lease has expired, and somebody else may hold the delivery
    UNSUBSCRIBED = "unsubscribed"  # the subscriber may not be written to any more; the delivery was skipped
    NOT_SENDING = "not-sending"  # the edition is paused, cancelled or sent


def claim(edition_id: int, owner: str, limit: int, lease: timedelta, now: datetime) -> list[Lease]:
    """Lease up to `limit` deliveries that are due to one owner, deferred ones first. At most two statements.

    An owner sends one message after the other: it is a thread, not a process.
    """
    for state in (DeliveryState.DEFERRED, DeliveryState.PENDING):
        if ids := _claim_in_state(edition_id, state, owner, limit, now + lease, now):
            return [Lease(edition_id, id, owner, now + lease) for id in ids]
    return []


def start_transmission(lease: Lease, time_limit: timedelta, now: datetime) -> StartResult:
    """Make leased into transmitting, if lease, edition and subscription still stand. At most two statements.

    Once STARTED is committed, the owner transmits and records the outcome within `time_limit`; nobody else may.
    """
    parameters = {
        "edition": lease.edition_id,
        "subscriber": lease.subscriber_id,
        "owner_name": lease.owner,
        "now": now,
        "until": now + time_limit,
    }
    if db.session.connection().execute(_start_statement(), parameters).rowcount:
        return StartResult.STARTED
    if not is_being_sent(lease.edition_id):
        return StartResult.NOT_SENDING
    skipped = {"state": DeliveryState.SKIPPED, "reply": UNSUBSCRIBED_REASON, "changed_at": now} | _NO_LEASE
    is_held = sa.and_(_is_owned(lease, DeliveryState.LEASED), delivery.c.lease_until > now)
    was_skipped = _update(is_held, ~_subscriber_is_mailable(), **skipped)
    return StartResult.UNSUBSCRIBED if was_skipped else StartResult.LEASE_LOST


def skip(leases: Collection[Lease], reason: str, now: datetime) -> None:
    """End deliveries that one owner has claimed, without sending them."""
    if leases:
        _update(_is_leased(leases), state=DeliveryState.SKIPPED, reply=reason, changed_at=now, **_NO_LEASE)


def release(leases: Collection[Lease]) -> None:
    """Make pending again what one owner has claimed and not started."""
    if leases:
        _update(_is_leased(leases), state=DeliveryState.PENDING, **_NO_LEASE)


def withdraw(lease: Lease, now: datetime) -> None:
    """Make pending again what its owner has started, and knows that it did not transmit."""
    values: dict[str, Any] = {"state": DeliveryState.PENDING, "reply": None}
    if editions.lock_state(lease.edition_id) is EditionState.CANCELLED:
        values = {"state": DeliveryState.SKIPPED, "reply": editions.CANCELLED_REASON}
    values |= {"tries": delivery.c.tries - 1, "changed_at": now}
    _update(_is_owned(lease, DeliveryState.TRANSMITTING, DeliveryState.UNCERTAIN), **values, **_NO_LEASE)


def recover_expired(edition_id: int, now: datetime) -> None:
    """Take back what senders that died, or were stopped, hold beyond its lease. Two statements.

    Leased becomes pending. Transmitting becomes uncertain: only an operator has it sent again. Its owner stays
    recorded, so a sender that was only stopped may still record the outcome.
    """
    is_expired = sa.and_(delivery.c.edition_id == edition_id, delivery.c.lease_until <= now)
    _update(_unlocked(is_expired, DeliveryState.LEASED), state=DeliveryState.PENDING, **_NO_LEASE)
    uncertain = {"state": DeliveryState.UNCERTAIN, "lease_until": None, "reply": INTERRUPTED_REASON, "changed_at": now}
    _update(_unlocked(is_expired, DeliveryState.TRANSMITTING), **uncertain)


def is_being_sent(edition_id: int) -> bool:
    return bool(db.session.connection().scalar(sa.select(_is_being_sent(edition_id))))


def next_claim_at(edition_id: int) -> datetime | None:
    """Return when a delivery falls due or a claim's lease expires next; None for never. One statement."""
    due = sa.select(sa.func.min(delivery.c.due_at)).where(delivery.c.edition_id == edition_id)
    leased = sa.select(sa.func.min(delivery.c.lease_until)).where(delivery.c.edition_id == edition_id)
    minima = [
        due.where(delivery.c.state == DeliveryState.PENDING),
        due.where(delivery.c.state == DeliveryState.DEFERRED),
        leased.where(delivery.c.state == DeliveryState.LEASED),
    ]
    times = db.session.connection().execute(sa.select(*(each.scalar_subquery() for each in minima))).one()
    return min((time for time in times if time), default=None)


def _claim_in_state(
    edition_id: int, state: DeliveryState, owner: str, limit: int, until: datetime, now: datetime
) -> list[int]:
    """Lease deliveries in this state. PostgreSQL skips rows that others are claiming; SQLite has one writer."""
    due = sa.select(delivery.c.subscriber_id).where(
        delivery.c.edition_id == edition_id, delivery.c.state == state, delivery.c.due_at <= now
    )
    due = due.order_by(delivery.c.edition_id, delivery.c.state, delivery.c.due_at).limit(limit)
    # A CTE runs once. A plain subquery may run again, and lock more rows than the limit.
    ids = due.with_for_update(skip_locked=True).cte("due")
    rows = sa.and_(delivery.c.edition_id == edition_id, delivery.c.subscriber_id.in_(sa.select(ids.c.subscriber_id)))
    leased = {"state": DeliveryState.LEASED, "owner": owner, "lease_until": until}
    update = sa.update(delivery).where(rows, delivery.c.state == state).values(**leased)
    return list(db.session.connection().scalars(update.returning(delivery.c.subscriber_id)))


def _unlocked(condition: sa.ColumnElement[bool], state: DeliveryState) -> sa.ColumnElement[bool]:
    """Restrict a condition to deliveries in this state that nobody else has locked: others may be recovering too."""
    rows = sa.select(delivery.c.edition_id, delivery.c.subscriber_id).where(condition, delivery.c.state == state)
    ids = rows.with_for_update(skip_locked=True).cte("expired")
    is_unlocked = delivery.c.subscriber_id.in_(sa.select(ids.c.subscriber_id))
    return sa.and_(condition, delivery.c.state == state, is_unlocked)


@cache
def _start_statement() -> sa.Update:
    """Return the UPDATE that starts a transmission. It is built once: it runs for every letter."""
    until = sa.bindparam("until", type_=delivery.c.lease_until.type)
    now = sa.bindparam("now", type_=delivery.c.changed_at.type)
    row = sa.and_(
        delivery.c.edition_id == sa.bindparam("edition"), delivery.c.subscriber_id == sa.bindparam("subscriber")
    )
    is_held = sa.and_(row, delivery.c.state == DeliveryState.LEASED, delivery.c.owner == sa.bindparam("owner_name"))
    update = sa.update(delivery).where(is_held, delivery.c.lease_until > now)
    update = update.where(_is_being_sent(sa.bindparam("edition")), _subscriber_is_mailable())
    tried = {"tries": delivery.c.tries + 1, "first_tried_at": sa.func.coalesce(delivery.c.first_tried_at, now)}
    return update.values(state=DeliveryState.TRANSMITTING, lease_until=until, changed_at=now, **tried)


def _is_leased(leases: Collection[Lease]) -> sa.ColumnElement[bool]:
    """Return the condition on deliveries that are still leased by these, all of one owner and one edition."""
    first = next(iter(leases))
    ids = delivery.c.subscriber_id.in_([each.subscriber_id for each in leases])
    is_owned = sa.and_(delivery.c.edition_id == first.edition_id, ids, delivery.c.owner == first.owner)
    return sa.and_(is_owned, delivery.c.state == DeliveryState.LEASED)


def _is_owned(lease: Lease, *states: DeliveryState) -> sa.ColumnElement[bool]:
    key = sa.and_(delivery.c.edition_id == lease.edition_id, delivery.c.subscriber_id == lease.subscriber_id)
    return sa.and_(key, delivery.c.state.in_(states), delivery.c.owner == lease.owner)


def _is_being_sent(edition_id: int | sa.BindParameter[int]) -> sa.Exists:
    return sa.exists().where(edition.c.id == edition_id, edition.c.state == EditionState.SENDING)


def _subscriber_is_mailable() -> sa.ColumnElement[bool]:
    return sa.exists().where(subscriber.c.id == delivery.c.subscriber_id, is_mailable())


def _update(*conditions: sa.ColumnElement[bool], **values: Any) -> int:
    """Change the deliveries that meet all conditions, and return how many."""
    return db.session.connection().execute(sa.update(delivery).where(*conditions).values(**values)).rowcount
