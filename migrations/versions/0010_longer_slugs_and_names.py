"""longer slugs and names

Revision: 0010, after 0009. Slugs and aliases take 128 characters, names 120. SQLite does not enforce lengths, so its
tables are not made anew: their declarations are changed in place (https://www.sqlite.org/lang_altertable.html, end of
section 7). Going back keeps what is longer on SQLite; PostgreSQL refuses to shorten columns that hold longer texts.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The columns, with what they held before and what they hold now.
SLUGS = [
    (table, "slug", 64, 128) for table in ("category", "category_alias", "reviewer", "reviewer_alias", "tool_slug")
]
NAMES = [(table, "name", 80, 120) for table in ("category", "reviewer", "tool", "plan")]
COLUMNS = [*SLUGS, *NAMES, ("correction", "page", 300, 600)]


def upgrade() -> None:
    for table, column, before, now in COLUMNS:
        _set_length(table, column, before, now)


def downgrade() -> None:
    for table, column, before, now in COLUMNS:
        _set_length(table, column, now, before)


def _set_length(table: str, column: str, old: int, new: int) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _redeclare(table, column, old, new)
    else:
        op.alter_column(table, column, existing_type=sa.String(old), type_=sa.String(new), existing_nullable=False)


def _redeclare(table: str, column: str, old: int, new: int) -> None:
    connection = op.get_bind()
    written = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).scalar_one()
    declared, count = re.subn(rf"\b{column} VARCHAR\({old}\)", f"{column} VARCHAR({new})", written)
    if count != 1:
        raise RuntimeError(f"{table}.{column} is not declared as VARCHAR({old})")
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (declared, table))
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
