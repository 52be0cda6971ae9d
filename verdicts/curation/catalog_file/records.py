"""Rows as the records of a catalogue file: of the tables' own rows, or of the models that editing works with.

A key that may be left out is left out where it would hold its default: nothing, an empty text or list, false, or
"unstated".
"""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

UNSTATED = "unstated"


def record(required: Collection[str] = (), /, **fields: object) -> Json:
    values = {key: plain(value) for key, value in fields.items()}
    return {key: value for key, value in values.items() if key in required or value not in (None, "", [], False)}


def plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, StrEnum):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def unless_unstated(value: str) -> str | None:
    return None if value == UNSTATED else value


def category(row: Any, facts: Iterable[Any]) -> Json:
    return record(
        ("slug", "name"),
        slug=row.slug,
        name=row.name,
        description=row.description,
        facts=[{"key": fact.key, "label": fact.label} for fact in facts],
    )


def reviewer(row: Any) -> Json:
    return record(
        ("slug", "name"),
        slug=row.slug,
        name=row.name,
        kind=unless_unstated(row.kind),
        motto=row.motto,
        bio=row.bio,
        likes=row.likes,
        dislikes=row.dislikes,
    )


def price(row: Any) -> Json:
    return record(
        ("model",),
        model=row.model,
        amount=row.amount,
        currency=row.currency,
        period=row.period,
        checked_on=row.checked_on,
        source=row.source,
    )


def plan(row: Any) -> Json:
    return record(
        ("name",),
        name=row.name,
        amount=row.amount,
        currency=row.currency,
        period=row.period,
        per=row.per,
        limit=row.limit,
        source=row.source,
        checked_on=row.checked_on,
    )


def fact(row: Any) -> Json:
    return record(("key", "value"), key=row.key, value=row.value, source=row.source, checked_on=row.checked_on)


def release(row: Any) -> Json:
    return record(("version",), version=row.version, on=row.on)


def review(row: Any, by: str, revisions: Iterable[Any] = ()) -> Json:
    """Return a review; `by` is its reviewer's slug."""
    return record(
        ("reviewer", "verdict", "quote"),
        reviewer=by,
        verdict=row.verdict,
        quote=row.quote,
        reviewed_on=row.reviewed_on,
        tool_version=row.tool_version,
        basis=unless_unstated(row.basis),
        conflict=row.conflict,
        history=[revision(each) for each in revisions],
    )


def revision(row: Any) -> Json:
    return record(
        ("verdict", "quote"),
        verdict=row.verdict,
        quote=row.quote,
        reviewed_on=row.reviewed_on,
        until=row.until,
        reason=row.reason,
        wording_only=row.wording_only,
    )
