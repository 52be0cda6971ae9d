"""Recording how a transmission ended, with the effects on its delivery, its address and its edition."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.columns import constant
from verdicts.digest import brake, editions
from verdicts.digest.brake import NEVER_TRIED, Judgement
from verdicts.digest.delivery import NOW, OWNED, STARTABLE, STARTED, Lease, owned_condition, start_parameters
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.extensions import db
from verdicts.mailing.outcomes import GIVE_UP_AFTER, Action, Outcome, action_for, retry_delay
from verdicts.newsletter import hard_bounces

FIRST_RECONNECT_DELAY = timedelta(seconds=1)
_AWAITING_OUTCOME_STATES = (DeliveryState.TRANSMITTING, DeliveryState.UNCERTAIN)


# What runs for every letter is built once. Constants are parts of the text: to bind each of them would take as long.
_IS_LEASED = delivery.c.state == constant(DeliveryState.LEASED)
_ACCEPTABLE = sa.and_(
    OWNED,
    delivery.c.subscriber_id == sa.bindparam("accepted"),
    sa.or_(*(delivery.c.state == constant(state) for state in _AWAITING_OUTCOME_STATES)),
)
_ACCEPTED: dict[str, Any] = {
    "state": constant(DeliveryState.SENT),
    "state_reason": sa.bindparam("reason", type_=delivery.c.state_reason.type),
    "changed_at": NOW,
    "owner": sa.null(),
    "lease_until": sa.null(),
    "may_be_our_fault": sa.false(),
}
_counts_refusals = sa.or_(edition.c.consecutive_refusals > sa.literal_column("0"), edition.c.awaits_acceptance)
_HAS_REFUSALS = sa.exists().where(edition.c.id == delivery.c.edition_id, _counts_refusals).label("has_refusals")
_ACCEPT = sa.update(delivery).where(_ACCEPTABLE).values(_ACCEPTED)
_ACCEPT = _ACCEPT.returning(delivery.c.subscriber_id, _HAS_REFUSALS)
_ACCEPT_AND_START = (
    sa.update(delivery)
    .where(
        # So both databases find them by their key.
        delivery.c.subscriber_id.in_([sa.bindparam("accepted"), sa.bindparam("subscriber")]),
        sa.or_(_ACCEPTABLE, STARTABLE),
    )
    .values(
        {
            name: sa.case(
                (_IS_LEASED, STARTED.get(name, delivery.c[name])), else_=_ACCEPTED.get(name, delivery.c[name])
            )
            for name in _ACCEPTED | STARTED
        }
    )
    .values(changed_at=NOW)
    .returning(delivery.c.subscriber_id, _HAS_REFUSALS)
)


@dataclass(frozen=True)
class _Attempts:
    tries: int
    first_tried_at: datetime
    was_put_back: bool


def record_outcome(lease: Lease, outcome: Outcome, now: datetime) -> Action | None:
    """Record how a transmission ended and return the action taken; None if an operator has resolved it meanwhile.

    A worker may still record the outcome after its delivery became uncertain by timeout, because it knows what
    happened. Recording twice changes nothing. The caller has called begin_write(), and commits.
    """
    action = action_for(outcome)
    if action is Action.ACCEPT:
        return action if record_acceptance(db.session.connection(), lease, outcome, now) else None
    if (attempts := _lock_attempts(lease)) is None:
        return None
    match action:
        case Action.PAUSE:
            _put_back_and_pause(lease, outcome, now)
        case Action.RETRY | Action.RECONNECT_AND_RETRY:
            _retry_or_fail(lease, action, attempts, outcome, now)
        case Action.UNCERTAIN:
            _update(lease, DeliveryState.UNCERTAIN, outcome, now)
        case Action.HARD_BOUNCE | Action.FAIL | Action.REFUSED if attempts.was_put_back:
            _record_repeated_refusal(lease, action, attempts, outcome, now)
        case Action.HARD_BOUNCE | Action.FAIL | Action.REFUSED:
            _record_refusal(lease, action, outcome, now)
    return action


def record_acceptance(connection: sa.Connection, lease: Lease, outcome: Outcome, now: datetime) -> bool:
    """Record an acceptance as record_outcome() does; return whether it was still to be recorded. One statement, or two.

    It shows that the server does not refuse everybody.
    """
    key = {"edition": lease.edition_id, "owner_name": lease.owner, "now": now}
    return lease.subscriber_id in _change(connection, _ACCEPT, key | _acceptance(lease, outcome))


def accept_and_start(
    connection: sa.Connection, accepted: Lease, outcome: Outcome, leased: Lease, time_limit: timedelta, now: datetime
) -> bool:
    """Record an acceptance and try to start the same owner's next transmission; return whether it may start.

    It does what record_acceptance() and delivery.try_start() do, in one statement or two.
    """
    parameters = start_parameters(leased, time_limit, now) | _acceptance(accepted, outcome)
    return leased.subscriber_id in _change(connection, _ACCEPT_AND_START, parameters)


def _acceptance(lease: Lease, outcome: Outcome) -> dict[str, Any]:
    return {"accepted": lease.subscriber_id, "reason": outcome.summary}


def _change(connection: sa.Connection, statement: sa.UpdateBase, parameters: dict[str, Any]) -> set[int]:
    """Return the subscribers whose deliveries were changed. An acceptance ends the edition's refusals in a row."""
    rows = connection.execute(statement, parameters).all()
    if any(row.has_refusals for row in rows if row.subscriber_id == parameters["accepted"]):
        no_refusals = {"consecutive_refusals": 0, "awaits_acceptance": False}
        connection.execute(sa.update(edition).where(edition.c.id == parameters["edition"]).values(**no_refusals))
    return {row.subscriber_id for row in rows}


