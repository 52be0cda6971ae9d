"""Drafts: what an account typed into a form and has not saved, stored until it is saved, or for a month.

A draft's key is the address of its form (verdicts.web.admin.drafts). The caller of each function that writes has called
begin_write(), and commits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.staff.models import form_draft

MAX_AGE = timedelta(days=30)
MAX_KEY_LENGTH = 200
MAX_DRAFTS = 100  # of one account, and as many forms that became a record; the oldest are deleted

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Draft:
    """The fields of a form in the order in which the browser sent them, and when they were stored."""

    key: str
    fields: Fields
    saved_at: datetime

    @property
    def name(self) -> str:
        """What the form calls its record: a name, or the tools that a comparison is of; "" where it does not say."""
        name = next((value for field, value in self.fields if field == "name"), "").strip()
        return name or " vs ".join(value for field, value in self.fields if field.startswith("tools-") and value)


def save(account_id: int, key: str, fields: Iterable[tuple[str, str]], now: datetime) -> None:
    """Store a form's fields, unless the form has become a record: a slow network may bring them after the save."""
    if find_record_id(account_id, key) is None:
        _store(account_id, key, list(fields), now, None)


def close(account_id: int, key: str, fields: Iterable[tuple[str, str]], record_id: int, now: datetime) -> None:
    """Note which record the form of a new one has become, so that the same form sent again is recognised."""
    _store(account_id, key, list(fields), now, record_id)


def find(account_id: int, key: str) -> Draft | None:
    is_open = _has_key(account_id, key) & form_draft.c.record_id.is_(None)
    row = db.session.connection().execute(_drafts().where(is_open)).one_or_none()
    return _to_draft(row) if row else None


def find_record_id(account_id: int, key: str, fields: Iterable[tuple[str, str]] | None = None) -> int | None:
    """Return the record that a form has become; with `fields`, only where it was sent with these. One statement."""
    row = db.session.connection().execute(_drafts().where(_has_key(account_id, key))).one_or_none()
    if row is None or (fields is not None and _to_draft(row).fields != list(fields)):
        return None
    record_id: int | None = row.record_id
    return record_id


def list_open(account_id: int, key_prefix: str = "", limit: int = 20) -> list[Draft]:
    """Return an account's drafts, newest first. One statement."""
    is_open = (form_draft.c.account_id == account_id) & form_draft.c.record_id.is_(None)
    rows = _drafts().where(is_open, form_draft.c.place.startswith(key_prefix, autoescape=True))
    newest = rows.order_by(form_draft.c.saved_at.desc(), form_draft.c.place).limit(limit)
    return [_to_draft(row) for row in db.session.connection().execute(newest)]


def delete(account_id: int, key: str) -> None:
    db.session.connection().execute(sa.delete(form_draft).where(_has_key(account_id, key)))


def delete_old(now: datetime) -> int:
    """Delete drafts that have not changed for a month; return how many."""
    old = sa.delete(form_draft).where(form_draft.c.saved_at < now - MAX_AGE)
    return db.session.connection().execute(old).rowcount


def _store(account_id: int, key: str, fields: Fields, now: datetime, record_id: int | None) -> None:
    values = {"fields": [list(pair) for pair in fields], "saved_at": now, "record_id": record_id}
    row = insert(form_draft).values(account_id=account_id, place=key[:MAX_KEY_LENGTH], **values)
    db.session.connection().execute(row.on_conflict_do_update(index_elements=["account_id", "place"], set_=values))
    is_closed = form_draft.c.record_id.is_not(None)
    alike = sa.and_(form_draft.c.account_id == account_id, is_closed if record_id else ~is_closed)
    newest_first = sa.select(form_draft.c.place).where(alike).order_by(form_draft.c.saved_at.desc(), form_draft.c.place)
    excess = form_draft.c.place.in_(newest_first.offset(MAX_DRAFTS))
    db.session.connection().execute(sa.delete(form_draft).where(alike, excess))


def _drafts() -> sa.Select[tuple[str, list[list[str]], datetime, int | None]]:
    return sa.select(form_draft.c.place, form_draft.c.fields, form_draft.c.saved_at, form_draft.c.record_id)


def _to_draft(row: sa.Row[tuple[str, list[list[str]], datetime, int | None]]) -> Draft:
    return Draft(row.place, [(name, value) for name, value in row.fields], row.saved_at)


def _has_key(account_id: int, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(form_draft.c.account_id == account_id, form_draft.c.place == key[:MAX_KEY_LENGTH])
