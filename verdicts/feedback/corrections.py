"""What readers write to us, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.feedback.models import CorrectionState, correction

A_PAGE = 25


class CorrectionNotOpen(LookupError):
    """Somebody else has settled it, or there is none under this id."""


@dataclass(frozen=True)
class Correction:
    """One message; `email` is None once it is forgotten, or where none was left."""

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
        """What the audit trail calls it: nothing that its sender wrote, who may have written their address anywhere."""
        return f"message {self.id}"


def write(text: str, *, page: str, source: str | None, email: str | None, now: datetime) -> None:
    """Keep a message for the editors. The caller has called begin_write() and commits."""
    told = {"page": page, "text": text, "source": source, "email": email}
    row = sa.insert(correction).values(**told, sent_at=now, state=CorrectionState.OPEN)
    db.session.connection().execute(row)


def page(number: int) -> tuple[list[Correction], int]:
    """Return one page of the messages, and how many there are in all (0 behind the last page).

    First those that are open, the oldest first; then the others, those settled last first. One statement.
    """
    is_open = correction.c.state == CorrectionState.OPEN
    rows = db.session.connection().execute(
        sa.select(*_columns(), sa.func.count().over())
        .order_by(
            sa.case((is_open, 0), else_=1),
            sa.case((is_open, correction.c.sent_at)),
            correction.c.decided_at.desc(),
            correction.c.id,
        )
        .limit(A_PAGE)
        .offset((number - 1) * A_PAGE)
    )
    found = rows.all()
    return [Correction(*row[:-1]) for row in found], found[0][-1] if found else 0


def count_open() -> int:
    """Return how many messages nobody has settled. One statement."""
    open_ones = sa.select(sa.func.count()).where(correction.c.state == CorrectionState.OPEN)
    return db.session.connection().scalar(open_ones) or 0


def get_open(id: int) -> Correction:
    """Return an open message and keep others from settling it. Raises CorrectionNotOpen."""
    still_open = (correction.c.id == id) & (correction.c.state == CorrectionState.OPEN)
    row = db.session.connection().execute(sa.select(*_columns()).where(still_open).with_for_update()).one_or_none()
    if row is None:
        raise CorrectionNotOpen(id)
    return Correction(*row)


def settle(id: int, state: CorrectionState, outcome: str, *, by: str, now: datetime) -> None:
    """Write down what came of a message. The caller holds it by get_open() and commits."""
    decided = {"state": state, "outcome": outcome, "decided_by": by, "decided_at": now}
    db.session.connection().execute(sa.update(correction).where(correction.c.id == id).values(**decided))


def _columns() -> list[sa.Column[Any]]:
    return [correction.c[name] for name in Correction.__dataclass_fields__]
