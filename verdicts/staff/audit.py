"""The audit log: who did what to which record and when, with the changes. The database refuses updates and deletes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.staff.models import audit_entry

COMMAND_LINE = "the command line"
NOT_LOGGED_IN = (None, "somebody not logged in")
PAGE_SIZE = 50
MAX_SEARCH_WORDS = 8

Actor = tuple[int | None, str]  # an account's id and name


@dataclass(frozen=True)
class LogEntry:
    """One entry of the log. `changes` maps a field to its value before and its value after."""

    id: int
    at: datetime
    actor: str
    action: str
    kind: str
    record: str
    record_id: int | None
    changes: Mapping[str, list[Any]]

    @property
    def is_removal(self) -> bool:
        """True where the record was gone after this, so that it can only be restored as a new one."""
        return self.action in {"deleted", "merged away"}


class RecordChange(Protocol):
    """What was done to one of many records; `changes` maps a field to its value before and after."""

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
    actor: Actor | None = None,
    **changes: tuple[Any, Any],
) -> None:
    """Write an entry in the caller's transaction. `actor` is an account's id and name, `id` the record's.

    Entries are never deleted: keep subscribers' addresses out of them.
    """
    values = _actor_values(now, actor) | _change_values(action, kind, name, id, changes)
    db.session.connection().execute(sa.insert(audit_entry).values(values))


def record_all(changes: Iterable[RecordChange], *, now: datetime, actor: Actor | None = None) -> None:
    """Write an entry for each record, as `record` does. One statement."""
    by = _actor_values(now, actor)
    rows = [by | _change_values(each.action, each.kind, each.slug, each.id, each.changes) for each in changes]
    if rows:
        db.session.connection().execute(sa.insert(audit_entry), rows)


def search(
    words: str = "",
    before: int | None = None,
    limit: int = PAGE_SIZE,
    *,
    kinds: Collection[str] | None = None,
    account_id: int | None = None,
) -> list[LogEntry]:
    """Return the entries that contain all of these words, newest first, with ids below `before`. One statement.

    With `kinds`, only entries about these kinds of record, and those on what this account did itself.
    """
    rows = _select_newest(before, limit)
    if kinds is not None:
        rows = rows.where(sa.or_(audit_entry.c.kind.in_(kinds), audit_entry.c.account_id == account_id))
    fields = (audit_entry.c.actor, audit_entry.c.action, audit_entry.c.kind, audit_entry.c.record)
    for word in words.split()[:MAX_SEARCH_WORDS]:
        rows = rows.where(sa.or_(*(field.icontains(word, autoescape=True) for field in fields)))
    return [LogEntry(*row) for row in db.session.connection().execute(rows)]


def history(kind: str, record_id: int, before: int | None = None, limit: int = PAGE_SIZE) -> list[LogEntry]:
    """Return one record's entries, newest first, with ids below `before`. One statement."""
    rows = _select_newest(before, limit).where(_is_about(kind, record_id))
    return [LogEntry(*row) for row in db.session.connection().execute(rows)]


def find(entry_id: int) -> LogEntry | None:
    row = db.session.connection().execute(_select().where(audit_entry.c.id == entry_id)).one_or_none()
    return LogEntry(*row) if row else None


def values_before(entry: LogEntry) -> dict[str, Any]:
    """Return the values that a record's fields had before an entry. One statement.

    Fields that did not change then or since are left out. A field that had no value is None.
    """
    since = _select().where(_is_about(entry.kind, entry.record_id), audit_entry.c.id >= entry.id)
    values: dict[str, Any] = {}
    for row in db.session.connection().execute(since.order_by(audit_entry.c.id)):
        for field, (before, _after) in row.changes.items():
            values.setdefault(field, before)
    return values


def _actor_values(now: datetime, actor: Actor | None) -> dict[str, Any]:
    account_id, name = actor or (None, COMMAND_LINE)
    return {"at": now, "account_id": account_id, "actor": name}


def _change_values(
    action: str, kind: str, name: str, id: int | None, changes: Mapping[str, tuple[Any, Any]]
) -> dict[str, Any]:
    pairs = {field: list(pair) for field, pair in changes.items()}
    return {"action": action, "kind": kind, "record": name[:200], "record_id": id, "changes": pairs}


def _select() -> sa.Select[Any]:
    return sa.select(*[audit_entry.c[name] for name in LogEntry.__dataclass_fields__])


def _select_newest(before: int | None, limit: int) -> sa.Select[Any]:
    rows = _select().order_by(audit_entry.c.id.desc()).limit(limit)
    return rows if before is None else rows.where(audit_entry.c.id < before)


def _is_about(kind: str, record_id: int | None) -> sa.ColumnElement[bool]:
    return sa.and_(audit_entry.c.kind == kind, audit_entry.c.record_id == record_id)
