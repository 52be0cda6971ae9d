"""The list of all editions, for those who make them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from verdicts.digest.editions import Edition, to_edition
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition, edition_item
from verdicts.digest.progress import Progress
from verdicts.extensions import db

A_PAGE = 20


@dataclass(frozen=True)
class Listed:
    """An edition with how many items it tells, how many were dropped, and how its deliveries stand.

    `is_replaced` says that it was cancelled and its week drafted anew, so that its name means the other one.
    """

    edition: Edition
    is_replaced: bool
    told: int
    dropped: int
    progress: Progress


@dataclass(frozen=True)
class Page:
    editions: list[Listed]
    number: int
    has_older: bool


def page(number: int = 1) -> Page:
    """Return a page of editions, the newest week first; pages count from 1. Three statements."""
    newest = sa.select(edition, _is_replaced().label("is_replaced")).order_by(
        edition.c.year.desc(), edition.c.week.desc(), edition.c.id.desc()
    )
    rows = db.session.connection().execute(newest.offset(A_PAGE * (number - 1)).limit(A_PAGE + 1)).all()
    ids = [row.id for row in rows[:A_PAGE]]
    items, deliveries = _items(ids), _deliveries(ids)
    listed = [
        Listed(to_edition(row), row.is_replaced, *items.get(row.id, (0, 0)), progress=deliveries[row.id])
        for row in rows[:A_PAGE]
    ]
    return Page(listed, number, has_older=len(rows) > A_PAGE)


def _is_replaced() -> sa.ColumnElement[bool]:
    later = edition.alias("later")
    same_week = sa.and_(later.c.year == edition.c.year, later.c.week == edition.c.week)
    is_newer = sa.or_(later.c.state != EditionState.CANCELLED, later.c.id > edition.c.id)
    newer = sa.exists().where(same_week, later.c.id != edition.c.id, is_newer)
    return sa.and_(edition.c.state == EditionState.CANCELLED, newer)


def _items(edition_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return how many items of each edition are told, and how many dropped."""
    counts = [sa.func.count().filter(edition_item.c.dropped.is_(dropped)) for dropped in (False, True)]
    rows = sa.select(edition_item.c.edition_id, *counts).where(edition_item.c.edition_id.in_(edition_ids))
    found = db.session.connection().execute(rows.group_by(edition_item.c.edition_id))
    return {id: (told, dropped) for id, told, dropped in found}


def _deliveries(edition_ids: Collection[int]) -> Mapping[int, Progress]:
    rows = sa.select(delivery.c.edition_id, delivery.c.state, sa.func.count())
    grouped = rows.where(delivery.c.edition_id.in_(edition_ids)).group_by(delivery.c.edition_id, delivery.c.state)
    counts: dict[int, dict[DeliveryState, int]] = defaultdict(dict)
    for id, state, count in db.session.connection().execute(grouped):
        counts[id][state] = count
    return {id: Progress({state: counts[id].get(state, 0) for state in DeliveryState}) for id in edition_ids}
