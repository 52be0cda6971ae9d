"""ids are never used again

Revision: 0006, after 0005. SQLite gives the id of the last row, once that is deleted, to the next one: a page that was
opened before would then act on another record, and the trail would tell of two records as one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = {"tool": ("tool", "panel", "price"), "category": (), "reviewer": (), "comparison": ()}
PLAIN = "id INTEGER NOT NULL,"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, parts in TABLES.items():
            _rebuild(table, _own_key(table), "")
            _begin_after_what_the_trail_knows(table, parts or (table,))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            _rebuild(table, PLAIN, f", \n\tCONSTRAINT pk_{table} PRIMARY KEY (id)")


def _own_key(table: str) -> str:
    return f"id INTEGER NOT NULL CONSTRAINT pk_{table} PRIMARY KEY AUTOINCREMENT,"


def _rebuild(table: str, id_column: str, constraint: str) -> None:
    """Make a table anew with this column and this last constraint, and keep its rows and indexes.

    https://www.sqlite.org/lang_altertable.html, section 7; env.py has turned foreign keys off.
    """
    connection = op.get_bind()
    of_it = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type = :type AND sql IS NOT NULL")
    written = connection.scalar(of_it, {"table": table, "type": "table"})
    indexes = connection.scalars(of_it, {"table": table, "type": "index"}).all()
    for old, new in (
        (f"CREATE TABLE {table} (", f"CREATE TABLE new_{table} ("),
        (f'CREATE TABLE "{table}" (', f"CREATE TABLE new_{table} ("),
        (_own_key(table), id_column),
        (PLAIN, id_column),
        (f", \n\tCONSTRAINT pk_{table} PRIMARY KEY (id)", ""),
    ):
        written = written.replace(old, new, 1)
    end = written.rindex("\n)")
    connection.exec_driver_sql(written[:end] + constraint + written[end:])
    columns = ", ".join(row.name for row in connection.exec_driver_sql(f"PRAGMA table_info({table})"))
    connection.exec_driver_sql(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table}")  # noqa: S608
    connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql(f"ALTER TABLE new_{table} RENAME TO {table}")
    for index in indexes:
        connection.exec_driver_sql(index)


def _begin_after_what_the_trail_knows(table: str, kinds: tuple[str, ...]) -> None:
    connection = op.get_bind()
    last = sa.text(
        f"SELECT max(coalesce((SELECT max(id) FROM {table}), 0), "  # noqa: S608
        "coalesce((SELECT max(record_id) FROM audit_entry WHERE kind IN :kinds), 0))"
    ).bindparams(sa.bindparam("kinds", kinds, expanding=True))
    number = connection.scalar(last)
    connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
    connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))
