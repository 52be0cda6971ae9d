"""What becomes of a delivery, and of its address and edition, once a transmission has ended."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import random
from typing import Any

import sqlalchemy as sa

from verdicts.digest import editions
from verdicts.digest.delivery import Lease
from verdicts.digest.models import DeliveryState, delivery, edition
from verdicts.extensions import db
from verdicts.mailing.outcomes import GIVE_UP_AFTER, Action, Outcome, action_for, retry_delay
from verdicts.newsletter import leaving

logger = logging.getLogger(__name__)

UNRECOGNISED_RUNNING = 3
FIRST_RECONNECTION = timedelta(seconds=1)
_AS_IF_NEVER_TRIED: dict[str, Any] = {"tries": 0, "first_tried_at": None, "is_suspicious": False}
_HELD = (DeliveryState.TRANSMITTING, DeliveryState.UNCERTAIN)
_DECIDED = {
    Action.SUPPRESS: DeliveryState.FAILED,
    Action.FAIL: DeliveryState.FAILED,
    Action.UNRECOGNISED: DeliveryState.FAILED,
    Action.UNCERTAIN: DeliveryState.UNCERTAIN,
}


@dataclass(frozen=True)
class _Tried:
    tries: int
    first_tried_at: datetime


def record(lease: Lease, outcome: Outcome, now: datetime) -> Action | None:
    """Write down how a transmission ended, and what follows for the address and the edition.

    None where the delivery is not this owner's any more: an operator has decided it meanwhile. One that became
    uncertain because its sender took too long is still its sender's to decide, who knows better.
    The caller has called begin_write(), and commits. Recording twice changes nothing.
    """
    action = action_for(outcome)
    if action is Action.ACCEPT:
        return action if _accept(lease, outcome, now) else None
    if (tried := _find(lease)) is None:
        return None
    match action:
        case Action.PAUSE:  # to be sent as soon as an operator has mended what is wrong with us
            _put_off(lease, now, outcome, now, **_AS_IF_NEVER_TRIED)
        case Action.RETRY | Action.RECONNECT_AND_RETRY:
            _try_again(lease, action, tried, outcome, now)
        case _:
            _store(lease, _DECIDED[action], outcome, now, is_suspicious=action is Action.UNRECOGNISED)
    _draw_conclusions(lease, action, outcome, now)
    return action


def _accept(lease: Lease, outcome: Outcome, now: datetime) -> bool:
    """Write down that a letter was accepted, which clears of suspicion what failed before it: that failed by itself."""
    told = {"of": lease.edition_id, "to": lease.subscriber_id, "by": lease.owner, "at": now, "said": outcome.summary}
    if not db.session.connection().execute(_accepting(), told).rowcount:
        return False
    if db.session.connection().execute(_ending_a_run(), {"of": lease.edition_id}).rowcount:
        db.session.connection().execute(_suspicious(lease.edition_id).values(is_suspicious=False))
    return True


@cache
def _accepting() -> sa.Update:
    """Return the statement that records an accepted letter. Built once, as the next one: they run for every letter."""
    row = sa.and_(delivery.c.edition_id == sa.bindparam("of"), delivery.c.subscriber_id == sa.bindparam("to"))
    held = sa.and_(row, delivery.c.owner == sa.bindparam("by"), delivery.c.state.in_(_HELD))
    free = {"owner": None, "lease_until": None, "is_suspicious": False}
    at = sa.bindparam("at", type_=delivery.c.changed_at.type)
    update = sa.update(delivery).where(held)
    return update.values(state=DeliveryState.SENT, reply=sa.bindparam("said"), changed_at=at, **free)


@cache
def _ending_a_run() -> sa.Update:
    run = sa.and_(edition.c.id == sa.bindparam("of"), edition.c.unrecognised_running > 0)
    return sa.update(edition).where(run).values(unrecognised_running=0)


def _find(lease: Lease) -> _Tried | None:
    """Lock the delivery for the rest of the transaction."""
    held = delivery.c.state.in_(_HELD) & _is_of(lease)
    columns = sa.select(delivery.c.tries, delivery.c.first_tried_at).where(held).with_for_update()
    row = db.session.connection().execute(columns).one_or_none()
    return _Tried(row.tries, row.first_tried_at) if row else None


def _try_again(lease: Lease, action: Action, tried: _Tried, outcome: Outcome, now: datetime) -> None:
    due_at = now + _delay(action, tried.tries)
    if due_at - tried.first_tried_at > GIVE_UP_AFTER:
        _store(lease, DeliveryState.FAILED, outcome, now)
    else:
        _put_off(lease, due_at, outcome, now)


def _delay(action: Action, tries: int) -> timedelta:
    """Return how long to wait: for a connection a second, then 4, 16 … until that is longer than any other wait."""
    usual = retry_delay(tries, random)
    return usual if action is Action.RETRY else min(FIRST_RECONNECTION * 4 ** min(tries - 1, 10), usual)


def _put_off(lease: Lease, due_at: datetime, outcome: Outcome, now: datetime, **more: Any) -> None:
    if editions.is_cancelled(lease.edition_id):
        _store(lease, DeliveryState.SKIPPED, outcome, now, reply=editions.WAS_CANCELLED)
    else:
        _store(lease, DeliveryState.DEFERRED, outcome, now, due_at=due_at, **more)


def _draw_conclusions(lease: Lease, action: Action, outcome: Outcome, now: datetime) -> None:
    match action:
        case Action.SUPPRESS:
            leaving.bounced(lease.subscriber_id, now)
        case Action.PAUSE:
            pause_for(lease.edition_id, outcome, now)
        case Action.UNRECOGNISED:
            _suspect(lease.edition_id, outcome, now)


def _suspect(edition_id: int, outcome: Outcome, now: datetime) -> None:
    """Count replies that nobody recognised; three running are our fault, and whom they were about is tried again."""
    counted = sa.update(edition).where(edition.c.id == edition_id)
    counted = counted.values(unrecognised_running=edition.c.unrecognised_running + 1)
    running = db.session.connection().scalar(counted.returning(edition.c.unrecognised_running)) or 0
    if running >= UNRECOGNISED_RUNNING:
        again = {"state": DeliveryState.DEFERRED, "due_at": now} | _AS_IF_NEVER_TRIED
        db.session.connection().execute(_suspicious(edition_id).values(**again))
        pause_for(edition_id, outcome, now)


def _suspicious(edition_id: int) -> sa.Update:
    failed = sa.and_(delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.FAILED)
    return sa.update(delivery).where(failed, delivery.c.is_suspicious)


def pause_for(edition_id: int, outcome: Outcome, now: datetime) -> None:
    """Pause an edition because what the server said is our own fault, and say so in the log."""
    with suppress(editions.WrongState):  # another connection was told the same, or an operator was quicker
        editions.pause(edition_id, f"The mail server refuses us: {outcome.summary}", now)
        logger.error("edition paused, nobody is written to until it is resumed: %s", outcome.summary)


def _store(lease: Lease, state: DeliveryState, outcome: Outcome, now: datetime, **more: Any) -> None:
    values = {"state": state, "owner": None, "lease_until": None, "reply": outcome.summary, "changed_at": now} | more
    db.session.connection().execute(sa.update(delivery).where(_is_of(lease)).values(**values))


def _is_of(lease: Lease) -> sa.ColumnElement[bool]:
    key = sa.and_(delivery.c.edition_id == lease.edition_id, delivery.c.subscriber_id == lease.subscriber_id)
    return sa.and_(key, delivery.c.owner == lease.owner)
