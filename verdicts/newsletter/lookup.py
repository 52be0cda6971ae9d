"""Finding subscribers, and addresses that must not be written to, for those who run the newsletter."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.newsletter.addresses import Address, NotAnAddress, parse
from verdicts.newsletter.models import Status, subscriber, suppression
from verdicts.newsletter.queries import Subscription

A_PAGE = 50
_COLUMNS = [subscriber.c[name] for name in Subscription.__dataclass_fields__]


@dataclass(frozen=True)
class Suppressed:
    """Why an address must not be written to, and since when."""

    reason: Status
    at: datetime


def search(part: str = "", before: int | None = None, most: int = A_PAGE) -> list[Subscription]:
    """Return the newest subscriptions, older than an id, in whose address this stands; any, if nothing does.

    A whole address finds its mailbox however it is spelled. An ended subscription has no address to be found by.
    One statement.
    """
    rows = sa.select(*_COLUMNS).order_by(subscriber.c.id.desc()).limit(most)
    if before is not None:
        rows = rows.where(subscriber.c.id < before)
    if part := part.strip():
        rows = rows.where(_matches(part))
    return [Subscription(*row) for row in db.session.connection().execute(rows)]


def id_of(address: Address) -> int | None:
    """Return the subscription of an address, pending or confirmed. One statement."""
    row = sa.select(subscriber.c.id).where(subscriber.c.address_key == address.key)
    return db.session.connection().scalar(row)


def suppressed(address: Address) -> Suppressed | None:
    """Return why an address must not be written to, or None where it may. One statement."""
    known = sa.select(suppression.c.reason, suppression.c.at).where(suppression.c.address_key == address.key)
    row = db.session.connection().execute(known).one_or_none()
    return Suppressed(row.reason, row.at) if row else None


def _matches(part: str) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = subscriber.c.address.icontains(part, autoescape=True)
    try:
        return sa.or_(found, subscriber.c.address_key == parse(part).key)
    except NotAnAddress:
        return found
