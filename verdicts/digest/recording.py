"""Recording how a transmission ended, with the effects on its delivery, its address and its edition."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import random
from typing import Any

import sqlalchemy as sa

from verdicts.digest import editions
from verdicts.digest.delivery import Lease, owned_condition
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.extensions import db
from verdicts.mailing.outcomes import GIVE_UP_AFTER, Action, Outcome, action_for, retry_delay
from verdicts.newsletter import leaving
from verdicts.newsletter.models import Status

logger = logging.getLogger(__name__)

MAX_UNRECOGNISED_IN_A_ROW = 3
FIRST_RECONNECT_DELAY = timedelta(seconds=1)
_NEVER_TRIED: dict[str, Any] = {"tries": 0, "first_tried_at": None, "may_be_our_fault": False}
_AWAITING_OUTCOME_STATES = (DeliveryState.TRANSMITTING, DeliveryState.UNCERTAIN)
_STATE_AFTER_ACTION = {
    Action.SUPPRESS: DeliveryState.FAILED,
    Action.FAIL: DeliveryState.FAILED,
    Action.UNRECOGNISED: DeliveryState.FAILED,
    Action.UNCERTAIN: DeliveryState.UNCERTAIN,
}


@dataclass(frozen=True)
class _Attempts:
    tries: int
    first_tried_at: datetime


def record_outcome(lease: Lease, outcome: Outcome, now: datetime) -> Action | None:
    """Record how a transmission ended and return the action taken; None if an operator has resolved it meanwhile.

    A worker may still record the outcome after its delivery became uncertain by timeout, because it knows what
    happened. Recording twice changes nothing. The caller has called begin_write(), and commits.
    """
    action = action_for(outcome)
    if action is Action.ACCEPT:
        return action if _accept(lease, outcome, now) else None
    if (attempts := _lock_attempts(lease)) is None:
        return None
    match action:
        case Action.PAUSE:  # due now: it is sent as soon as an operator has solved the problem and resumes
            _defer(lease, now, outcome, now, **_NEVER_TRIED)
        case Action.RETRY | Action.RECONNECT_AND_RETRY:
            _retry_or_fail(lease, action, attempts, outcome, now)
        case _:
            may_be_our_fault = action is Action.UNRECOGNISED
            _update(lease, _STATE_AFTER_ACTION[action], outcome, now, may_be_our_fault=may_be_our_fault)
    _apply_to_address_and_edition(lease, action, outcome, now)
    return action


def pause_after_refusal(edition_id: int, outcome: Outcome) -> None:
    """Pause an edition because the mail server refuses this site, and log it."""
    with suppress(editions.WrongState):  # another connection or an operator has paused it already
        editions.pause(edition_id, f"The mail server refuses us: {outcome.summary}")
        logger.error("edition paused, nobody is written to until it is resumed: %s", outcome.summary)


def _accept(lease: Lease, outcome: Outcome, now: datetime) -> bool:
    """An acceptance proves that the server does not reject this site. Earlier failures are therefore real."""
    parameters = {
        "edition": lease.edition_id,
        "subscriber": lease.subscriber_id,
        "owner_name": lease.owner,
        "now": now,
        "reason": outcome.summary,
    }
    if not db.session.connection().execute(_accept_statement(), parameters).rowcount:
        return False
    if db.session.connection().execute(_reset_unrecognised_statement(), {"edition": lease.edition_id}).rowcount:
        db.session.connection().execute(_maybe_our_fault_statement(lease.edition_id).values(may_be_our_fault=False))
    return True


# These two are built once: they run for every email.
@cache
def _accept_statement() -> sa.Update:
    key = sa.and_(
        delivery.c.edition_id == sa.bindparam("edition"), delivery.c.subscriber_id == sa.bindparam("subscriber")
    )
    owned = sa.and_(key, delivery.c.owner == sa.bindparam("owner_name"))
    now = sa.bindparam("now", type_=delivery.c.changed_at.type)
    values = {"state": DeliveryState.SENT, "state_reason": sa.bindparam("reason"), "changed_at": now}
    free = {"owner": None, "lease_until": None, "may_be_our_fault": False}
    return sa.update(delivery).where(owned, delivery.c.state.in_(_AWAITING_OUTCOME_STATES)).values(**values, **free)


@cache
def _reset_unrecognised_statement() -> sa.Update:
    counting = sa.and_(edition.c.id == sa.bindparam("edition"), edition.c.consecutive_refusals > 0)
    return sa.update(edition).where(counting).values(consecutive_refusals=0)


def _lock_attempts(lease: Lease) -> _Attempts | None:
    """Lock the delivery until the transaction ends. Return None if this owner no longer holds it."""
    statement = sa.select(delivery.c.tries, delivery.c.first_tried_at)
    statement = statement.where(owned_condition(lease, *_AWAITING_OUTCOME_STATES)).with_for_update()
    row = db.session.connection().execute(statement).one_or_none()
    return _Attempts(row.tries, row.first_tried_at) if row else None


def _retry_or_fail(lease: Lease, action: Action, attempts: _Attempts, outcome: Outcome, now: datetime) -> None:
    due_at = now + _delay(action, attempts.tries)
    if due_at - attempts.first_tried_at > GIVE_UP_AFTER:
        _update(lease, DeliveryState.FAILED, outcome, now)
    else:
        _defer(lease, due_at, outcome, now)


def _delay(action: Action, tries: int) -> timedelta:
    """Return how long to wait. After a lost connection: 1 s, 4 s, 16 s …, up to the usual delay."""
    usual = retry_delay(tries, random)
    return usual if action is Action.RETRY else min(FIRST_RECONNECT_DELAY * 4 ** min(tries - 1, 10), usual)


def _defer(lease: Lease, due_at: datetime, outcome: Outcome, now: datetime, **extra: Any) -> None:
    if editions.lock_state(lease.edition_id) is EditionState.CANCELLED:
        _update(lease, DeliveryState.SKIPPED, outcome, now, state_reason=editions.CANCELLED_REASON)
    else:
        _update(lease, DeliveryState.DEFERRED, outcome, now, due_at=due_at, **extra)


def _apply_to_address_and_edition(lease: Lease, action: Action, outcome: Outcome, now: datetime) -> None:
    match action:
        case Action.SUPPRESS:
            leaving.end(lease.subscriber_id, Status.BOUNCED, now)
        case Action.PAUSE:
            pause_after_refusal(lease.edition_id, outcome)
        case Action.UNRECOGNISED:
            _count_unrecognised(lease.edition_id, outcome, now)


def _count_unrecognised(edition_id: int, outcome: Outcome, now: datetime) -> None:
    """Count an unrecognised refusal. Three in a row are this site's fault: pause, and retry what failed for it."""
    statement = sa.update(edition).where(edition.c.id == edition_id)
    statement = statement.values(consecutive_refusals=edition.c.consecutive_refusals + 1)
    count = db.session.connection().scalar(statement.returning(edition.c.consecutive_refusals)) or 0
    if count >= MAX_UNRECOGNISED_IN_A_ROW:
        deferred = {"state": DeliveryState.DEFERRED, "due_at": now} | _NEVER_TRIED
        db.session.connection().execute(_maybe_our_fault_statement(edition_id).values(**deferred))
        pause_after_refusal(edition_id, outcome)


def _maybe_our_fault_statement(edition_id: int) -> sa.Update:
    failed = sa.and_(delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.FAILED)
    return sa.update(delivery).where(failed, delivery.c.may_be_our_fault)


def _update(lease: Lease, state: DeliveryState, outcome: Outcome, now: datetime, **extra: Any) -> None:
    values = {"state": state, "owner": None, "lease_until": None, "state_reason": outcome.summary}
    statement = sa.update(delivery).where(owned_condition(lease, *_AWAITING_OUTCOME_STATES))
    db.session.connection().execute(statement.values(**values | {"changed_at": now} | extra))
