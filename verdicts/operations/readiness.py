"""Whether the database can be worked with: its migration, and whether it takes changes."""

import os
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from verdicts import outages
from verdicts.config import CHECKOUT, current_settings
from verdicts.extensions import db
from verdicts.outages import Outage

_alembic_version = sa.table("alembic_version", sa.column("version_num", sa.String))
_APPLIED_MIGRATION = sa.select(_alembic_version.c.version_num, sa.literal("off"))
_WHETHER_READ_ONLY = sa.select(_alembic_version.c.version_num, sa.func.current_setting("transaction_read_only"))


@cache
def newest_migration() -> str:
    """Return the newest migration of this code, by the numbers that its files begin with: Alembic takes 10 MB."""
    return max(path.name.partition("_")[0] for path in (CHECKOUT / "migrations" / "versions").glob("[0-9]*.py"))


def applied_migration() -> tuple[str | None, bool]:
    """Return the migration that the database is at, None where it has none; and whether PostgreSQL takes no changes."""
    connection = db.session.connection()
    try:
        row = connection.execute(
            _APPLIED_MIGRATION if connection.dialect.name == "sqlite" else _WHETHER_READ_ONLY
        ).first()
        return (row[0], row[1] == "on") if row else (None, False)
    except SQLAlchemyError:
        db.session.rollback()
        if sa.inspect(db.session.connection()).has_table(_alembic_version.name):
            raise
        return None, False


def is_migrated() -> bool:
    """Return whether the database has every migration of this version."""
    return applied_migration()[0] == newest_migration()


def find_obstacle(*, is_read_only: bool) -> Outage | None:
    """Return what keeps the database from taking changes, as far as that can be seen without making one."""
    if is_read_only:
        db.session.connection().invalidate()  # the next one may find the primary
        db.session.rollback()
        return outages.READ_ONLY
    if not current_settings().is_sqlite:
        return None
    path = Path(db.engine.url.database or "")
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return outages.READ_ONLY
    return outages.FULL if outages.is_disk_full(path) else None
