"""The outbox: single letters wait here, committed with the change they are about, until `flask mail run` sends them."""

import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import random

import sqlalchemy as sa
from flask import g

from verdicts.extensions import commit_or_retry, db
from verdicts.mailing import allowance, rendering
from verdicts.mailing.addresses import InvalidHeader
from verdicts.mailing.messages import Message, compose, message_id
from verdicts.mailing.models import outbox_letter
from verdicts.mailing.outcomes import (
    GIVE_UP_AFTER,
    Action,
    Outcome,
    OutcomeKind,
    Step,
    action_for,
    is_about_this_site,
    retry_delay,
)
from verdicts.mailing.rendering import Letter
from verdicts.mailing.transport import Connection, transmit_message

logger = logging.getLogger(__name__)

# Longer than the slowest transmission (smtp.Timeouts), so that only what a dead process left is claimed again.
LEASE = timedelta(minutes=20)
MAX_SUBJECT_LENGTH = 300
COMMIT_TRIES = 10
MAX_REFUSALS_IN_A_ROW = 5
_PERMANENT_FAILURES = {Action.HARD_BOUNCE, Action.FAIL}


class LetterStatus(StrEnum):
    """What became of a letter that was tried."""

    SENT = "sent"
    WAITING = "waiting"
    GIVEN_UP = "given up"


@dataclass(frozen=True)
class ClaimedLetter:
    """A letter that `owner` alone may send until the lease ends."""

    id: int
    owner: str
    recipient: str
    letter: Letter
    headers: dict[str, str]
    written_at: datetime
    tries: int
    is_doubtful: bool

    def message(self) -> Message:
        """Return the message, the same at each try, so that mail programs can recognise a second copy."""
        return compose(
            self.letter,
            to=self.recipient,
            message_id=message_id("outbox", self.id, self.written_at.isoformat()),
            date=self.written_at,
            headers={"Auto-Submitted": "auto-generated", **self.headers},
        )


@dataclass(frozen=True)
class DeliveryResult:
    """How many letters got which status, and the outcome that stopped the rest, if any."""

    counts: Counter[LetterStatus]
    problem: Outcome | None = None


