"""Adding gathered counts to the stored ones, and deleting old ones."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.traffic.gathering import Batch, ViewKey
from verdicts.traffic.models import empty_search, page_view

VIEWS_KEPT_MONTHS = 13  # so that a month can be compared with that of a year ago
VIEWS_KEPT = timedelta(days=396)
SEARCHES_KEPT = timedelta(days=90)
MAX_ROWS_A_DAY = 20_000  # of each table, give or take a batch of each process
BATCH_SIZE = 5_000


def store(batch: Batch) -> None:
    """Add a batch to the stored counts. Two statements, and one that counts for each table and day.

    The caller has begun a transaction that writes, and commits.
    """
    for day in sorted({key[0] for key in batch.views}):
        stored = _count_rows(page_view, day)
        views = {key: number for key, number in batch.views.items() if key[0] == day}
        _add(page_view, _without_referrers(views) if stored >= MAX_ROWS_A_DAY // 2 else views, stored)
    for day in sorted({key[0] for key in batch.searches}):
        searches = {key: number for key, number in batch.searches.items() if key[0] == day}
        _add(empty_search, searches, _count_rows(empty_search, day))


def delete_old(now: datetime, limit: int = BATCH_SIZE) -> int | None:
    """Delete up to `limit` counts of each kind that are past their time; return how many, None where none is left."""
    return (
        _delete(page_view, now.date() - VIEWS_KEPT, limit) + _delete(empty_search, now.date() - SEARCHES_KEPT, limit)
        or None
    )


def _delete(table: sa.Table, day: date, limit: int) -> int:
    key = sa.tuple_(*table.primary_key.columns)
    old = sa.select(*table.primary_key.columns).where(table.c.day <= day).limit(limit)
    return db.session.connection().execute(sa.delete(table).where(key.in_(old))).rowcount


def _count_rows(table: sa.Table, day: date) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.day == day)) or 0


def _without_referrers(views: Mapping[ViewKey, int]) -> Mapping[ViewKey, int]:
    totals: Counter[ViewKey] = Counter()
    for (day, path, _referrer), number in views.items():
        totals[day, path, ""] += number
    return totals


def _add(table: sa.Table, counts: Mapping[Any, int], stored: int) -> None:
    """Add to the rows of one day; where it has its most rows, only to those that are there already."""
    *key, count = table.c
    # In the order of the key, so that two processes never wait for each other's rows.
    rows = [
        {"number": number} | dict(zip(map(_parameter, key), each, strict=True))
        for each, number in sorted(counts.items())
    ]
    number = sa.bindparam("number", type_=sa.Integer)
    values = {column: sa.bindparam(_parameter(column), type_=column.type) for column in key}
    statement: sa.Insert | sa.Update
    if stored < MAX_ROWS_A_DAY:
        added = insert(table).values({**values, count: number})
        statement = added.on_conflict_do_update(index_elements=key, set_={count: count + added.excluded[count.name]})
    else:
        is_row = sa.and_(*(column == value for column, value in values.items()))
        statement = sa.update(table).where(is_row).values({count: count + number})
    db.session.connection().execute(statement, rows)


def _parameter(column: sa.Column[Any]) -> str:
    return f"{column.name}_"  # an UPDATE reserves the names of the columns
