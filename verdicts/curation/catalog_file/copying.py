"""Copying what a file says into rows, and knowing what that changed."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from verdicts.curation.catalog_file.schema import Record, nested_records
from verdicts.extensions import Base

Row = TypeVar("Row", bound=Base)


def new_row(model: type[Row], **fields: object) -> Row:
    """Return a new row whose lists are known to be empty: they are not loaded once it is stored."""
    lists: dict[str, Any] = {each.key: [] for each in sa.inspect(model).relationships if each.uselist}
    return model(**lists, **fields)


def update(row: object, values: Mapping[str, object]) -> list[str]:
    """Set the attributes that differ and return their names. 20 and 20.00 are the same amount."""
    changed = [key for key, value in values.items() if getattr(row, key) != value]
    for key in changed:
        setattr(row, key, values[key])
    return changed


def copy_fields(record: Record, row: Base, *, only_stated: bool = False) -> list[str]:
    """Copy the fields that a record shares with its row, and return the names of those that changed.

    Not its slug: renaming a record has rules of its own. `only_stated` leaves out what the file leaves out.
    """
    names = shared_fields(type(record), type(row))
    return update(row, {name: getattr(record, name) for name in names if record.states(name) or not only_stated})


def copy_lists(record: Record, row: Base, *, only_stated: bool = False) -> list[str]:
    """Copy the lists that a record shares with its row, and return the names of those that changed."""
    changed = []
    for name, model, key in _shared_lists(type(record), type(row)):
        if record.states(name) or not only_stated:
            changed += [name] if sync_list(getattr(row, name), map(dict, getattr(record, name)), model, key) else []
    return changed


def make_row(record: Record, model: type[Row]) -> Row:
    """Return a new row with the fields of a record."""
    row = model()
    copy_fields(record, row)
    return row


def sync_list(rows: list[Any], entries: Iterable[Mapping[str, object]], model: type[Base], key: str) -> bool:
    """Make a collection hold these entries, in their order, and return whether that changed it.

    Rows are matched by `key` and reused: the database refuses a second one before the first is gone.
    """
    stored = {getattr(row, key): row for row in rows}
    aligned = []
    changed = False
    for position, fields in enumerate(entries):
        row = stored.get(fields[key]) or model()
        changed = bool(update(row, {**fields, "position": position})) or changed
        aligned.append(row)
    changed = changed or len(rows) > len(aligned)
    if changed:
        rows[:] = aligned
    return changed


def renumber(rows: Iterable[Any]) -> None:
    for position, row in enumerate(rows):
        row.position = position


@cache
def _columns(model: type[Base]) -> frozenset[str]:
    return frozenset(model.__table__.c.keys())


@cache
def shared_fields(kind: type[Record], model: type[Base]) -> tuple[str, ...]:
    """Return the fields of a record that its table has under the same name, but for the slug."""
    return tuple(name for name in kind.model_fields if name in _columns(model) and name != "slug")


@cache
def _shared_lists(kind: type[Record], model: type[Base]) -> tuple[tuple[str, type[Base], str], ...]:
    """Return the lists whose entries hold nothing but columns: name, model, and the field that entries are known by."""
    relationships = sa.inspect(model).relationships
    models: dict[str, type[Base]] = {
        name: relationships[name].mapper.class_ for name in nested_records(kind) if name in relationships
    }
    return tuple(
        (name, models[name], entry.known_by)
        for name, entry in nested_records(kind).items()
        if name in models and entry.known_by and _columns(models[name]) >= entry.model_fields.keys()
    )
