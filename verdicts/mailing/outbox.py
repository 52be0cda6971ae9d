"""The outbox: single letters wait here, committed with what they tell of, until `flask mail run` has delivered them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import random

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.mailing.letters import Letter
from verdicts.mailing.messages import Message, compose, message_id
from verdicts.mailing.models import outbox_letter
from verdicts.mailing.outcomes import Outcome
from verdicts.mailing.replies import GIVE_UP_AFTER, Action, retry_delay, verdict_on

# Longer than a transmission takes at its slowest (smtp.Timeouts): only what a dead runner left is taken up again.
LEASE = timedelta(minutes=20)
LONGEST_SUBJECT = 300
_HOPELESS = {Action.SUPPRESS, Action.FAIL, Action.UNRECOGNISED}


class Fate(StrEnum):
    """What became of a letter that was tried."""

    SENT = "sent"
    WAITING = "waiting"
    GIVEN_UP = "given up"


@dataclass(frozen=True)
class Claimed:
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
        """Return it as a message, the same at each try, so that a mailbox may know a second copy for one."""
        return compose(
            self.letter,
            to=self.recipient,
            message_id=message_id("outbox", self.id, self.written_at.isoformat()),
            date=self.written_at,
            headers={"Auto-Submitted": "auto-generated", **self.headers},
        )


def put(letter: Letter, *, to: str, now: datetime, headers: Mapping[str, str] | None = None) -> None:
    """Write a letter into the outbox within the caller's transaction: it goes out once that is committed.

    Raises HeaderRefused or AddressRefused where it could not become a message, before anything is written.
    """
    written = {"recipient": to, "subject": letter.subject[:LONGEST_SUBJECT], "text": letter.text, "html": letter.html}
    compose(letter, to=to, message_id=message_id("outbox"), date=now, headers=headers)
    times = {"written_at": now, "next_try_at": now, "tries": 0, "doubtful": False}
    db.session.execute(sa.insert(outbox_letter).values(**written, **times, headers=dict(headers or {})))


def withdraw(recipient: str) -> int:
    """Take back whatever waits for this address, whose owner wants to be forgotten; return how many letters."""
    result = db.session.execute(sa.delete(outbox_letter).where(outbox_letter.c.recipient == recipient))
    return int(result.rowcount)  # type: ignore[attr-defined]


def is_any_due(now: datetime) -> bool:
    return db.session.scalar(_due(now).limit(1)) is not None


def claim(owner: str, now: datetime) -> Claimed | None:
    """Take the letter that is due longest, for this owner alone; None when none is due. Commit before it is sent."""
    chosen = _due(now).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    taken = {"owner": owner, "lease_until": now + LEASE, "tries": outbox_letter.c.tries + 1}
    update = sa.update(outbox_letter).where(outbox_letter.c.id == chosen).values(**taken)
    row = db.session.execute(update.returning(*outbox_letter.c)).one_or_none()
    if row is None:
        return None
    letter = Letter(row.subject, row.text, row.html)
    return Claimed(row.id, owner, row.recipient, letter, row.headers, row.written_at, row.tries, row.doubtful)


def record(claimed: Claimed, outcome: Outcome, now: datetime) -> Fate:
    """Write down what became of a letter: gone, to be tried again later, or given up and gone too."""
    action = verdict_on(outcome)
    next_try_at = now + retry_delay(claimed.tries, random)
    mine = (outbox_letter.c.id == claimed.id) & (outbox_letter.c.owner == claimed.owner)
    if action is Action.ACCEPT or _is_given_up(claimed, action, next_try_at):
        db.session.execute(sa.delete(outbox_letter).where(mine))
        return Fate.SENT if action is Action.ACCEPT else Fate.GIVEN_UP
    waits = {"next_try_at": next_try_at, "owner": None, "lease_until": None, "last_reply": outcome.words}
    doubtful = claimed.is_doubtful or action is Action.UNCERTAIN
    db.session.execute(sa.update(outbox_letter).where(mine).values(**waits, doubtful=doubtful))
    return Fate.WAITING


def _is_given_up(claimed: Claimed, action: Action, next_try_at: datetime) -> bool:
    if action is Action.UNCERTAIN and claimed.is_doubtful:
        return True  # two copies may have arrived: a third would be one too many
    return action in _HOPELESS or next_try_at - claimed.written_at > GIVE_UP_AFTER


def _due(now: datetime) -> sa.Select[tuple[int]]:
    is_free = outbox_letter.c.lease_until.is_(None) | (outbox_letter.c.lease_until < now)
    due = sa.select(outbox_letter.c.id).where(outbox_letter.c.next_try_at <= now, is_free)
    return due.order_by(outbox_letter.c.next_try_at, outbox_letter.c.id)
