"""Statements that run often, without what SQLAlchemy does around each: that takes longer than SQLite itself."""

import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from verdicts import outages

_Statement = sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]] | sa.Insert | sa.Update
_Shape = tuple[tuple[str, int | None], ...]  # the names of values, and the lengths of those that are lists
_Convert = Callable[[Any], Any] | None  # None where the driver's value is ours

LONGEST_LIST = 50  # a text is kept for each length
_LIST = re.compile(r"__\[POSTCOMPILE_(\w+)\]")  # what SQLAlchemy writes where a list will be


class Prepared:
    """A statement whose text for SQLite, and what converts its values and columns, are found once.

    It is given values for all columns that it writes, those with a default in Python too. Only what selects returns
    rows: tuples with the names of its columns. SQLAlchemy runs it on PostgreSQL, where it would save little beside the
    way to the server, where somebody listens to what is sent, and where a list is empty or longer than LONGEST_LIST.
    """

    def __init__(self, statement: _Statement) -> None:
        self._statement = statement
        self._for_sqlite: dict[_Shape, _ForSqlite] = {}

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run this with values by their names, and return its rows. Errors of the database are SQLAlchemy's."""
        if _is_direct(connection):
            shape = tuple([(name, len(value) if type(value) is list else None) for name, value in values.items()])
            prepared = self._for_sqlite.get(shape)
            if prepared is None and all(length is None or 0 < length <= LONGEST_LIST for _, length in shape):
                prepared = self._for_sqlite[shape] = _ForSqlite(self._statement, dict(shape), connection.dialect)
            if prepared is not None:
                return prepared.execute(connection, values)
        result = connection.execute(self._statement, values)
        return result.all() if result.returns_rows else []


def _is_direct(connection: sa.Connection) -> bool:
    """Say whether the driver may be asked. Outside a transaction SQLAlchemy would begin one first."""
    listeners = connection.dispatch
    is_heard = listeners.before_cursor_execute or listeners.after_cursor_execute
    return connection.dialect.name == "sqlite" and connection.in_transaction() and not is_heard


class _ForSqlite:
    """What a statement is to SQLite's driver, given values of these names, some of them lists of these lengths."""

    def __init__(self, statement: _Statement, lengths: Mapping[str, int | None], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(lengths))
        names = compiled.bind_names
        self._lists = {names[bind]: lengths.get(names[bind]) or 0 for bind in compiled.post_compile_params}
        has_defaults = bool(compiled.insert_prefetch or compiled.update_prefetch)
        is_written_into = bool(compiled.literal_execute_params) or not all(self._lists.values())
        if has_defaults or is_written_into or compiled.effective_returning:
            raise TypeError(f"Only SQLAlchemy fills in defaults, parts of a text and RETURNING: {compiled.string}")
        self._text = _LIST.sub(lambda found: ", ".join("?" * self._lists[found[1]]), compiled.string)
        self._constants: dict[str, Any] = {}
        converts: dict[str, _Convert] = {}
        for bind, name in names.items():  # one name may be bound with a type and without
            converts[name] = converts.get(name) or _to_driver(bind.type, dialect)
            if name not in lengths and not bind.required:
                self._constants[name] = bind.effective_value
        self._places = [
            (place, converts[name])
            for name in compiled.positiontup or ()
            for place in ([(name, number) for number in range(self._lists[name])] if name in self._lists else [name])
        ]
        self._to_row: Callable[[Sequence[Any]], Any] | None = None
        self._columns: list[tuple[int, Callable[[Any], Any]]] = []  # those that are converted, by their places
        if columns := compiled._result_columns:
            keys = [column.keyname for column in columns]
            self._to_row = namedtuple("_Row", keys, rename=True)._make  # type: ignore[attr-defined]
            converts_of = enumerate(_from_driver(column.type, dialect) for column in columns)
            self._columns = [(place, convert) for place, convert in converts_of if convert]

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        given: Mapping[Any, Any] = {**self._constants, **values} if self._constants else values
        for name in self._lists:
            given = {**given, **{(name, number): value for number, value in enumerate(values[name])}}
        sent = [convert(given[place]) if convert else given[place] for place, convert in self._places]
        driver_error: type[Exception] = connection.dialect.loaded_dbapi.Error
        try:
            # A cursor that is freed later would reset the statement, which others over this connection run again.
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(self._text, sent)
                rows = cursor.fetchall() if self._to_row else []
        except driver_error as error:
            raise _wrapped(error, self._text, driver_error) from error
        return [self._to_row(self._converted(row)) for row in rows] if self._to_row else []

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        if not self._columns:
            return row
        values = list(row)
        for index, convert in self._columns:
            values[index] = convert(values[index])
        return values


def _wrapped(error: Exception, text: str, driver_error: type[Exception]) -> DBAPIError:
    wrapped = DBAPIError.instance(text, None, error, driver_error, hide_parameters=True)
    return outages.unified(cast("DBAPIError", wrapped))


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
