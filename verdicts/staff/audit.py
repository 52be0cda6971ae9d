"""The audit trail: who did what to which record when, with the difference. It only grows: the database sees to that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.staff.models import audit_entry

COMMAND_LINE = "the command line"
A_PAGE = 50
# What editors work on; beside it the trail tells of people, subscribers and readers.
EDITED = ("tool", "panel", "price", "category", "reviewer", "comparison", "catalogue", "edition")


@dataclass(frozen=True)
class Entry:
    """One line of the trail. `changes` maps a field to what it was and what it became."""

    id: int
    at: datetime
    actor: str
    action: str
    kind: str
    record: str
    record_id: int | None
    changes: Mapping[str, list[Any]]

    @property
    def ends_it(self) -> bool:
        """Say whether the record was there no more after this, so that it can only come back as a new one."""
        return self.action in {"deleted", "merged away"}


class Done(Protocol):
    """What was done to one record among many, with the difference."""

    @property
    def action(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def slug(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def changes(self) -> Mapping[str, tuple[Any, Any]]: ...


def record(
    action: str,
    kind: str,
    name: str,
    id: int | None = None,
    /,
    *,
    now: datetime,
    actor: tuple[int, str] | None = None,
    **changes: tuple[Any, Any],
) -> None:
    """Write down what was done, in the caller's transaction. `actor` is an account's id and name, `id` the record's.

    A subscriber's address is no part of it: pass what can be told of them without one.
    """
    row = _by(now, actor) | _told(action, kind, name, id, changes)
    db.session.connection().execute(sa.insert(audit_entry).values(row))


def record_all(done: Iterable[Done], *, now: datetime, actor: tuple[int, str] | None = None) -> None:
    """Write an entry for each record, as `record` would. One statement."""
    by = _by(now, actor)
    rows = [by | _told(each.action, each.kind, each.slug, each.id, each.changes) for each in done]
    if rows:
        db.session.connection().execute(sa.insert(audit_entry), rows)


def search(
    words: str = "", before: int | None = None, most: int = A_PAGE, *, editor_id: int | None = None
) -> list[Entry]:
    """Return the newest entries in which each of these words stands, older than an id. One statement.

    For an editor, only those about what editors work on, and those of what they did themselves.
    """
    rows = _entries().order_by(audit_entry.c.id.desc()).limit(most)
    if before is not None:
        rows = rows.where(audit_entry.c.id < before)
    if editor_id is not None:
        rows = rows.where(sa.or_(audit_entry.c.kind.in_(EDITED), audit_entry.c.account_id == editor_id))
    fields = (audit_entry.c.actor, audit_entry.c.action, audit_entry.c.kind, audit_entry.c.record)
    for word in words.split()[:8]:
        rows = rows.where(sa.or_(*(field.icontains(word, autoescape=True) for field in fields)))
    return [Entry(*row) for row in db.session.connection().execute(rows)]


def history(kind: str, record_id: int, before: int | None = None, most: int = A_PAGE) -> list[Entry]:
    """Return what was done to one record, newest first, older than an id. One statement."""
    rows = _entries().where(audit_entry.c.kind == kind, audit_entry.c.record_id == record_id)
    if before is not None:
        rows = rows.where(audit_entry.c.id < before)
    found = db.session.connection().execute(rows.order_by(audit_entry.c.id.desc()).limit(most))
    return [Entry(*row) for row in found]


def find(entry_id: int) -> Entry | None:
    row = db.session.connection().execute(_entries().where(audit_entry.c.id == entry_id)).one_or_none()
    return Entry(*row) if row else None


def as_it_was(entry: Entry) -> dict[str, Any]:
    """Return the values that a record's fields had before an entry; those that nobody has touched since are left out.

    A field that was absent is None. One statement.
    """
    since = _entries().where(audit_entry.c.kind == entry.kind, audit_entry.c.record_id == entry.record_id)
    rows = db.session.connection().execute(since.where(audit_entry.c.id >= entry.id).order_by(audit_entry.c.id))
    earliest: dict[str, Any] = {}
    for row in rows:
        for field, (before, _after) in row.changes.items():
            earliest.setdefault(field, before)
    return earliest


def _by(now: datetime, actor: tuple[int, str] | None) -> dict[str, Any]:
    account_id, who = actor or (None, COMMAND_LINE)
    return {"at": now, "account_id": account_id, "actor": who}


def _told(action: str, kind: str, name: str, id: int | None, changes: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    kept = {field: list(pair) for field, pair in changes.items()}
    return {"action": action, "kind": kind, "record": name[:200], "record_id": id, "changes": kept}


def _entries() -> sa.Select[Any]:
    return sa.select(*[audit_entry.c[name] for name in Entry.__dataclass_fields__])
