"""What pages, commands and the digest read of the subscribers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.addresses import Address, parse_email
from verdicts.newsletter.models import Rhythm, Status, subscriber, subscriber_category, subscriber_tool, suppression
from verdicts.newsletter.tokens import Purpose, read_token

PAGE_SIZE = 50


@dataclass(frozen=True)
class SubscriberChoices:
    """What a subscriber wants to read, as ids. No categories means all of them."""

    categories: frozenset[int] = frozenset()
    tools: frozenset[int] = frozenset()
    rhythm: Rhythm = Rhythm.EVERY_WEEK


@dataclass(frozen=True)
class Subscription:
    """One subscriber. `address` is None once the subscription has ended."""

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
    def is_active(self) -> bool:
        """True for pending and confirmed subscriptions."""
        return self.address is not None


@dataclass(frozen=True)
class AddressSuppression:
    """Why an address must not be mailed, and since when."""

    reason: Status
    at: datetime


# What runs for each batch of letters is built once.
_IDS: sa.BindParameter[int] = sa.bindparam("ids", expanding=True)
_RHYTHMS = sa.select(subscriber.c.id, subscriber.c.rhythm).where(subscriber.c.id.in_(_IDS))
_CATEGORIES, _TOOLS = (
    sa.select(owner, value).where(owner.in_(_IDS))
    for owner, value in (
        (subscriber_category.c.subscriber_id, subscriber_category.c.category_id),
        (subscriber_tool.c.subscriber_id, subscriber_tool.c.tool_id),
    )
)
_COLUMNS = [subscriber.c[name] for name in Subscription.__dataclass_fields__]


def select_mailable() -> sa.Select[tuple[int, str, Rhythm, int]]:
    """Return the statement that selects id, address, rhythm and generation of who may be mailed, without an order."""
    columns = (subscriber.c.id, subscriber.c.address, subscriber.c.rhythm, subscriber.c.generation)
    return sa.select(*columns).where(is_mailable())


def is_mailable() -> sa.ColumnElement[bool]:
    """Return the condition on a row of `subscriber`: confirmed and not suppressed."""
    is_suppressed = sa.exists().where(suppression.c.address_key == subscriber.c.address_key)
    return sa.and_(subscriber.c.status == Status.CONFIRMED, ~is_suppressed)


def load_choices(subscriber_ids: Collection[int]) -> dict[int, SubscriberChoices]:
    """Return what each of these subscribers wants to read. Three statements; pass at most a few thousand ids."""
    return choices_by(dict(db.session.connection().execute(_RHYTHMS, {"ids": subscriber_ids}).all()))


def choices_by(rhythms: Mapping[int, Rhythm]) -> dict[int, SubscriberChoices]:
    """Return what load_choices() does for subscribers whose rhythms are known. Two statements."""
    categories, tools = _group(_CATEGORIES, rhythms.keys()), _group(_TOOLS, rhythms.keys())
    return {
        id: SubscriberChoices(frozenset(categories.get(id, ())), frozenset(tools.get(id, ())), rhythm)
        for id, rhythm in rhythms.items()
    }


def search(part: str = "", before: int | None = None, limit: int = PAGE_SIZE) -> list[Subscription]:
    """Return the subscriptions whose address contains `part`, newest first, with ids below `before`. One statement.

    A whole address finds its mailbox however it is spelled. Ended subscriptions have no address to be found by.
    """
    rows = sa.select(*_COLUMNS).order_by(subscriber.c.id.desc()).limit(limit)
    if before is not None:
        rows = rows.where(subscriber.c.id < before)
    if part := part.strip():
        rows = rows.where(_has_address_like(part))
    return [Subscription(*row) for row in db.session.connection().execute(rows)]


def find(subscriber_id: int) -> Subscription | None:
    """Return a subscription, ended or not. One statement."""
    row = db.session.connection().execute(sa.select(*_COLUMNS).where(subscriber.c.id == subscriber_id)).one_or_none()
    return Subscription(*row) if row else None


def find_by_token(purpose: Purpose, token: str) -> Subscription | None:
    """Return the subscription that a leave or preferences token belongs to; None where it is forged or revoked."""
    content = read_token(purpose, token)
    subscription = find(content.subscriber_id) if content else None
    return subscription if subscription and content and subscription.generation == content.number else None


def find_id(address: Address) -> int | None:
    """Return the id of the pending or confirmed subscription of an address. One statement."""
    row = sa.select(subscriber.c.id).where(subscriber.c.address_key == address.key)
    return db.session.connection().scalar(row)


def find_suppression(address: Address) -> AddressSuppression | None:
    """Return why an address must not be mailed, None where it may be. One statement."""
    columns = sa.select(suppression.c.reason, suppression.c.at).where(suppression.c.address_key == address.key)
    row = db.session.connection().execute(columns).one_or_none()
    return AddressSuppression(*row) if row else None


def count_by_status() -> dict[Status, int]:
    """Return how many subscriptions have each status, in the order of Status. One statement."""
    rows = sa.select(subscriber.c.status, sa.func.count()).group_by(subscriber.c.status)
    counts = {row[0]: row[1] for row in db.session.connection().execute(rows)}
    return {status: counts.get(status, 0) for status in Status}


def _group(statement: sa.Select[int, int], owners: Collection[int]) -> dict[int, set[int]]:
    values: dict[int, set[int]] = {}
    for id, each in db.session.connection().execute(statement, {"ids": list(owners)}):
        values.setdefault(id, set()).add(each)
    return values


def _has_address_like(part: str) -> sa.ColumnElement[bool]:
    contains: sa.ColumnElement[bool] = subscriber.c.address.icontains(part, autoescape=True)
    try:
        return sa.or_(contains, subscriber.c.address_key == parse_email(part).key)
    except InvalidAddress:
        return contains
