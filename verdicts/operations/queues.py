"""What waits, and since when: letters, editions and their deliveries, votes that do not count yet."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.extensions import AnyRow, db
from verdicts.mailing.models import outbox_letter
from verdicts.voting.models import UNDECIDED, Standing, vote

ACTIVE = (EditionState.SENDING, EditionState.PAUSED)
NO_TIME = timedelta()


@dataclass(frozen=True)
class Queue:
    """How many wait, and how long the first of them has waited beyond its time."""

    count: int = 0
    overdue: timedelta = NO_TIME


@dataclass(frozen=True)
class Queues:
    """Everything that waits. `editions` and `deliveries` are counts by state, `deliveries` of editions being sent.

    `schedule` are frozen editions that wait for their time, or should have begun.
    """

    outbox: Queue
    schedule: Queue
    undecided_votes: Mapping[Standing, Queue]
    editions: Mapping[EditionState, int]
    deliveries: Mapping[DeliveryState, int]


def load(now: datetime) -> Queues:
    """Return everything that waits. Four statements, over what waits alone, one row a week, and what is being sent."""
    editions, schedule = _load_editions(now)
    return Queues(
        outbox=_load_outbox(now),
        schedule=schedule,
        undecided_votes=_load_undecided_votes(now),
        editions=editions,
        deliveries=_load_deliveries(),
    )


def _load_outbox(now: datetime) -> Queue:
    columns = sa.func.count(), sa.func.min(outbox_letter.c.next_try_at)
    count, first = db.session.connection().execute(sa.select(*columns)).one()
    return Queue(count, _since(first, now))


def _load_undecided_votes(now: datetime) -> Mapping[Standing, Queue]:
    columns = vote.c.standing, sa.func.count(), sa.func.min(vote.c.first_at)
    statement = sa.select(*columns).where(sa.text(UNDECIDED)).group_by(vote.c.standing)
    found = {standing: Queue(count, _since(first, now)) for standing, count, first in _rows(statement)}
    return {standing: found.get(standing, Queue()) for standing in (Standing.WAITING, Standing.HELD)}


def _load_editions(now: datetime) -> tuple[Mapping[EditionState, int], Queue]:
    columns = sa.func.count(), sa.func.count(edition.c.scheduled_at), sa.func.min(edition.c.scheduled_at)
    found = {state: rest for state, *rest in _rows(sa.select(edition.c.state, *columns).group_by(edition.c.state))}
    _, scheduled, first = found.get(EditionState.FROZEN, (0, 0, None))
    counts = {state: found[state][0] if state in found else 0 for state in EditionState}
    return counts, Queue(scheduled, _since(first, now))


def _load_deliveries() -> Mapping[DeliveryState, int]:
    # Grouped as the index is ordered: by their state alone, SQLite sorts all deliveries, which took twice as long.
    active = sa.select(edition.c.id).where(edition.c.state.in_(ACTIVE))
    columns = delivery.c.edition_id, delivery.c.state
    statement = sa.select(*columns, sa.func.count()).where(delivery.c.edition_id.in_(active)).group_by(*columns)
    counts: Counter[DeliveryState] = Counter()
    for _edition_id, state, count in _rows(statement):
        counts[state] += count
    return {state: counts[state] for state in DeliveryState}


def _rows(statement: sa.Select[*tuple[Any, ...]]) -> Iterable[AnyRow]:
    return db.session.connection().execute(statement)


def _since(first: datetime | None, now: datetime) -> timedelta:
    return max(now - first, NO_TIME) if first else NO_TIME
