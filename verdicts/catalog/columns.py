"""Kinds of columns, constraints and relationships that the tables of several packages have."""

from datetime import date
from enum import StrEnum
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Relationship, relationship
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

# The audit log, drafts and open pages name records by id, so no new record may get the id of a deleted one.
IDS_NEVER_REUSED = {"sqlite_autoincrement": True}


def closed_set(kind: type[StrEnum], name: str) -> sa.Enum:
    """Return a column type that stores a StrEnum's values as text and lets the database refuse all others."""
    values = [member.value for member in kind]
    return sa.Enum(
        kind, name=name, native_enum=False, create_constraint=True, length=20, values_callable=lambda _: values
    )


def constant(value: StrEnum) -> sa.ColumnElement[Any]:
    """Return a value as a part of the text: binding so many of them would take as long as the statement."""
    return sa.literal_column(f"'{value}'")


def owned(order_by: str | Literal[False] = False, back_populates: str | None = None) -> Relationship[Any]:
    """Return a relationship to rows that are deleted with their owner, or when they leave its list."""
    return relationship(
        order_by=order_by, back_populates=back_populates, cascade="all, delete-orphan", passive_deletes=True
    )


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """Return an index of only those rows for which the condition holds."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def one_per_tool(name: str, condition: str) -> sa.Index:
    """Allow at most one row of each tool for which the condition holds."""
    return partial_index(name, "tool_id", where=condition, unique=True)


def web_address(column: str) -> sa.CheckConstraint:
    """Allow only http and https in a link, whatever code writes the row: a browser would run javascript: links."""
    return sa.CheckConstraint(f"{column} LIKE 'http://%' OR {column} LIKE 'https://%'", name="web_address")


EPOCH = date(2000, 1, 1)


class days_since_epoch(FunctionElement[int]):  # noqa: N801  # it is written as a function
    """The days from EPOCH to a date: a number, with which both databases compute alike."""

    name = "days_since_epoch"
    type = sa.Integer()
    inherit_cache = True


@compiles(days_since_epoch, "sqlite")
def _on_sqlite(element: days_since_epoch, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(julianday({compiler.process(element.clauses, **kw)}) - julianday('{EPOCH}'))"


@compiles(days_since_epoch, "postgresql")
def _on_postgresql(element: days_since_epoch, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} - '{EPOCH}'::date)"
