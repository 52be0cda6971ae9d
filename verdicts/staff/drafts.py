"""Drafts: what somebody typed into a form and has not saved, kept until they do, or for a month."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.staff.models import form_draft

KEPT = timedelta(days=30)
LONGEST_PLACE = 200
MOST_FIELDS = 3000  # of a form, which the door sees to

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Draft:
    """The fields of a form as the browser sends them, in their order, and when they were kept."""

    fields: Fields
    saved_at: datetime


def keep(account_id: int, place: str, fields: Iterable[tuple[str, str]], now: datetime) -> None:
    """Keep what stands in the form at `place` now. The caller has called begin_write(), and commits."""
    row = {"fields": [list(pair) for pair in fields], "saved_at": now}
    insertion = insert(form_draft).values(account_id=account_id, place=place[:LONGEST_PLACE], **row)
    db.session.connection().execute(insertion.on_conflict_do_update(index_elements=["account_id", "place"], set_=row))


def find(account_id: int, place: str) -> Draft | None:
    mine = sa.and_(form_draft.c.account_id == account_id, form_draft.c.place == place[:LONGEST_PLACE])
    row = db.session.connection().execute(sa.select(form_draft.c.fields, form_draft.c.saved_at).where(mine)).first()
    return Draft([(name, value) for name, value in row.fields], row.saved_at) if row else None


def drop(account_id: int, place: str) -> None:
    mine = sa.and_(form_draft.c.account_id == account_id, form_draft.c.place == place[:LONGEST_PLACE])
    db.session.connection().execute(sa.delete(form_draft).where(mine))


def listed(account_id: int, most: int = 20) -> list[tuple[str, datetime]]:
    """Return where somebody's drafts are, and since when, newest first. One statement."""
    mine = sa.select(form_draft.c.place, form_draft.c.saved_at).where(form_draft.c.account_id == account_id)
    rows = db.session.connection().execute(mine.order_by(form_draft.c.saved_at.desc()).limit(most))
    return [(row.place, row.saved_at) for row in rows]


def destroy_old(now: datetime) -> int:
    """Delete drafts that nobody has touched for a month; return how many."""
    old = sa.delete(form_draft).where(form_draft.c.saved_at < now - KEPT)
    return db.session.connection().execute(old).rowcount
