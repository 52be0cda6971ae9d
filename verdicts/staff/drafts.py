"""Drafts: what an account typed into a form and has not saved, stored until it is saved, or for a month.

A draft's key is the address of its form (verdicts.web.admin.drafts). A discarded draft is stored for a month under a
key of its own, so that it can be restored. The caller of each function that writes has called begin_write(), and
commits.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.staff.models import account, form_draft

MAX_AGE = timedelta(days=30)
MAX_KEY_LENGTH = 200
MAX_DRAFTS = 100  # of one account, and as many forms that became a record; the oldest are deleted

Fields = list[tuple[str, str]]

_IS_NOT_DISCARDED = form_draft.c.discarded_at.is_(None)
_IS_OPEN = sa.and_(form_draft.c.record_id.is_(None), _IS_NOT_DISCARDED)


@dataclass(frozen=True)
class OpenPage:
    """A page with a form, as it is open in one tab: its random id, and the revision of the draft that it showed.

    "" stands for a page without an id, and for no draft.
    """

    id: str = ""
    shown_revision: str = ""


@dataclass(frozen=True)
class Draft:
    """The fields of a form in the order in which the browser sent them, when they were stored, and by which page."""

    key: str
    fields: Fields
    saved_at: datetime
    tab: str = ""

    @property
    def revision(self) -> str:
        return sha256(json.dumps([list(pair) for pair in self.fields]).encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """What the form calls its record: a name, or the tools that a comparison is of; "" where it does not say."""
        name = next((value for field, value in self.fields if field == "name"), "").strip()
        return name or " vs ".join(value for field, value in self.fields if field.startswith("tools-") and value)


def lock(account_id: int) -> None:
    """Keep other requests from choosing keys for this account's drafts until the transaction ends."""
    db.session.connection().execute(sa.select(account.c.id).where(account.c.id == account_id).with_for_update())


def key_for(account_id: int, key: str, other_key: str, page: OpenPage) -> str:
    """Return the key of a page's own draft: the one it stored last, else `key`, or `other_key` where another page's is.

    So no tab overwrites the draft of another one, unless it has shown that draft.
    """
    if not page.id:
        return key
    is_its_own = (form_draft.c.account_id == account_id) & (form_draft.c.tab == page.id) & _IS_NOT_DISCARDED
    newest = sa.select(form_draft.c.place).where(is_its_own).order_by(form_draft.c.saved_at.desc()).limit(1)
    if own := db.session.connection().scalar(newest):
        return str(own)
    row = db.session.connection().execute(_drafts().where(_has_key(account_id, key))).one_or_none()
    return key if row is None or _to_draft(row).revision == page.shown_revision else other_key


def save(account_id: int, key: str, fields: Iterable[tuple[str, str]], now: datetime, tab: str = "") -> None:
    """Store a form's fields, unless the form has become a record: a slow network may bring them after the save."""
    if find_record_id(account_id, key) is None:
        _store(account_id, key, list(fields), now, None, tab)


def close(
    account_id: int, key: str, fields: Iterable[tuple[str, str]], record_id: int, now: datetime, tab: str = ""
) -> None:
    """Note which record the form of a new one has become, so that the same form sent again is recognised."""
    _store(account_id, key, list(fields), now, record_id, tab)


def find(account_id: int, key: str) -> Draft | None:
    row = db.session.connection().execute(_drafts().where(_has_key(account_id, key), _IS_OPEN)).one_or_none()
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
    rows = _drafts().where(form_draft.c.account_id == account_id, _IS_OPEN)
    rows = rows.where(form_draft.c.place.startswith(key_prefix, autoescape=True))
    newest = rows.order_by(form_draft.c.saved_at.desc(), form_draft.c.place).limit(limit)
    return [_to_draft(row) for row in db.session.connection().execute(newest)]


def list_of_form(account_id: int, path: str) -> list[Draft]:
    """Return an account's drafts of the forms at a path, newest first. One statement."""
    is_of_form = sa.or_(form_draft.c.place == path, form_draft.c.place.startswith(f"{path}?", autoescape=True))
    rows = _drafts().where(form_draft.c.account_id == account_id, _IS_OPEN, is_of_form)
    newest = rows.order_by(form_draft.c.saved_at.desc(), form_draft.c.place)
    return [_to_draft(row) for row in db.session.connection().execute(newest)]


