"""Uncertain deliveries: whether the letter arrived is not known, so an operator decides, by the relay's log."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from verdicts.digest import editions
from verdicts.digest.models import DeliveryState, delivery
from verdicts.extensions import db
from verdicts.newsletter.addresses import NotAnAddress, parse
from verdicts.newsletter.models import subscriber


class Decision(StrEnum):
    """What an operator may say of an uncertain delivery."""

    SENT = "sent"
    RESEND = "resend"


@dataclass(frozen=True)
class Uncertain:
    """A delivery to be settled. `address` is None where the subscription has ended; `id` is the subscriber's."""

    subscriber_id: int
    address: str | None
    reply: str
    since: datetime


class NotUncertain(editions.DigestError):
    """Some of these addresses have no uncertain delivery; nothing was settled."""

    def __init__(self, addresses: Collection[str]) -> None:
        self.addresses = tuple(addresses)
        super().__init__(f"Nothing is uncertain about {', '.join(addresses)}. Nothing was settled.")


def uncertain(edition_id: int, most: int | None = None) -> list[Uncertain]:
    """Return what an operator has to decide, or the first so many of it, oldest first. One statement."""
    columns = (delivery.c.subscriber_id, subscriber.c.address, delivery.c.reply, delivery.c.changed_at)
    rows = sa.select(*columns).join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
    rows = rows.where(delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.UNCERTAIN)
    rows = rows.order_by(delivery.c.changed_at, delivery.c.subscriber_id).limit(most)
    found = db.session.connection().execute(rows)
    return [Uncertain(row.subscriber_id, row.address, row.reply or "", row.changed_at) for row in found]


def count_uncertain() -> int:
    """Return how many deliveries of all editions wait for an operator's word. One statement."""
    waiting = sa.select(sa.func.count()).where(delivery.c.state == DeliveryState.UNCERTAIN)
    return db.session.connection().scalar(waiting) or 0


def those_at(found: Collection[Uncertain], addresses: Collection[str]) -> list[int]:
    """Return the subscribers of these addresses, however they are spelled. Raises NotUncertain, naming all others."""
    known = {_key(each.address): each.subscriber_id for each in found if each.address}
    if missing := [address for address in addresses if _key(address) not in known]:
        raise NotUncertain(missing)
    return [known[_key(address)] for address in addresses]


def settle(edition_id: int, subscriber_ids: Collection[int], decision: Decision, now: datetime) -> int:
    """Do as an operator says: it was sent, or it is to be sent again; return how many were still uncertain.

    One whose subscriber has left meanwhile is not sent again: the gate skips it. The caller has called begin_write(),
    and commits. Raises WrongState where something is to be sent again for an edition that was cancelled.
    """
    values: dict[str, Any] = {"owner": None, "changed_at": now}
    if decision is Decision.SENT:
        values |= {"state": DeliveryState.SENT}
    else:
        if editions.is_cancelled(edition_id):
            raise editions.EditionIsCancelled(editions.by_id(edition_id).name)
        values |= {"state": DeliveryState.PENDING, "due_at": now, "tries": 0, "first_tried_at": None}
    these = sa.and_(delivery.c.edition_id == edition_id, delivery.c.subscriber_id.in_(subscriber_ids))
    update = sa.update(delivery).where(these, delivery.c.state == DeliveryState.UNCERTAIN)
    settled = db.session.connection().execute(update.values(**values)).rowcount
    editions.finish_if_done(edition_id, now)
    return settled


def _key(address: str) -> str:
    try:
        return parse(address).key
    except NotAnAddress:
        return address
