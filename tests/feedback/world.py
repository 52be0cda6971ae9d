"""Helpers of the feedback tests: doubts, messages, and what the database holds."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from tests.makers import NOW
from verdicts.extensions import begin_write, db
from verdicts.feedback import corrections, price_doubts
from verdicts.feedback.corrections import Correction
from verdicts.feedback.models import CorrectionState, price_doubt


def doubt(tool_id: int, network: str | None = "n1", now: datetime = NOW) -> bool:
    """Doubt a price as the view does, and commit."""
    db.session.rollback()
    begin_write()
    is_new = price_doubts.add(tool_id, network=network, now=now)
    db.session.commit()
    return is_new


def networks() -> list[str | None]:
    """Return the networks of all doubts."""
    found = list(db.session.scalars(sa.select(price_doubt.c.network).order_by(price_doubt.c.id)))
    db.session.rollback()
    return found


def write(text: str = "The price is wrong.", now: datetime = NOW, **more: Any) -> int:
    """Store a message as the view does; return its id."""
    db.session.rollback()
    begin_write()
    corrections.create(text, now=now, **{"page": "", "source": None, "email": None, **more})
    db.session.commit()
    return max(each.id for each in messages())


def resolve(id: int, state: CorrectionState = CorrectionState.DONE, now: datetime = NOW) -> None:
    db.session.rollback()
    begin_write()
    corrections.resolve(corrections.get_open(id).id, state, "Looked up, and changed.", by="ann", now=now)
    db.session.commit()


def messages(number: int = 1) -> list[Correction]:
    found, _ = corrections.list_page(number, NOW + timedelta(days=9999))
    db.session.rollback()
    return found
