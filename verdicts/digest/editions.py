"""An edition's states: draft → frozen → sending ⇄ paused → sent; or cancelled, from any state but sent.

Each step is one UPDATE. Its WHERE clause names the states that the row must be in. If two try a step at once, one
succeeds, and the other gets an error named for the new state. The caller has called begin_write(), and commits.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.content_version import bump_content_version
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.digest.news import NewsItem
from verdicts.digest.weeks import Week
from verdicts.extensions import db

MAX_REASON_LENGTH = 500
CANCELLED_REASON = "The edition was cancelled."
# An edition counts as sent once no delivery is in one of these states.
_UNFINISHED_STATES = (
    DeliveryState.PENDING,
    DeliveryState.LEASED,
    DeliveryState.TRANSMITTING,
    DeliveryState.DEFERRED,
    DeliveryState.UNCERTAIN,
)
# Built once, as it runs for each batch of letters. A shared lock: those who record outcomes do not wait for each other.
_LOCK_STATE = sa.select(edition.c.state).where(edition.c.id == sa.bindparam("edition")).with_for_update(read=True)


class DigestError(Exception):
    """Something cannot be done with an edition. The message says why, in words for the user."""


class EditionNotFound(DigestError, LookupError):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no edition {name}. `flask digest draft` creates one.")


class EditionExists(DigestError):
    """The week has an edition that was not cancelled."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Edition {name} already exists.")


class EditionIsEmpty(DigestError):
    """The edition has no news, or all of it was removed. Such an edition is not sent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Edition {name} contains no news, so there is nothing to send.")


class EditionChanged(DigestError):
    """Somebody changed the edition after it was shown. Nothing was done."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Someone has changed edition {name} since you opened it. Check it again.")


class WrongState(DigestError):
    """The edition's `state` does not allow this."""

    state: EditionState

    def __init__(self, name: str) -> None:
        super().__init__(f"Edition {name} {_STATE_WORDS[self.state]}.")


class EditionIsDraft(WrongState):
    state = EditionState.DRAFT


class EditionIsFrozen(WrongState):
    state = EditionState.FROZEN


class EditionIsSending(WrongState):
    state = EditionState.SENDING


class EditionIsPaused(WrongState):
    state = EditionState.PAUSED


class EditionAlreadySent(WrongState):
    state = EditionState.SENT


class EditionIsCancelled(WrongState):
    state = EditionState.CANCELLED


_STATE_WORDS = {
    EditionState.DRAFT: "is still a draft",
    EditionState.FROZEN: "is locked, so it cannot be changed, and none of it has been sent",
    EditionState.SENDING: "is being sent",
    EditionState.PAUSED: "is paused",
    EditionState.SENT: "has been sent",
    EditionState.CANCELLED: "was cancelled",
}
_ERRORS = {error.state: error for error in WrongState.__subclasses__()}


@dataclass(frozen=True)
class Edition:
    """One week's digest. `sender` is the From header. A draft's `subject` may be "": see rendering.subject_of."""

    id: int
    week: Week
    state: EditionState
    intro: str
    subject: str
    sender: str
    content_hash: str | None
    drafted_at: datetime
    scheduled_at: datetime | None
    frozen_at: datetime | None
    finished_at: datetime | None
    pause_reason: str | None

    @property
    def name(self) -> str:
        return self.week.name


def find_by_week(week: Week) -> Edition | None:
    """Return the week's edition; if all were cancelled, the one drafted last. One statement."""
    is_cancelled = edition.c.state == EditionState.CANCELLED
    statement = sa.select(edition).where(edition.c.year == week.year, edition.c.week == week.number)
    row = db.session.connection().execute(statement.order_by(is_cancelled, edition.c.id.desc()).limit(1)).first()
    return to_edition(row) if row else None


def get_by_week(week: Week) -> Edition:
    """Return the week's edition like `find_by_week`. Raises EditionNotFound."""
    if (edition := find_by_week(week)) is None:
        raise EditionNotFound(week.name)
    return edition


def get_by_id(edition_id: int) -> Edition:
    """Return an edition that is known to exist. One statement."""
    row = db.session.connection().execute(sa.select(edition).where(edition.c.id == edition_id)).one()
    return to_edition(row)


def schedule(edition_id: int, when: datetime) -> None:
    """Schedule a frozen edition (freezing.freeze) to be sent at `when`; a time in the past means at once."""
    _update_in_state(edition_id, [EditionState.FROZEN], {"scheduled_at": when})


def unschedule(edition_id: int) -> None:
    """Remove a frozen edition's scheduled time. It stays frozen."""
    _update_in_state(edition_id, [EditionState.FROZEN], {"scheduled_at": None})


def start(edition_id: int) -> None:
    """Start to send a frozen edition. From now on it is in the archive."""
    _update_in_state(edition_id, [EditionState.FROZEN], {"state": EditionState.SENDING})
    bump_content_version()


