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
MOST = 100  # of one account, and as many forms that became a record; the oldest make room

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Draft:
    """The fields of a form as the browser sends them, in their order, and when they were kept."""

    fields: Fields
    saved_at: datetime


@dataclass(frozen=True)
class Listed:
    """Where a draft is, since when, and what its form calls the record, "" where that does not say."""

    place: str
    saved_at: datetime
    name: str


def keep(account_id: int, place: str, fields: Iterable[tuple[str, str]], now: datetime) -> None:
    """Keep what stands in the form at `place` now, unless that form has become a record meanwhile.

    A slow network may bring what stood there before it was saved. The caller has called begin_write(), and commits.
    """
    if record_of(account_id, place) is None:
        _put(account_id, place, list(fields), now, None)


def close(account_id: int, place: str, fields: Iterable[tuple[str, str]], record_id: int, now: datetime) -> None:
    """Note that the form of a new record has become this one, so that the same form sent again is known."""
    _put(account_id, place, list(fields), now, record_id)


def became(account_id: int, place: str, fields: Iterable[tuple[str, str]]) -> int | None:
    """Return the record that a form with these very fields has become, if it has. One statement."""
    row = (
        db.session.connection()
        .execute(sa.select(form_draft.c.fields, form_draft.c.record_id).where(_at(account_id, place)))
        .one_or_none()
    )
    return row.record_id if row and _pairs(row.fields) == list(fields) else None


def record_of(account_id: int, place: str) -> int | None:
    """Return the record that the form at this place has become, whatever it said. One statement."""
    return db.session.connection().scalar(sa.select(form_draft.c.record_id).where(_at(account_id, place)))


def find(account_id: int, place: str) -> Draft | None:
    open_one = _at(account_id, place) & form_draft.c.record_id.is_(None)
    rows = sa.select(form_draft.c.fields, form_draft.c.saved_at).where(open_one)
    row = db.session.connection().execute(rows).one_or_none()
    return Draft(_pairs(row.fields), row.saved_at) if row else None


def drop(account_id: int, place: str) -> None:
    db.session.connection().execute(sa.delete(form_draft).where(_at(account_id, place)))


def listed(account_id: int, under: str = "", most: int = 20) -> list[Listed]:
    """Return somebody's drafts, newest first; `under` is what their places begin with. One statement."""
    mine = sa.and_(
        form_draft.c.account_id == account_id,
        form_draft.c.record_id.is_(None),
        form_draft.c.place.startswith(under, autoescape=True),
    )
    columns = (form_draft.c.place, form_draft.c.saved_at, form_draft.c.fields)
    rows = sa.select(*columns).where(mine).order_by(form_draft.c.saved_at.desc(), form_draft.c.place).limit(most)
    found = db.session.connection().execute(rows)
    return [Listed(row.place, row.saved_at, _name_in(_pairs(row.fields))) for row in found]


def destroy_old(now: datetime) -> int:
    """Delete drafts that nobody has touched for a month; return how many."""
    old = sa.delete(form_draft).where(form_draft.c.saved_at < now - KEPT)
    return db.session.connection().execute(old).rowcount


def _put(account_id: int, place: str, fields: Fields, now: datetime, record_id: int | None) -> None:
    row = {"fields": [list(pair) for pair in fields], "saved_at": now, "record_id": record_id}
    insertion = insert(form_draft).values(account_id=account_id, place=place[:LONGEST_PLACE], **row)
    db.session.connection().execute(insertion.on_conflict_do_update(index_elements=["account_id", "place"], set_=row))
    is_alike = form_draft.c.record_id.is_(None) if record_id is None else form_draft.c.record_id.is_not(None)
    alike = sa.and_(form_draft.c.account_id == account_id, is_alike)
    newest = sa.select(form_draft.c.place).where(alike)
    beyond = newest.order_by(form_draft.c.saved_at.desc(), form_draft.c.place).offset(MOST)
    db.session.connection().execute(sa.delete(form_draft).where(alike, form_draft.c.place.in_(beyond)))


def _at(account_id: int, place: str) -> sa.ColumnElement[bool]:
    return sa.and_(form_draft.c.account_id == account_id, form_draft.c.place == place[:LONGEST_PLACE])


def _pairs(stored: list[list[str]]) -> Fields:
    return [(name, value) for name, value in stored]


def _name_in(fields: Fields) -> str:
    """Return what a record's form calls it: its name, or the tools that a comparison is of."""
    named = next((value for name, value in fields if name == "name"), "")
    return named.strip() or " vs ".join(value for name, value in fields if name.startswith("tools-") and value)