def delete(account_id: int, key: str) -> None:
    db.session.connection().execute(sa.delete(form_draft).where(_has_key(account_id, key)))


def discard(account_id: int, key: str, new_key: str, now: datetime) -> None:
    """Mark a draft as discarded, and move it to a key at which no form stores another one."""
    moved = sa.update(form_draft).where(_has_key(account_id, key), _IS_OPEN)
    db.session.connection().execute(moved.values(place=new_key, tab="", discarded_at=now))
    _delete_excess(account_id, form_draft.c.discarded_at.is_not(None))


def list_discarded(account_id: int, now: datetime, path: str = "", limit: int = 20) -> list[Draft]:
    """Return the drafts that an account discarded within a month, the last first. One statement.

    With `path`, only those of the forms at this path.
    """
    rows = _drafts().where(form_draft.c.account_id == account_id, form_draft.c.discarded_at > now - MAX_AGE)
    if path:
        rows = rows.where(form_draft.c.place.startswith(f"{path}?", autoescape=True))
    last = rows.order_by(form_draft.c.discarded_at.desc(), form_draft.c.place).limit(limit)
    return [_to_draft(row) for row in db.session.connection().execute(last)]


def restore(account_id: int, key: str, preferred_key: str, now: datetime) -> str | None:
    """Make a discarded draft one again, and return its key: the preferred one if that is free.

    Returns None if there is no such draft, or it was discarded more than a month ago.
    """
    is_discarded = _has_key(account_id, key) & (form_draft.c.discarded_at > now - MAX_AGE)
    taken = sa.select(form_draft.c.place).where(_has_key(account_id, preferred_key))
    new_key = key if db.session.connection().scalar(taken) else preferred_key
    values = {"place": new_key, "discarded_at": None, "saved_at": now}
    restored = db.session.connection().execute(sa.update(form_draft).where(is_discarded).values(values)).rowcount
    return new_key if restored else None


def delete_old(now: datetime) -> int:
    """Delete drafts that have not changed, or were discarded, for a month; return how many."""
    last_touched = sa.func.coalesce(form_draft.c.discarded_at, form_draft.c.saved_at, type_=form_draft.c.saved_at.type)
    return db.session.connection().execute(sa.delete(form_draft).where(last_touched < now - MAX_AGE)).rowcount


def _store(account_id: int, key: str, fields: Fields, now: datetime, record_id: int | None, tab: str) -> None:
    values = {"fields": [list(pair) for pair in fields], "saved_at": now, "record_id": record_id, "tab": tab}
    row = insert(form_draft).values(account_id=account_id, place=key[:MAX_KEY_LENGTH], **values)
    db.session.connection().execute(row.on_conflict_do_update(index_elements=["account_id", "place"], set_=values))
    _delete_excess(account_id, form_draft.c.record_id.is_not(None) if record_id else _IS_OPEN)


def _delete_excess(account_id: int, are_alike: sa.ColumnElement[bool]) -> None:
    alike = sa.and_(form_draft.c.account_id == account_id, are_alike)
    newest_first = sa.select(form_draft.c.place).where(alike).order_by(form_draft.c.saved_at.desc(), form_draft.c.place)
    excess = form_draft.c.place.in_(newest_first.offset(MAX_DRAFTS))
    db.session.connection().execute(sa.delete(form_draft).where(alike, excess))


def _drafts() -> sa.Select[Any]:
    columns = ("place", "fields", "saved_at", "record_id", "tab")
    return sa.select(*[form_draft.c[name] for name in columns])


def _to_draft(row: sa.Row[Any]) -> Draft:
    return Draft(row.place, [(name, value) for name, value in row.fields], row.saved_at, row.tab)


def _has_key(account_id: int, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(form_draft.c.account_id == account_id, form_draft.c.place == key[:MAX_KEY_LENGTH])
