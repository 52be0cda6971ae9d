"""A delivery's steps: pending → leased → transmitting → sent, deferred, failed, skipped or uncertain.

Each step is one UPDATE. Its WHERE clause names the state that the row must be in and, for a leased delivery, its owner.
If two try a step at once, one succeeds. The caller has called begin_write(), commits, and talks SMTP only after that.
docs/adr/0007-at-most-once-without-an-operator.md says why nothing is sent twice without an operator.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.columns import constant
from verdicts.digest import editions
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.extensions import db
from verdicts.newsletter.models import subscriber
from verdicts.newsletter.queries import is_mailable

UNSUBSCRIBED_REASON = "The subscription ended before the email was sent."
NO_NEWS_REASON = "Nothing in this edition is what the subscriber chose."
INVALID_ADDRESS_REASON = "The subscriber’s address is not valid."
INTERRUPTED_REASON = "The sender was interrupted while it transmitted, and whether the email arrived is not known."

_NO_LEASE = {"owner": None, "lease_until": None}


def _edition_is_sending_condition(edition_id: int | sa.BindParameter[int]) -> sa.Exists:
    return sa.exists().where(edition.c.id == edition_id, edition.c.state == EditionState.SENDING)


def _mailable_condition() -> sa.ColumnElement[bool]:
    return sa.exists().where(subscriber.c.id == delivery.c.subscriber_id, is_mailable())


# What runs for every letter or batch is built once. Constants are parts of the text: to bind each would take as long.
NOW = sa.bindparam("now", type_=delivery.c.changed_at.type)
_UNTIL = sa.bindparam("until", type_=delivery.c.lease_until.type)
_EDITION = sa.bindparam("edition", type_=delivery.c.edition_id.type)
_OWNER = sa.bindparam("owner_name", type_=delivery.c.owner.type)
IN_EDITION = delivery.c.edition_id == _EDITION
OWNED = sa.and_(IN_EDITION, delivery.c.owner == _OWNER)
# A transmission may start, by the owner of its lease, and what it changes then.
STARTABLE = sa.and_(
    delivery.c.state == constant(DeliveryState.LEASED),
    delivery.c.lease_until > NOW,
    _edition_is_sending_condition(_EDITION),
    _mailable_condition(),
)
STARTED: dict[str, Any] = {
    "state": constant(DeliveryState.TRANSMITTING),
    "lease_until": _UNTIL,
    "tries": delivery.c.tries + sa.literal_column("1"),
    "first_tried_at": sa.func.coalesce(delivery.c.first_tried_at, NOW),
    "changed_at": NOW,
}
_START = sa.update(delivery).where(OWNED, delivery.c.subscriber_id == sa.bindparam("subscriber"), STARTABLE)
_START = _START.values(STARTED)
_IN_STATE = sa.and_(IN_EDITION, delivery.c.state == sa.bindparam("from_state", type_=delivery.c.state.type))
# PostgreSQL skips rows that others are claiming; SQLite has one writer. A CTE runs once: a plain subquery may run
# again, and lock more rows than the limit.
_due = (
    sa.select(delivery.c.subscriber_id)
    .where(_IN_STATE, delivery.c.due_at <= NOW)
    .order_by(delivery.c.edition_id, delivery.c.state, delivery.c.due_at)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    sa.update(delivery)
    .where(_IN_STATE, delivery.c.subscriber_id.in_(sa.select(_due.c.subscriber_id)))
    .values(state=DeliveryState.LEASED, owner=_OWNER, lease_until=_UNTIL)
    .returning(delivery.c.subscriber_id)
)
_is_due = sa.and_(
    IN_EDITION,
    delivery.c.state.in_([DeliveryState.PENDING, DeliveryState.DEFERRED]),
    delivery.c.due_at <= NOW,
)
_is_expired = sa.and_(IN_EDITION, delivery.c.lease_until <= NOW)


def _recover(state: DeliveryState) -> sa.Update:
    """Return the statement that changes expired deliveries that nobody else has locked: others may recover them too."""
    expired = sa.and_(_is_expired, delivery.c.state == state)
    ids = sa.select(delivery.c.subscriber_id).where(expired).with_for_update(skip_locked=True).cte("expired")
    return sa.update(delivery).where(expired, delivery.c.subscriber_id.in_(sa.select(ids.c.subscriber_id)))


_RECOVER_LEASED = _recover(DeliveryState.LEASED).values(state=DeliveryState.PENDING, **_NO_LEASE)
_RECOVER_TRANSMITTING = _recover(DeliveryState.TRANSMITTING).values(
    state=DeliveryState.UNCERTAIN, state_reason=INTERRUPTED_REASON, lease_until=None, changed_at=NOW
)
_COUNT_DUE = sa.select(sa.func.count()).select_from(
    sa.select(sa.literal_column("1")).where(_is_due).limit(sa.bindparam("limit", type_=sa.Integer)).subquery()
)
_NEXT_CLAIM_TIMES = sa.select(
    *(
        sa.select(sa.func.min(at)).where(IN_EDITION, delivery.c.state == constant(state)).scalar_subquery()
        for at, state in (
            (delivery.c.due_at, DeliveryState.PENDING),
            (delivery.c.due_at, DeliveryState.DEFERRED),
            (delivery.c.lease_until, DeliveryState.LEASED),
        )
    )
)


@dataclass(frozen=True)
class Lease:
    """A delivery that only `owner` may start to transmit, until `until`."""

    edition_id: int
    subscriber_id: int
    owner: str
    until: datetime


class StartResult(StrEnum):
    """Whether a transmission may start."""

    STARTED = "started"  # the delivery is recorded as transmitting
    LEASE_LOST = "lease-lost"  # the lease has expired, and somebody else may hold the delivery
    UNSUBSCRIBED = "unsubscribed"  # the subscriber may not be written to any more; the delivery was skipped
    NOT_SENDING = "not-sending"  # the edition is paused, cancelled or sent


def claim(edition_id: int, worker_name: str, limit: int, lease_duration: timedelta, now: datetime) -> list[Lease]:
    """Lease up to `limit` due deliveries to one worker, deferred ones first. At most two statements.

    A worker sends one message after the other: it is a thread, not a process.
    """
    until = now + lease_duration
    parameters = {"edition": edition_id, "owner_name": worker_name, "limit": limit, "until": until, "now": now}
    for state in (DeliveryState.DEFERRED, DeliveryState.PENDING):
        if ids := db.session.connection().scalars(_CLAIM, {**parameters, "from_state": state}).all():
            return [Lease(edition_id, id, worker_name, until) for id in ids]
    return []


def start_transmission(lease: Lease, time_limit: timedelta, now: datetime) -> StartResult:
    """Change a leased delivery to transmitting if its lease, edition and subscription are still valid.

    Once STARTED is committed, only the owner may transmit and record the outcome, within `time_limit`.
    """
    key = {"edition": lease.edition_id, "subscriber": lease.subscriber_id, "owner_name": lease.owner}
    if db.session.connection().execute(_START, {**key, "now": now, "until": now + time_limit}).rowcount:
        return StartResult.STARTED
    if not db.session.connection().scalar(sa.select(_edition_is_sending_condition(lease.edition_id))):
        return StartResult.NOT_SENDING
    skipped = {"state": DeliveryState.SKIPPED, "state_reason": UNSUBSCRIBED_REASON, "changed_at": now} | _NO_LEASE
    leased = sa.and_(owned_condition(lease, DeliveryState.LEASED), delivery.c.lease_until > now)
    was_skipped = _update(leased, ~_mailable_condition(), **skipped)
    return StartResult.UNSUBSCRIBED if was_skipped else StartResult.LEASE_LOST


def skip(leases: Collection[Lease], reason: str, now: datetime) -> None:
    """End deliveries that one owner has claimed, without sending them."""
    if leases:
        skipped = {"state": DeliveryState.SKIPPED, "state_reason": reason, "changed_at": now}
        _update(_leased_condition(leases), **skipped, **_NO_LEASE)


def release(leases: Collection[Lease]) -> None:
    """Return deliveries to pending that one owner has claimed and not started."""
    if leases:
        _update(_leased_condition(leases), state=DeliveryState.PENDING, **_NO_LEASE)


def undo_start(lease: Lease, now: datetime) -> None:
    """Return a delivery to pending. Its owner had started it but certainly sent nothing."""
    values: dict[str, Any] = {"state": DeliveryState.PENDING, "state_reason": None}
    if editions.lock_state(lease.edition_id) is EditionState.CANCELLED:
        values = {"state": DeliveryState.SKIPPED, "state_reason": editions.CANCELLED_REASON}
    values |= {"tries": delivery.c.tries - 1, "changed_at": now}
    _update(owned_condition(lease, DeliveryState.TRANSMITTING, DeliveryState.UNCERTAIN), **values, **_NO_LEASE)


def recover_expired(edition_id: int, now: datetime) -> None:
    """Recover deliveries whose lease has expired because their worker died or was suspended. Two statements.

    Leased becomes pending. Transmitting becomes uncertain: only an operator can have it sent again. Its owner stays
    recorded, so that a worker that was only suspended may still record the outcome.
    """
    for statement in (_RECOVER_LEASED, _RECOVER_TRANSMITTING):
        db.session.connection().execute(statement, {"edition": edition_id, "now": now})


def count_due(edition_id: int, at_most: int, now: datetime) -> int:
    """Return how many deliveries can be claimed, of which it counts `at_most`. One statement."""
    return db.session.connection().scalar(_COUNT_DUE, {"edition": edition_id, "limit": at_most, "now": now}) or 0


def next_claim_at(edition_id: int) -> datetime | None:
    """Return when the next delivery is due or the next claim's lease expires; None for never. One statement."""
    times = db.session.connection().execute(_NEXT_CLAIM_TIMES, {"edition": edition_id}).one()
    return min((time for time in times if time), default=None)


def owned_condition(lease: Lease, *states: DeliveryState) -> sa.ColumnElement[bool]:
    """Return the condition that the lease's owner still holds the delivery, in one of these states."""
    key = sa.and_(delivery.c.edition_id == lease.edition_id, delivery.c.subscriber_id == lease.subscriber_id)
    return sa.and_(key, delivery.c.state.in_(states), delivery.c.owner == lease.owner)


def _leased_condition(leases: Collection[Lease]) -> sa.ColumnElement[bool]:
    """Return the condition that a delivery is still leased by one of these, all of one owner and one edition."""
    first = next(iter(leases))
    ids = delivery.c.subscriber_id.in_([each.subscriber_id for each in leases])
    owned = sa.and_(delivery.c.edition_id == first.edition_id, ids, delivery.c.owner == first.owner)
    return sa.and_(owned, delivery.c.state == DeliveryState.LEASED)


def _update(*conditions: sa.ColumnElement[bool], **values: Any) -> int:
    """Change the deliveries that meet all conditions, and return how many."""
    return db.session.connection().execute(sa.update(delivery).where(*conditions).values(**values)).rowcount
