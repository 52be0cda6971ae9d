"""Recording how a transmission ended, with the effects on its delivery, its address and its edition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import random
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.columns import constant
from verdicts.digest import brake, editions
from verdicts.digest.brake import NEVER_TRIED, Judgement
from verdicts.digest.delivery import IN_EDITION, NOW, OWNED, STARTABLE, STARTED, Lease, owned_condition
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.extensions import db
from verdicts.mailing.outcomes import GIVE_UP_AFTER, Action, Outcome, action_for, retry_delay
from verdicts.newsletter import hard_bounces

FIRST_RECONNECT_DELAY = timedelta(seconds=1)
_AWAITING_OUTCOME_STATES = (DeliveryState.TRANSMITTING, DeliveryState.UNCERTAIN)


# What runs for every letter is built once. Constants are parts of the text: to bind each of them would take as long.
_IS_LEASED = delivery.c.state == constant(DeliveryState.LEASED)
_AWAITS_OUTCOME = sa.or_(*(delivery.c.state == constant(state) for state in _AWAITING_OUTCOME_STATES))
_ACCEPTED: dict[str, Any] = {
    "state": constant(DeliveryState.SENT),
    "changed_at": NOW,
    "owner": sa.null(),
    "lease_until": sa.null(),
    "may_be_our_fault": sa.false(),
}
_counts_refusals = sa.or_(edition.c.consecutive_refusals > sa.literal_column("0"), edition.c.awaits_acceptance)
_HAS_REFUSALS = sa.exists().where(edition.c.id == delivery.c.edition_id, _counts_refusals).label("has_refusals")
_REASON = sa.bindparam("reason", type_=delivery.c.state_reason.type)
_ACCEPT = (
    sa.update(delivery)
    .where(OWNED, delivery.c.subscriber_id == sa.bindparam("subscriber"), _AWAITS_OUTCOME)
    .values(_ACCEPTED | {"state_reason": _REASON})
    .returning(delivery.c.subscriber_id, _HAS_REFUSALS)
)


@dataclass(frozen=True)
class NextStart:
    """A transmission to start, and the acceptance of its owner's last one if that is not recorded yet."""

    lease: Lease
    accepted: Lease | None = None
    reason: str | None = None  # the acceptance's Outcome.summary


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
    key = {"edition": lease.edition_id, "subscriber": lease.subscriber_id, "owner_name": lease.owner}
    rows = connection.execute(_ACCEPT, {**key, "reason": outcome.summary, "now": now}).all()
    if rows and rows[0].has_refusals:
        _end_refusals(connection, lease.edition_id)
    return bool(rows)


def accept_and_start(
    connection: sa.Connection, starts: Sequence[NextStart], time_limit: timedelta, now: datetime
) -> list[bool]:
    """Record acceptances and try to start transmissions of one edition; return of each whether it may start.

    It does what record_acceptance() and delivery.start_transmission() do, for several owners in one statement or two.
    """
    parameters: dict[str, Any] = {"edition": starts[0].lease.edition_id, "now": now, "until": now + time_limit}
    for number, each in enumerate(starts):
        parameters[f"owner_{number}"] = each.lease.owner
        parameters[f"started_{number}"] = each.lease.subscriber_id
        parameters[f"accepted_{number}"] = each.accepted and each.accepted.subscriber_id
        parameters[f"reason_{number}"] = each.reason
    rows = connection.execute(_accept_and_start_statement(len(starts)), parameters).all()
    if any(row.has_refusals for row in rows if row.owner is None):  # what was accepted has no owner any more
        _end_refusals(connection, starts[0].lease.edition_id)
    # By its owner too: another one may have claimed it since, and start or accept it here.
    started = {(row.subscriber_id, row.owner) for row in rows}
    return [(each.lease.subscriber_id, each.lease.owner) in started for each in starts]


@cache
def _accept_and_start_statement(count: int) -> sa.UpdateBase:
    """Return the statement for so many owners: what would be in all their own ones stands in it once."""
    id = delivery.c.subscriber_id
    owners, started, accepted, reasons = (
        [sa.bindparam(f"{name}_{number}", type_=column.type) for number in range(count)]
        for name, column in (
            ("owner", delivery.c.owner),
            ("started", id),
            ("accepted", id),
            ("reason", delivery.c.state_reason),
        )
    )
    is_to_start, is_accepted = (
        sa.or_(*(sa.and_(id == each, delivery.c.owner == owner) for each, owner in zip(ids, owners, strict=True)))
        for ids in (started, accepted)
    )
    reason = sa.case(
        *(
            (sa.and_(id == each, delivery.c.owner == owner), text)
            for each, owner, text in zip(accepted, owners, reasons, strict=True)
        )
    )
    recorded = _ACCEPTED | {"state_reason": reason}
    values = {
        name: sa.case((_IS_LEASED, STARTED.get(name, delivery.c[name])), else_=recorded.get(name, delivery.c[name]))
        for name in recorded | STARTED
    }
    # By the ids both databases find the rows by their key.
    found = sa.and_(IN_EDITION, id.in_([*started, *accepted]))
    statement = sa.update(delivery).where(
        found, sa.or_(sa.and_(is_to_start, STARTABLE), sa.and_(is_accepted, _AWAITS_OUTCOME))
    )
    return statement.values(values | {"changed_at": NOW}).returning(id, delivery.c.owner, _HAS_REFUSALS)


def _end_refusals(connection: sa.Connection, edition_id: int) -> None:
    """Note that the server does not refuse everybody."""
    no_refusals = {"consecutive_refusals": 0, "awaits_acceptance": False}
    connection.execute(sa.update(edition).where(edition.c.id == edition_id).values(**no_refusals))


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
