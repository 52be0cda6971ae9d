"""INSERT as SQLite and PostgreSQL both know it beyond the standard: ON CONFLICT."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from verdicts.extensions import db


def insert(table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that takes on_conflict_do_update and on_conflict_do_nothing."""
    return sqlite.insert(table) if db.engine.dialect.name == "sqlite" else postgresql.insert(table)
