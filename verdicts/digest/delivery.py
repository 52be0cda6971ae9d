"""A delivery's steps: pending → leased → transmitting → sent, deferred, failed, skipped or uncertain.

Each step is one UPDATE that names the state, and where somebody holds the delivery the owner, that it may leave from:
of two who try it at once one does it. The caller has called begin_write(), commits, and talks SMTP only after that.
docs/adr/0007-at-most-once-without-an-operator.md says why this never sends twice by itself.
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
from verdicts.newsletter.queries import may_be_written_to

NOT_WRITTEN_TO = "The subscription ended before the letter was sent."
NOTHING_CHOSEN = "Nothing in this edition is what the subscriber chose."
INTERRUPTED = "The sender was interrupted while it transmitted, and whether the letter arrived is not known."

_FREE = {"owner": None, "lease_until": None}


@dataclass(frozen=True)
class Lease:
    """A delivery that `owner` alone may begin to transmit, until `until`."""

    edition_id: int
    subscriber_id: int
    owner: str
    until: datetime


class Gate(StrEnum):
    """What came of asking to transmit."""

    OPEN = "open"  # go on: it is written down that it is being transmitted
    LOST = "lost"  # the lease ran out, and the delivery is somebody else's or anybody's
    LEFT = "left"  # the subscriber may not be written to any more; the delivery was skipped
    CLOSED = "closed"  # the edition is not being sent any more: it is paused, cancelled or done


def claim(edition_id: int, owner: str, most: int, lease: timedelta, now: datetime) -> list[Lease]:
    """Lease up to so many deliveries that are due, the deferred first, to one owner. At most two statements.

    An owner is whoever sends one message after the other: a thread, not a process.
    """
    for state in (DeliveryState.DEFERRED, DeliveryState.PENDING):
        if ids := _take(edition_id, state, owner, most, now + lease, now):
            return [Lease(edition_id, id, owner, now + lease) for id in ids]
    return []


def begin(lease: Lease, transmission: timedelta, now: datetime) -> Gate:
    """Pass the gate: leased → transmitting, if all still stands as it was when it was claimed. Two statements at most.

    Once OPEN is committed it must be transmitted and recorded within `transmission`; nobody else may touch it.
    """
    asked = {
        "of": lease.edition_id,
        "to": lease.subscriber_id,
        "by": lease.owner,
        "at": now,
        "until": now + transmission,
    }
    if db.session.connection().execute(_passing_the_gate(), asked).rowcount:
        return Gate.OPEN
    if not is_being_sent(lease.edition_id):
        return Gate.CLOSED
    skipped = {"state": DeliveryState.SKIPPED, "reply": NOT_WRITTEN_TO, "changed_at": now} | _FREE
    held = sa.and_(_mine(lease, DeliveryState.LEASED), delivery.c.lease_until > now)
    return Gate.LEFT if _move(held, ~_may_be_written_to(), **skipped) else Gate.LOST


def skip(leases: Collection[Lease], why: str, now: datetime) -> None:
    """Leave out, of what one owner has claimed, those whom this edition tells nothing."""
    if leases:
        _move(_leased(leases), state=DeliveryState.SKIPPED, reply=why, changed_at=now, **_FREE)


def release(leases: Collection[Lease]) -> None:
    """Give back what one owner has claimed and not begun."""
    if leases:
        _move(_leased(leases), state=DeliveryState.PENDING, **_FREE)


def withdraw(lease: Lease, now: datetime) -> None:
    """Give back what was begun, by an owner who knows that nothing of it was transmitted."""
    unsent: dict[str, Any] = {"state": DeliveryState.PENDING, "reply": None}
    if editions.is_cancelled(lease.edition_id):
        unsent = {"state": DeliveryState.SKIPPED, "reply": editions.WAS_CANCELLED}
    unsent |= {"tries": delivery.c.tries - 1, "changed_at": now}
    _move(_mine(lease, DeliveryState.TRANSMITTING, DeliveryState.UNCERTAIN), **unsent, **_FREE)


def recover(edition_id: int, now: datetime) -> None:
    """Take from senders that died, or stopped, what they held beyond its lease. Two statements.

    What was only leased is free again. What was being transmitted is uncertain: nobody sends it again but by an
    operator's word. The owner stays written, so that one that was only stopped may still say how it ended.
    """
    expired = sa.and_(delivery.c.edition_id == edition_id, delivery.c.lease_until <= now)
    _move(_free_rows(expired, DeliveryState.LEASED), state=DeliveryState.PENDING, **_FREE)
    doubtful = {"state": DeliveryState.UNCERTAIN, "lease_until": None, "reply": INTERRUPTED, "changed_at": now}
    _move(_free_rows(expired, DeliveryState.TRANSMITTING), **doubtful)


def is_being_sent(edition_id: int) -> bool:
    return bool(db.session.connection().scalar(sa.select(_is_being_sent(edition_id))))


def keep_being_sent(edition_id: int) -> bool:
    """Say whether an edition is being sent, and keep it so until this is committed."""
    state = sa.select(edition.c.state).where(edition.c.id == edition_id).with_for_update(read=True)
    return db.session.connection().scalar(state) is EditionState.SENDING


def next_moment(edition_id: int) -> datetime | None:
    """Return when there may be something to claim next: a delivery falls due, or a lease runs out; None for never."""
    waiting = sa.select(sa.func.min(delivery.c.due_at)).where(delivery.c.edition_id == edition_id)
    leased = sa.select(sa.func.min(delivery.c.lease_until)).where(delivery.c.edition_id == edition_id)
    moments = [
        waiting.where(delivery.c.state == DeliveryState.PENDING),
        waiting.where(delivery.c.state == DeliveryState.DEFERRED),
        leased.where(delivery.c.state == DeliveryState.LEASED),
    ]
    found = db.session.connection().execute(sa.select(*(each.scalar_subquery() for each in moments))).one()
    return min((moment for moment in found if moment), default=None)


def _take(edition_id: int, state: DeliveryState, owner: str, most: int, until: datetime, now: datetime) -> list[int]:
    """Lease deliveries in this state. PostgreSQL passes over rows that others take just now; SQLite has one writer."""
    due = sa.select(delivery.c.subscriber_id).where(
        delivery.c.edition_id == edition_id, delivery.c.state == state, delivery.c.due_at <= now
    )
    due = due.order_by(delivery.c.edition_id, delivery.c.state, delivery.c.due_at).limit(most)
    # Locked in a CTE, which runs once: as a plain subquery it may run again, and lock more than it was asked to.
    ids = due.with_for_update(skip_locked=True).cte("due")
    mine = sa.and_(delivery.c.edition_id == edition_id, delivery.c.subscriber_id.in_(sa.select(ids.c.subscriber_id)))
    taken = {"state": DeliveryState.LEASED, "owner": owner, "lease_until": until}
    update = sa.update(delivery).where(mine, delivery.c.state == state).values(**taken)
    return list(db.session.connection().scalars(update.returning(delivery.c.subscriber_id)))


def _free_rows(expired: sa.ColumnElement[bool], state: DeliveryState) -> sa.ColumnElement[bool]:
    """Return the condition on what expired in this state, without waiting for others who are recovering too."""
    rows = sa.select(delivery.c.edition_id, delivery.c.subscriber_id).where(expired, delivery.c.state == state)
    ids = rows.with_for_update(skip_locked=True).cte("expired")
    found = delivery.c.subscriber_id.in_(sa.select(ids.c.subscriber_id))
    return sa.and_(expired, delivery.c.state == state, found)


@cache
def _passing_the_gate() -> sa.Update:
    """Return the statement of the gate, built once: it runs for every letter."""
    until = sa.bindparam("until", type_=delivery.c.lease_until.type)
    at = sa.bindparam("at", type_=delivery.c.changed_at.type)
    row = sa.and_(delivery.c.edition_id == sa.bindparam("of"), delivery.c.subscriber_id == sa.bindparam("to"))
    held = sa.and_(row, delivery.c.state == DeliveryState.LEASED, delivery.c.owner == sa.bindparam("by"))
    update = sa.update(delivery).where(held, delivery.c.lease_until > at)
    update = update.where(_is_being_sent(sa.bindparam("of")), _may_be_written_to())
    tried = {"tries": delivery.c.tries + 1, "first_tried_at": sa.func.coalesce(delivery.c.first_tried_at, at)}
    return update.values(state=DeliveryState.TRANSMITTING, lease_until=until, changed_at=at, **tried)


def _leased(leases: Collection[Lease]) -> sa.ColumnElement[bool]:
    """Return the condition on what one owner's leases of one edition still hold."""
    first = next(iter(leases))
    ids = delivery.c.subscriber_id.in_([each.subscriber_id for each in leases])
    mine = sa.and_(delivery.c.edition_id == first.edition_id, ids, delivery.c.owner == first.owner)
    return sa.and_(mine, delivery.c.state == DeliveryState.LEASED)


def _mine(lease: Lease, *states: DeliveryState) -> sa.ColumnElement[bool]:
    key = sa.and_(delivery.c.edition_id == lease.edition_id, delivery.c.subscriber_id == lease.subscriber_id)
    return sa.and_(key, delivery.c.state.in_(states), delivery.c.owner == lease.owner)


def _is_being_sent(edition_id: int | sa.BindParameter[int]) -> sa.Exists:
    return sa.exists().where(edition.c.id == edition_id, edition.c.state == EditionState.SENDING)


def _may_be_written_to() -> sa.ColumnElement[bool]:
    return sa.exists().where(subscriber.c.id == delivery.c.subscriber_id, may_be_written_to())


def _move(*conditions: sa.ColumnElement[bool], **values: Any) -> int:
    """Change the deliveries of which all this is true, and return how many those are."""
    return db.session.connection().execute(sa.update(delivery).where(*conditions).values(**values)).rowcount
