"""An edition's life: draft → frozen → sending ⇄ paused → sent, or cancelled before that.

Each step is one UPDATE that names the states it may leave from, so of two who try it at once one does it, and the
other is told what the edition has become meanwhile. The caller has called begin_write(), and commits.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.publishing import bump_content_version
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.digest.weeks import Week
from verdicts.extensions import db

LONGEST_REASON = 500
WAS_CANCELLED = "The edition was cancelled."
# What still has to be done, or decided by an operator, before an edition is done.
OPEN = (
    DeliveryState.PENDING,
    DeliveryState.LEASED,
    DeliveryState.TRANSMITTING,
    DeliveryState.DEFERRED,
    DeliveryState.UNCERTAIN,
)
# From its first letter on, readers may look at an edition on the web: letters link to it.
IN_THE_ARCHIVE = (EditionState.SENDING, EditionState.PAUSED, EditionState.SENT)


class DigestError(Exception):
    """Something cannot be done with an edition; the message says why, in words for whoever asked."""


class EditionNotFound(DigestError, LookupError):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no edition {name}. `flask digest draft` makes one.")


class EditionExists(DigestError):
    """This week has its edition already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Edition {name} exists already.")


class NothingToSay(DigestError):
    """Nothing happened, or everything was dropped: an edition without news is not sent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Edition {name} holds no news, so there is nothing to send.")


class WrongState(DigestError):
    """The edition is in a state that does not allow this; `state` is which."""

    state: EditionState

    def __init__(self, name: str) -> None:
        super().__init__(f"Edition {name} {_SAID_OF[self.state]}.")


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


_SAID_OF = {
    EditionState.DRAFT: "is still a draft",
    EditionState.FROZEN: "is frozen, so nothing in it can be changed, and nothing of it has been sent",
    EditionState.SENDING: "is being sent",
    EditionState.PAUSED: "is paused",
    EditionState.SENT: "has been sent",
    EditionState.CANCELLED: "was cancelled",
}
_ERRORS = {error.state: error for error in WrongState.__subclasses__()}


@dataclass(frozen=True)
class Edition:
    """One week's digest. Until it is frozen `subject` may be "": it is then made of what the edition holds."""

    id: int
    week: Week
    state: EditionState
    note: str
    subject: str
    sender: str
    digest: str | None
    drafted_at: datetime
    scheduled_at: datetime | None
    frozen_at: datetime | None
    finished_at: datetime | None
    paused_because: str | None

    @property
    def name(self) -> str:
        return self.week.name


def find(week: Week) -> Edition | None:
    """Return the week's edition; where all it has were cancelled, the one drafted last. One statement."""
    is_cancelled = edition.c.state == EditionState.CANCELLED
    rows = sa.select(edition).where(edition.c.year == week.year, edition.c.week == week.number)
    row = db.session.connection().execute(rows.order_by(is_cancelled, edition.c.id.desc()).limit(1)).first()
    return to_edition(row) if row else None


def get(week: Week) -> Edition:
    """Return the week's edition like `find`, or raise EditionNotFound."""
    if (found := find(week)) is None:
        raise EditionNotFound(week.name)
    return found


def by_id(edition_id: int) -> Edition:
    """Return an edition that is known to be there. One statement."""
    row = db.session.connection().execute(sa.select(edition).where(edition.c.id == edition_id)).one()
    return to_edition(row)


def schedule(edition_id: int, when: datetime, now: datetime) -> None:
    """Let an edition that is frozen (freezing.freeze) go out at `when`; a moment that has passed means at once."""
    _move(edition_id, [EditionState.FROZEN], {"scheduled_at": when})


def unschedule(edition_id: int, now: datetime) -> None:
    """Let a frozen edition wait for somebody's word again; it stays frozen as it is."""
    _move(edition_id, [EditionState.FROZEN], {"scheduled_at": None})


def start(edition_id: int, now: datetime) -> None:
    """Begin to send a frozen edition; from now on readers find it in the archive."""
    _move(edition_id, [EditionState.FROZEN], {"state": EditionState.SENDING})
    bump_content_version()


def pause(edition_id: int, because: str, now: datetime) -> None:
    """Stop sending until somebody resumes: no transmission begins after this is committed."""
    because = because[:LONGEST_REASON]
    _move(edition_id, [EditionState.SENDING], {"state": EditionState.PAUSED, "paused_because": because})


def resume(edition_id: int, now: datetime) -> None:
    running_anew = {"state": EditionState.SENDING, "paused_because": None, "unrecognised_running": 0}
    _move(edition_id, [EditionState.PAUSED], running_anew)


def cancel(edition_id: int, now: datetime) -> None:
    """End an edition for good: what has not been transmitted never will be. Its week may be drafted anew."""
    leaving = [EditionState.DRAFT, EditionState.FROZEN, EditionState.SENDING, EditionState.PAUSED]
    _move(edition_id, leaving, {"state": EditionState.CANCELLED, "finished_at": now})
    waiting = delivery.c.state.in_([DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.DEFERRED])
    unsent = {"state": DeliveryState.SKIPPED, "reply": WAS_CANCELLED, "changed_at": now}
    unsent |= {"owner": None, "lease_until": None}
    db.session.connection().execute(
        sa.update(delivery).where(delivery.c.edition_id == edition_id, waiting).values(**unsent)
    )
    bump_content_version()


def is_cancelled(edition_id: int) -> bool:
    """Say whether an edition is cancelled, and keep it from being cancelled until this is committed."""
    state = sa.select(edition.c.state).where(edition.c.id == edition_id).with_for_update(read=True)
    return db.session.connection().scalar(state) is EditionState.CANCELLED


def finish_if_done(edition_id: int, now: datetime) -> bool:
    """Call an edition sent once every delivery is decided, and say whether that is so now.

    A delivery that is uncertain waits for an operator's word, and the edition with it.
    """
    still_open = sa.exists().where(delivery.c.edition_id == edition_id, delivery.c.state.in_(OPEN))
    done = sa.update(edition).where(edition.c.id == edition_id, edition.c.state == EditionState.SENDING, ~still_open)
    result = db.session.connection().execute(done.values(state=EditionState.SENT, finished_at=now))
    if result.rowcount:
        bump_content_version()
    return bool(result.rowcount)


def _move(edition_id: int, leaving: Collection[EditionState], values: dict[str, Any]) -> None:
    """Change an edition that is in one of these states, or raise the error named for the state it is in."""
    may = sa.update(edition).where(edition.c.id == edition_id, edition.c.state.in_(leaving))
    if not db.session.connection().execute(may.values(**values)).rowcount:
        found = by_id(edition_id)
        raise _ERRORS[found.state](found.name)


def hold(edition_id: int) -> Edition:
    """Return an edition that nobody else changes until this is committed."""
    db.session.connection().execute(sa.select(edition.c.id).where(edition.c.id == edition_id).with_for_update())
    return by_id(edition_id)


def refuse_unless_draft(edition_id: int) -> None:
    """Lock an edition that may still be edited, or raise the error named for the state it is in."""
    _move(edition_id, [EditionState.DRAFT], {"state": EditionState.DRAFT})


def to_edition(row: sa.Row[Any]) -> Edition:
    return Edition(
        id=row.id,
        week=Week(row.year, row.week),
        state=row.state,
        note=row.note,
        subject=row.subject,
        sender=row.sender,
        digest=row.digest,
        drafted_at=row.drafted_at,
        scheduled_at=row.scheduled_at,
        frozen_at=row.frozen_at,
        finished_at=row.finished_at,
        paused_because=row.paused_because,
    )