def _record_refusal(lease: Lease, action: Action, outcome: Outcome, now: datetime) -> None:
    """Record a refusal for good. One that comes before anything has been accepted is tried again after the others."""
    _update(lease, DeliveryState.FAILED, outcome, now, may_be_our_fault=True)
    match brake.judge_refusal(lease.edition_id, now):
        case Judgement.SERVER:
            brake.engage(lease.edition_id, _pause_reason(lease, outcome), now)
        case Judgement.UNPROVEN:
            brake.put_back(lease.edition_id, delivery.c.subscriber_id == lease.subscriber_id, now)
        case Judgement.RECIPIENT if action is Action.HARD_BOUNCE:
            hard_bounces.record(lease.subscriber_id, lease.edition_id, now)


def _record_repeated_refusal(
    lease: Lease, action: Action, attempts: _Attempts, outcome: Outcome, now: datetime
) -> None:
    match brake.judge_repeated_refusal(lease.edition_id):
        case Judgement.SERVER:
            _put_back_and_pause(lease, outcome, now)
        case Judgement.UNPROVEN:
            _retry_or_fail(lease, Action.RECONNECT_AND_RETRY, attempts, outcome, now)
        case Judgement.RECIPIENT:
            _update(lease, DeliveryState.FAILED, outcome, now, may_be_our_fault=False)
            if action is Action.HARD_BOUNCE:
                hard_bounces.record(lease.subscriber_id, lease.edition_id, now)


def _pause_reason(lease: Lease, outcome: Outcome) -> str:
    """Name the delivery without its address, which is stored with the subscription only."""
    return f"The mail server refuses us: {outcome.summary} (last for subscriber {lease.subscriber_id})"


def _lock_attempts(lease: Lease) -> _Attempts | None:
    """Lock the delivery until the transaction ends. Return None if this owner no longer holds it."""
    statement = sa.select(delivery.c.tries, delivery.c.first_tried_at, delivery.c.may_be_our_fault)
    statement = statement.where(owned_condition(lease, *_AWAITING_OUTCOME_STATES)).with_for_update()
    row = db.session.connection().execute(statement).one_or_none()
    return _Attempts(*row) if row else None


def _retry_or_fail(lease: Lease, action: Action, attempts: _Attempts, outcome: Outcome, now: datetime) -> None:
    due_at = now + _delay(action, attempts.tries)
    if due_at - attempts.first_tried_at > GIVE_UP_AFTER:
        _update(lease, DeliveryState.FAILED, outcome, now)
    else:
        _update_unless_cancelled(lease, DeliveryState.DEFERRED, outcome, now, due_at=due_at)


def _delay(action: Action, tries: int) -> timedelta:
    """Return how long to wait. After a lost connection: 1 s, 4 s, 16 s …, up to the usual delay."""
    usual = retry_delay(tries, random)
    return usual if action is Action.RETRY else min(FIRST_RECONNECT_DELAY * 4 ** min(tries - 1, 10), usual)


def _put_back_and_pause(lease: Lease, outcome: Outcome, now: datetime) -> None:
    """Let a delivery come after all others, as if it had not been tried, once an operator resumes."""
    _update_unless_cancelled(lease, DeliveryState.PENDING, outcome, now, due_at=now, **NEVER_TRIED)
    brake.pause(lease.edition_id, _pause_reason(lease, outcome))


def _update_unless_cancelled(lease: Lease, state: DeliveryState, outcome: Outcome, now: datetime, **extra: Any) -> None:
    if editions.lock_state(lease.edition_id) is EditionState.CANCELLED:
        _update(lease, DeliveryState.SKIPPED, outcome, now, state_reason=editions.CANCELLED_REASON)
    else:
        _update(lease, state, outcome, now, **extra)


def _update(lease: Lease, state: DeliveryState, outcome: Outcome, now: datetime, **extra: Any) -> None:
    values = {"state": state, "owner": None, "lease_until": None, "state_reason": outcome.summary}
    statement = sa.update(delivery).where(owned_condition(lease, *_AWAITING_OUTCOME_STATES))
    db.session.connection().execute(statement.values(**values | {"changed_at": now} | extra))
