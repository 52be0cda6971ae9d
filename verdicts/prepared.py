"""Short statements that run often, without what SQLAlchemy does around each: that takes longer than SQLite itself."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from verdicts import outages

_Statement = sa.Select[*tuple[Any, ...]] | sa.Insert | sa.Update
_Convert = Callable[[Any], Any] | None  # None where the driver's value is ours


class Prepared:
    """A statement whose text for SQLite, and what converts its values and columns, are found once.

    It is given values for all columns that it writes, those with a default in Python too; its lists have fixed lengths,
    and only a SELECT returns rows. SQLAlchemy runs it on PostgreSQL, where it would save little beside the way to the
    server, and where somebody listens to what is sent.
    """

    def __init__(self, statement: _Statement) -> None:
        self._statement = statement
        self._for_sqlite: dict[tuple[str, ...], _ForSqlite] = {}  # by the names of its values

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Run this with values by their names, and return its rows. Errors of the database are SQLAlchemy's."""
        if not _is_direct(connection):
            result = connection.execute(self._statement, values)
            return result.all() if result.returns_rows else []
        names = tuple(values)
        if names not in self._for_sqlite:
            self._for_sqlite[names] = _ForSqlite(self._statement, names, connection.dialect)
        return self._for_sqlite[names].execute(connection, values)


def _is_direct(connection: sa.Connection) -> bool:
    """Say whether the driver may be asked. Outside a transaction SQLAlchemy would begin one first."""
    listeners = connection.dispatch
    is_heard = listeners.before_cursor_execute or listeners.after_cursor_execute
    return connection.dialect.name == "sqlite" and connection.in_transaction() and not is_heard


class _ForSqlite:
    """What a statement is to SQLite's driver, given values for these names."""

    def __init__(self, statement: _Statement, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        has_defaults = bool(compiled.insert_prefetch or compiled.update_prefetch)
        if has_defaults or compiled.post_compile_params or compiled.effective_returning:
            raise TypeError(f"Defaults in Python, lists of any length and RETURNING need SQLAlchemy: {compiled.string}")
        self._text = compiled.string
        self._constants: dict[str, Any] = {}
        converts: dict[str, _Convert] = {}
        for bind, name in compiled.bind_names.items():  # one name may be bound with a type and without
            converts[name] = converts.get(name) or _to_driver(bind.type, dialect)
            if name not in names and not bind.required:
                self._constants[name] = bind.effective_value
        self._places = [(name, converts[name]) for name in compiled.positiontup or ()]
        columns = statement.column_descriptions if isinstance(statement, sa.Select) else []
        self._columns = [_from_driver(column["type"], dialect) for column in columns]

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        if self._constants:
            values = {**self._constants, **values}
        sent = [convert(values[name]) if convert else values[name] for name, convert in self._places]
        driver_error: type[Exception] = connection.dialect.loaded_dbapi.Error
        try:
            # A cursor that is freed later would reset the statement, which others over this connection run again.
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(self._text, sent)
                rows = cursor.fetchall() if self._columns else []
        except driver_error as error:
            raise _wrapped(error, self._text, driver_error) from error
        return [
            [convert(value) if convert else value for convert, value in zip(self._columns, row, strict=True)]
            for row in rows
        ]


def _wrapped(error: Exception, text: str, driver_error: type[Exception]) -> DBAPIError:
    wrapped = DBAPIError.instance(text, None, error, driver_error, hide_parameters=True)
    return outages.unified(cast("DBAPIError", wrapped))


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
