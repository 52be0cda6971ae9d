"""All rows of one database into another one of the same version, as they are: `flask db-move`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from verdicts import outages
from verdicts.extensions import Base

ROWS_AT_ONCE = 2000

_FOREIGN_KEYS = sa.text(
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
)


class MoveFailed(Exception):
    """The rows of a table could not be moved; the message says which, and why."""


@dataclass(frozen=True)
class MovedTable:
    """How many rows of a table were read and written."""

    name: str
    rows: int


def move(source: sa.Connection, target: sa.Connection, on_table: Callable[[MovedTable], None]) -> None:
    """Copy every table of the models, in the target's transaction, which the caller commits.

    The target is PostgreSQL with every migration, and loses the rows that these brought. Rows may refer to later ones
    of their table, so foreign keys are checked at the end, all at once.
    """
    tables = Base.metadata.sorted_tables
    with _without_foreign_keys(target):
        for table in tables:
            if target.scalar(sa.select(sa.exists(sa.select(table)))):  # the audit log refuses even to delete nothing
                target.execute(sa.delete(table))
            on_table(MovedTable(table.name, _copy(table, source, target)))
        for table in tables:
            _restart_sequence(table, target)


def count_rows(connection: sa.Connection) -> dict[str, int]:
    """Return the number of rows of every table of the models."""
    tables = Base.metadata.sorted_tables
    return {table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables}


def _copy(table: sa.Table, source: sa.Connection, target: sa.Connection) -> int:
    columns = [column for column in table.columns if column.computed is None]
    insert, copied = sa.insert(table), 0
    for rows in _batches(source, sa.select(*columns)):
        try:
            target.execute(insert, [dict(zip((column.key for column in columns), row, strict=True)) for row in rows])
        except DBAPIError as error:
            raise MoveFailed(f"{table.name}, after {copied:,} rows: {outages.reason_of(error)}") from None
        copied += len(rows)
    return copied


def _batches(source: sa.Connection, statement: sa.Select[Any]) -> Iterator[Sequence[sa.Row[Any]]]:
    with source.execution_options(yield_per=ROWS_AT_ONCE).execute(statement) as result:
        yield from result.partitions()


@contextmanager
def _without_foreign_keys(connection: sa.Connection) -> Iterator[None]:
    """Drop the foreign keys of PostgreSQL's tables and create them again, which checks every row."""
    foreign_keys = connection.execute(_FOREIGN_KEYS).all()
    for table, name, _definition in foreign_keys:
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    yield
    for table, name, definition in foreign_keys:
        try:
            connection.exec_driver_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        except DBAPIError as error:
            raise MoveFailed(f"{table} refers to rows that are not there: {outages.reason_of(error)}") from None


def _restart_sequence(table: sa.Table, connection: sa.Connection) -> None:
    """Let new rows get ids after the highest one."""
    column = table.autoincrement_column
    sequence = column is not None and connection.scalar(
        sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
    )
    if column is not None and sequence:
        highest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sequence, highest, False)))