def pause(edition_id: int, reason: str) -> None:
    """Stop sending until somebody resumes. No transmission starts after this is committed."""
    reason = reason[:MAX_REASON_LENGTH]
    _update_in_state(edition_id, [EditionState.SENDING], {"state": EditionState.PAUSED, "pause_reason": reason})


def pause_if_sending(edition_id: int, reason: str) -> bool:
    """Pause an edition as pause() does if it is being sent; return whether it was."""
    is_sending = (edition.c.id == edition_id) & (edition.c.state == EditionState.SENDING)
    values = {"state": EditionState.PAUSED, "pause_reason": reason[:MAX_REASON_LENGTH]}
    return bool(db.session.connection().execute(sa.update(edition).where(is_sending).values(**values)).rowcount)


def resume(edition_id: int) -> None:
    """Go on with a paused edition. What was refused comes after the others."""
    values = {"state": EditionState.SENDING, "pause_reason": None, "consecutive_refusals": 0, "awaits_acceptance": True}
    _update_in_state(edition_id, [EditionState.PAUSED], values)


def cancel(edition_id: int, now: datetime) -> None:
    """End an edition for good: nothing more of it is transmitted. Its week may be drafted again."""
    states = [EditionState.DRAFT, EditionState.FROZEN, EditionState.SENDING, EditionState.PAUSED]
    _update_in_state(edition_id, states, {"state": EditionState.CANCELLED, "finished_at": now})
    unsent = delivery.c.state.in_([DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.DEFERRED])
    skipped = {"state": DeliveryState.SKIPPED, "state_reason": CANCELLED_REASON, "changed_at": now}
    skipped |= {"owner": None, "lease_until": None}
    statement = sa.update(delivery).where(delivery.c.edition_id == edition_id, unsent)
    db.session.connection().execute(statement.values(**skipped))
    bump_content_version()


def lock_state(edition_id: int) -> EditionState | None:
    """Return an edition's state. Nobody changes it until this transaction ends; others may read it."""
    return db.session.connection().scalar(_LOCK_STATE, {"edition": edition_id})


def finish_if_done(edition_id: int, now: datetime) -> bool:
    """Mark an edition as sent if no delivery is left; return whether this call did it.

    An edition with uncertain deliveries is not finished until an operator has resolved them.
    """
    unresolved = sa.exists().where(delivery.c.edition_id == edition_id, delivery.c.state.in_(_UNFINISHED_STATES))
    statement = sa.update(edition).where(edition.c.id == edition_id, edition.c.state == EditionState.SENDING)
    statement = statement.where(~unresolved).values(state=EditionState.SENT, finished_at=now)
    result = db.session.connection().execute(statement)
    if result.rowcount:
        bump_content_version()
    return bool(result.rowcount)


def lock(edition_id: int) -> Edition:
    """Return an edition that nobody else can change until this transaction ends."""
    db.session.connection().execute(sa.select(edition.c.id).where(edition.c.id == edition_id).with_for_update())
    return get_by_id(edition_id)


def lock_draft(edition_id: int) -> None:
    """Lock an edition that may still be edited. Raises the WrongState of any other."""
    # An UPDATE that changes nothing checks the state and locks the row in one statement.
    _update_in_state(edition_id, [EditionState.DRAFT], {"state": EditionState.DRAFT})


def edition_version(edition: Edition, items: Sequence[NewsItem]) -> str:
    """Return a hash of everything that readers get of an edition, or would get if it were frozen now."""
    states = [(item.id, item.is_removed, item.is_hidden, item.is_renamed, item.details) for item in items]
    return _hash(edition.id, edition.content_hash, edition.subject, edition.intro, states)


def text_version(edition: Edition) -> str:
    """Return a hash of the subject and the intro, which editors write."""
    return _hash(edition.id, edition.subject, edition.intro)


def require_version(edition: Edition, current: str, submitted: str) -> None:
    """Raise EditionChanged unless the submitted version is the current one. The caller has locked the edition."""
    if submitted != current:
        raise EditionChanged(edition.name)


def to_edition(row: sa.Row[Any]) -> Edition:
    """Convert a row with all columns of the table."""
    values = {field.name: getattr(row, field.name) for field in fields(Edition)}
    return Edition(**values | {"week": Week(row.year, row.week)})


def _update_in_state(edition_id: int, states: Collection[EditionState], values: dict[str, Any]) -> None:
    """Change an edition that is in one of these states. Raises the error named for any other state."""
    statement = sa.update(edition).where(edition.c.id == edition_id, edition.c.state.in_(states))
    if not db.session.connection().execute(statement.values(**values)).rowcount:
        current = get_by_id(edition_id)
        raise _ERRORS[current.state](current.name)


def _hash(*values: object) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]
