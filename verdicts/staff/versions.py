"""The versions of records that forms were opened with, stored as long as such a form can come back.

A version is a hash of the record's data, such as that of verdicts.curation.editing.saving.StoredRecord. The caller of
each function that writes has called begin_write(), and commits.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.staff.models import MAX_VERSION_LENGTH, form_draft, record_version

MAX_AGE = timedelta(days=90)  # how long a page may stay open
REFRESH_INTERVAL = timedelta(days=1)


def find(version: str) -> dict[str, Any] | None:
    """Return the data of a record's version, None if no form was opened with it or it is too long ago."""
    rows = sa.select(record_version.c.data).where(_is(version))
    data: dict[str, Any] | None = db.session.connection().scalar(rows)
    return data


def is_fresh(version: str, now: datetime) -> bool:
    """Return whether a version was stored within a day, so that store() would change little. One statement."""
    rows = sa.select(record_version.c.seen_at).where(_is(version))
    seen_at = db.session.connection().scalar(rows)
    return seen_at is not None and seen_at > now - REFRESH_INTERVAL


def store(version: str, data: dict[str, Any], now: datetime) -> None:
    row = insert(record_version).values(version=version[:MAX_VERSION_LENGTH], data=data, seen_at=now)
    refreshed = row.on_conflict_do_update(index_elements=["version"], set_={"seen_at": now})
    db.session.connection().execute(refreshed)


def delete_old(now: datetime) -> int:
    """Delete versions that no form was opened with for 90 days, and that no draft is based on; return how many."""
    fields = db.session.connection().scalars(sa.select(form_draft.c.fields))
    in_drafts = {value[:MAX_VERSION_LENGTH] for draft in fields for name, value in draft if name == "version"}
    old = record_version.c.seen_at < now - MAX_AGE
    versions = set(db.session.connection().scalars(sa.select(record_version.c.version).where(old))) - in_drafts
    for version in versions:
        db.session.connection().execute(sa.delete(record_version).where(_is(version)))
    return len(versions)


def _is(version: str) -> sa.ColumnElement[bool]:
    return record_version.c.version == version[:MAX_VERSION_LENGTH]
