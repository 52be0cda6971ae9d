"""What doors and the digest read of the subscribers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.newsletter.models import Rhythm, Status, subscriber, subscriber_category, subscriber_tool, suppression
from verdicts.newsletter.tokens import Purpose, read_token


@dataclass(frozen=True)
class Chosen:
    """What a subscriber wants to read, by ids. Without categories they read of all."""

    categories: frozenset[int] = frozenset()
    tools: frozenset[int] = frozenset()
    rhythm: Rhythm = Rhythm.EVERY_WEEK


@dataclass(frozen=True)
class Subscription:
    """One subscriber as their own pages show them; without an address once it has ended."""

    id: int
    address: str | None
    status: Status
    rhythm: Rhythm
    generation: int
    consent_source: str
    consent_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        return self.address is not None


_COLUMNS = [subscriber.c[name] for name in Subscription.__dataclass_fields__]


def confirmed() -> sa.Select[tuple[int, str, Rhythm, int]]:
    """Return the statement for whoever may be written to: id, address, rhythm, generation; in no order."""
    columns = (subscriber.c.id, subscriber.c.address, subscriber.c.rhythm, subscriber.c.generation)
    return sa.select(*columns).where(may_be_written_to())


def may_be_written_to() -> sa.ColumnElement[bool]:
    """Return the condition on a row of `subscriber`: confirmed and not suppressed."""
    suppressed = sa.exists().where(suppression.c.address_key == subscriber.c.address_key)
    return sa.and_(subscriber.c.status == Status.CONFIRMED, ~suppressed)


def choices_of(subscriber_ids: Collection[int]) -> dict[int, Chosen]:
    """Return what each of these subscribers wants to read. Three statements; at most a few thousand ids at once."""
    rhythms = sa.select(subscriber.c.id, subscriber.c.rhythm).where(subscriber.c.id.in_(subscriber_ids))
    categories = _listed(subscriber_category.c.subscriber_id, subscriber_category.c.category_id, subscriber_ids)
    tools = _listed(subscriber_tool.c.subscriber_id, subscriber_tool.c.tool_id, subscriber_ids)
    return {
        id: Chosen(frozenset(categories.get(id, ())), frozenset(tools.get(id, ())), rhythm)
        for id, rhythm in db.session.connection().execute(rhythms)
    }


def find(subscriber_id: int) -> Subscription | None:
    """Return a subscriber, perhaps one whose subscription has ended. One statement."""
    row = db.session.connection().execute(sa.select(*_COLUMNS).where(subscriber.c.id == subscriber_id)).one_or_none()
    return Subscription(*row) if row else None


def find_by_token(purpose: Purpose, token: str) -> Subscription | None:
    """Return whom a leave or preferences token was made for; None where it is forged or no longer valid."""
    content = read_token(purpose, token)
    found = find(content.subscriber_id) if content else None
    return found if found and content and found.generation == content.number else None


def counts() -> dict[Status, int]:
    """Return how many subscriptions stand at each status, in the statuses' order. One statement."""
    by_status = sa.select(subscriber.c.status, sa.func.count()).group_by(subscriber.c.status)
    found = {row[0]: row[1] for row in db.session.connection().execute(by_status)}
    return {status: found.get(status, 0) for status in Status}


def _listed(owner: sa.Column[int], chosen: sa.Column[int], owners: Collection[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for id, each in db.session.connection().execute(sa.select(owner, chosen).where(owner.in_(owners))):
        found.setdefault(id, set()).add(each)
    return found