def send_letter(
    name: str,
    /,
    *,
    to: str,
    now: datetime,
    not_before: datetime | None = None,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> None:
    """Render templates/mail/<name>/ with `context` and put the letter into the outbox; see put()."""
    put(rendering.render(name, **context), to=to, now=now, not_before=not_before, headers=headers)


def put(
    letter: Letter,
    *,
    to: str,
    now: datetime,
    not_before: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Write a letter into the outbox in the caller's transaction. It is sent once that is committed, and not before.

    Raises InvalidHeader or InvalidAddress where it could not become a message, before anything is written.
    """
    headers = {**(headers or {}), **_headers_of_request()}
    compose(letter, to=to, message_id=message_id("outbox"), date=now, headers=headers)
    content = {"subject": letter.subject[:MAX_SUBJECT_LENGTH], "text": letter.text, "html": letter.html}
    state = {"written_at": now, "next_try_at": not_before or now, "tries": 0, "doubtful": False}
    db.session.execute(sa.insert(outbox_letter).values(recipient=to, headers=headers, **content, **state))


def _headers_of_request() -> dict[str, str]:
    """Return the header that leads from a letter to the log's line of the request that caused it, if one did."""
    return {"X-Request-ID": g.request_id} if "request_id" in g else {}


def count_later(now: datetime) -> int:
    """Return how many letters wait for a later time and have not been tried."""
    later = (outbox_letter.c.next_try_at > now) & (outbox_letter.c.tries == 0)
    return db.session.connection().scalar(sa.select(sa.func.count()).where(later)) or 0


def delete_for(recipient: str) -> int:
    """Delete the letters that wait for this address; return how many."""
    letters_to = sa.delete(outbox_letter).where(outbox_letter.c.recipient == recipient)
    return db.session.connection().execute(letters_to).rowcount


def deliver_due(
    connection: Connection,
    clock: Callable[[], datetime],
    is_stopped: Callable[[], bool] = lambda: False,
    on_missing_mailbox: Callable[[Mapping[str, str], datetime], None] = lambda _headers, _now: None,
) -> DeliveryResult:
    """Send the letters that are due, one after the other, and commit after each. Several processes may do this.

    It stops where the server is away or refuses us; the other letters then wait unchanged. `on_missing_mailbox` gets
    the headers of a letter whose recipient does not exist, in the transaction that gives the letter up.
    """
    counts: Counter[LetterStatus] = Counter()
    refusals: list[Outcome] = []  # since the last letter that was accepted
    while not is_stopped() and len(refusals) < MAX_REFUSALS_IN_A_ROW and _is_any_due(clock()):
        if problem := connection.connect():
            return DeliveryResult(counts, problem)
        claimed = commit_or_retry(lambda: claim(_owner(), clock()), tries=COMMIT_TRIES)
        if claimed is None:
            break
        outcome = _transmit(connection, claimed)
        status = _commit_outcome(claimed, outcome, clock(), on_missing_mailbox)
        counts[status] += 1
        if action_for(outcome) is Action.PAUSE:
            return DeliveryResult(counts, outcome)
        if status is LetterStatus.SENT:
            refusals.clear()
        elif action_for(outcome) is Action.REFUSED and status is LetterStatus.WAITING:
            refusals.append(outcome)
    return DeliveryResult(counts, refusals[-1] if refusals else None)


def claim(owner: str, now: datetime) -> ClaimedLetter | None:
    """Claim the letter that has been due longest; None where none is due. The caller commits before it sends."""
    oldest = _select_due(now).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    values = {"owner": owner, "lease_until": now + LEASE, "tries": outbox_letter.c.tries + 1}
    update = sa.update(outbox_letter).where(outbox_letter.c.id == oldest).values(**values)
    row = db.session.execute(update.returning(*outbox_letter.c)).one_or_none()
    if row is None:
        return None
    letter = Letter(row.subject, row.text, row.html)
    return ClaimedLetter(row.id, owner, row.recipient, letter, row.headers, row.written_at, row.tries, row.doubtful)


def record(claimed: ClaimedLetter, outcome: Outcome, now: datetime) -> LetterStatus:
    """Delete a claimed letter that was sent or is given up, or schedule its next try."""
    action = action_for(outcome)
    next_try_at = now + retry_delay(claimed.tries, random)
    is_permanent = action in _PERMANENT_FAILURES or (action is Action.REFUSED and not is_about_this_site(outcome))
    is_ours = (outbox_letter.c.id == claimed.id) & (outbox_letter.c.owner == claimed.owner)
    if action is Action.ACCEPT or is_permanent or _is_given_up(claimed, action, next_try_at):
        db.session.execute(sa.delete(outbox_letter).where(is_ours))
        return LetterStatus.SENT if action is Action.ACCEPT else LetterStatus.GIVEN_UP
    values = {"next_try_at": next_try_at, "owner": None, "lease_until": None, "last_reply": outcome.summary}
    is_doubtful = claimed.is_doubtful or action is Action.UNCERTAIN
    db.session.execute(sa.update(outbox_letter).where(is_ours).values(**values, doubtful=is_doubtful))
    return LetterStatus.WAITING


def _transmit(connection: Connection, claimed: ClaimedLetter) -> Outcome:
    try:
        return transmit_message(connection, claimed.message())
    except InvalidHeader as error:  # it was valid when it was put here, so our settings have changed
        return Outcome.from_error(OutcomeKind.REFUSED, Step.CONNECT, error)


def _commit_outcome(
    claimed: ClaimedLetter,
    outcome: Outcome,
    now: datetime,
    on_missing_mailbox: Callable[[Mapping[str, str], datetime], None],
) -> LetterStatus:
    def step() -> LetterStatus:
        status = record(claimed, outcome, now)
        if action_for(outcome) is Action.HARD_BOUNCE:
            on_missing_mailbox(claimed.headers, now)
        if status is LetterStatus.SENT:
            allowance.count_one(now)
        return status

    status = commit_or_retry(step, tries=COMMIT_TRIES)
    if status is not LetterStatus.SENT:
        logger.warning("letter %d, try %d: %s, %s", claimed.id, claimed.tries, status, outcome.summary)
    return status


def _is_given_up(claimed: ClaimedLetter, action: Action, next_try_at: datetime) -> bool:
    if action is Action.UNCERTAIN and claimed.is_doubtful:
        return True  # two copies may have arrived already
    return next_try_at - claimed.written_at > GIVE_UP_AFTER


def _is_any_due(now: datetime) -> bool:
    is_due = db.session.scalar(_select_due(now).limit(1)) is not None
    db.session.rollback()  # no transaction stays open while connecting
    return is_due


def _select_due(now: datetime) -> sa.Select[tuple[int]]:
    is_free = outbox_letter.c.lease_until.is_(None) | (outbox_letter.c.lease_until < now)
    due = sa.select(outbox_letter.c.id).where(outbox_letter.c.next_try_at <= now, is_free)
    return due.order_by(outbox_letter.c.next_try_at, outbox_letter.c.id)


def _owner() -> str:
    """Return a name for one claim: host and process, for operators, and a part that no other claim has."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(8)}"
