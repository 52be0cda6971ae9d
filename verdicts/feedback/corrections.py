"""Messages from readers, and how editors resolved them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db, execute_page
from verdicts.feedback.models import CorrectionState, correction

PAGE_SIZE = 25


class CorrectionNotOpen(LookupError):
    """Somebody has resolved this message, or there is none with this id."""


@dataclass(frozen=True)
class Correction:
    """One message. `email` is None where none was left, or once it has been cleared."""

    id: int
    page: str
    text: str
    source: str | None
    email: str | None
    sent_at: datetime
    state: CorrectionState
    outcome: str | None
    decided_by: str | None
    decided_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state is CorrectionState.OPEN

    @property
    def name(self) -> str:
        """Its name in the audit log. It has nothing that the sender wrote, which may contain an address."""
        return f"message {self.id}"


_COLUMNS = [correction.c[name] for name in Correction.__dataclass_fields__]


def create(text: str, *, page: str, source: str | None, email: str | None, now: datetime) -> None:
    """Store a message for the editors, who see it from `now` on. The caller has called begin_write(), and commits."""
    values = {"page": page, "text": text, "source": source, "email": email}
    row = sa.insert(correction).values(**values, sent_at=now, state=CorrectionState.OPEN)
    db.session.connection().execute(row)


def list_page(number: int, now: datetime) -> tuple[list[Correction], int]:
    """Return one page of the messages whose turn has come, and how many there are (0 beyond the last page).

    It executes three statements. Open messages come first, the oldest of them first; then the others, the last resolved
    first.
    """
    is_open = correction.c.state == CorrectionState.OPEN
    open_first = (sa.case((is_open, 0), else_=1), sa.case((is_open, correction.c.sent_at)))
    statement = (
        sa.select(*_COLUMNS)
        .where(correction.c.sent_at <= now)
        .order_by(*open_first, correction.c.decided_at.desc(), correction.c.id)
    )
    rows, total = execute_page(statement, correction.c.id, number, PAGE_SIZE)
    return [Correction(*row[:-1]) for row in rows], total


def count_later(now: datetime) -> int:
    """Return how many messages wait their turn. One statement."""
    return db.session.connection().scalar(sa.select(sa.func.count()).where(correction.c.sent_at > now)) or 0


def count_open(now: datetime) -> int:
    """Return how many messages whose turn has come are open. One statement."""
    is_open = (correction.c.state == CorrectionState.OPEN) & (correction.c.sent_at <= now)
    count = sa.select(sa.func.count()).where(is_open)
    return db.session.connection().scalar(count) or 0


def get_open(id: int) -> Correction:
    """Return an open message and lock its row until the transaction ends. Raises CorrectionNotOpen."""
    is_open = (correction.c.id == id) & (correction.c.state == CorrectionState.OPEN)
    row = db.session.connection().execute(sa.select(*_COLUMNS).where(is_open).with_for_update()).one_or_none()
    if row is None:
        raise CorrectionNotOpen(id)
    return Correction(*row)


def resolve(id: int, state: CorrectionState, outcome: str, *, by: str, now: datetime) -> None:
    """Store how a message was resolved. The caller has locked it with get_open(), and commits."""
    values = {"state": state, "outcome": outcome, "decided_by": by, "decided_at": now}
    db.session.connection().execute(sa.update(correction).where(correction.c.id == id).values(**values))
