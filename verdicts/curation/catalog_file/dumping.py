"""Rows as the records of a catalogue file: a table's own rows, or the models that editing works with."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from verdicts.curation.catalog_file.schema import Record, nested_records

Json = dict[str, Any]

UNSTATED = "unstated"
_NOTHING: tuple[object, ...] = (None, "", [], False)


def dump(kind: type[Record], row: Any, **values: Any) -> Json:
    """Return a row as a record of this kind, in JSON's types; `values` go before what the row holds.

    Rows within it become records too; dictionaries are records already. An optional field is left out where it says
    nothing: None, an empty text or list, false, or "unstated".
    """
    record: Json = {}
    for name, is_required, nested in _fields(kind):
        value = values[name] if name in values else getattr(row, name)
        if nested and value:
            many = isinstance(value, list)
            value = [_nested(nested, each) for each in value] if many else _nested(nested, value)
        else:
            value = _plain(value)
        if is_required or value not in _NOTHING:
            record[name] = value
    return record


@cache
def _fields(kind: type[Record]) -> tuple[tuple[str, bool, type[Record] | None], ...]:
    nested = nested_records(kind)
    return tuple((name, field.is_required(), nested.get(name)) for name, field in kind.model_fields.items())


def _nested(kind: type[Record], row: Any) -> Json:
    return row if isinstance(row, dict) else dump(kind, row)


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return None if value == UNSTATED else str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
