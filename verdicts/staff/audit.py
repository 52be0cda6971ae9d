"""The audit trail: who did what to which record when, with the difference. It only grows: the database sees to that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.staff.models import audit_entry

COMMAND_LINE = "the command line"
A_PAGE = 50


@dataclass(frozen=True)
class Entry:
    """One line of the trail. `changes` maps a field to what it was and what it became."""

    id: int
    at: datetime
    actor: str
    action: str
    kind: str
    record: str
    changes: Mapping[str, list[Any]]


def record(
    action: str,
    kind: str,
    name: str,
    *,
    now: datetime,
    actor: tuple[int, str] | None = None,
    **changes: tuple[Any, Any],
) -> None:
    """Write down what was done, in the caller's transaction. `actor` is an account's id and name.

    A subscriber's address is no part of it: pass what can be told of them without one.
    """
    id, who = actor or (None, COMMAND_LINE)
    kept = {field: list(pair) for field, pair in changes.items()}
    row = {"at": now, "account_id": id, "actor": who, "action": action, "kind": kind, "record": name[:200]}
    db.session.connection().execute(sa.insert(audit_entry).values(**row, changes=kept))


def search(words: str = "", before: int | None = None, most: int = A_PAGE) -> list[Entry]:
    """Return the newest entries in which each of these words stands, older than an id. One statement."""
    columns = [audit_entry.c[name] for name in Entry.__dataclass_fields__]
    rows = sa.select(*columns).order_by(audit_entry.c.id.desc()).limit(most)
    if before is not None:
        rows = rows.where(audit_entry.c.id < before)
    fields = (audit_entry.c.actor, audit_entry.c.action, audit_entry.c.kind, audit_entry.c.record)
    for word in words.split()[:8]:
        rows = rows.where(sa.or_(*(field.icontains(word, autoescape=True) for field in fields)))
    return [Entry(*row) for row in db.session.connection().execute(rows)]
