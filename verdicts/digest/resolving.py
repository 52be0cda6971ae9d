"""Uncertain deliveries: whether the email arrived is not known. An operator decides, by the mail server's log."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from verdicts.digest import editions
from verdicts.digest.models import DeliveryState, EditionState, delivery
from verdicts.extensions import db
from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.models import subscriber


class Resolution(StrEnum):
    """An operator's decision about an uncertain delivery."""

    SENT = "sent"
    RESEND = "resend"


@dataclass(frozen=True)
class UncertainDelivery:
    """A delivery to resolve. `address` is None if the subscription has ended."""

    subscriber_id: int
    address: str | None
    state_reason: str
    since: datetime


class NotUncertain(editions.DigestError):
    """Some `addresses` have no uncertain delivery. Nothing was resolved."""

    def __init__(self, addresses: Collection[str]) -> None:
        self.addresses = tuple(addresses)
        super().__init__(f"Nothing is uncertain about {', '.join(addresses)}. Nothing was resolved.")


def list_uncertain(edition_id: int, limit: int | None = None) -> list[UncertainDelivery]:
    """Return an edition's uncertain deliveries, or the first `limit` of them, oldest first. One statement."""
    columns = (delivery.c.subscriber_id, subscriber.c.address, delivery.c.state_reason, delivery.c.changed_at)
    statement = sa.select(*columns).join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
    statement = statement.where(delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.UNCERTAIN)
    statement = statement.order_by(delivery.c.changed_at, delivery.c.subscriber_id).limit(limit)
    return [
        UncertainDelivery(row.subscriber_id, row.address, row.state_reason or "", row.changed_at)
        for row in db.session.connection().execute(statement)
    ]


def count_uncertain() -> int:
    """Return how many deliveries of all editions are uncertain. One statement."""
    statement = sa.select(sa.func.count()).where(delivery.c.state == DeliveryState.UNCERTAIN)
    return db.session.connection().scalar(statement) or 0


def get_subscriber_ids(deliveries: Collection[UncertainDelivery], addresses: Collection[str]) -> list[int]:
    """Return the subscriber ids of these addresses, in any spelling. Raises NotUncertain for addresses not listed."""
    ids = {_address_key(each.address): each.subscriber_id for each in deliveries if each.address}
    if missing := [address for address in addresses if _address_key(address) not in ids]:
        raise NotUncertain(missing)
    return [ids[_address_key(address)] for address in addresses]


def resolve(edition_id: int, subscriber_ids: Collection[int], resolution: Resolution, now: datetime) -> int:
    """Mark uncertain deliveries as sent, or as pending to send them again. Return how many were resolved.

    Sending again skips a subscriber who has left meanwhile. The caller has called begin_write(), and commits. Raises
    EditionIsCancelled if a delivery of a cancelled edition should be sent again.
    """
    values: dict[str, Any] = {"owner": None, "changed_at": now}
    if resolution is Resolution.SENT:
        values |= {"state": DeliveryState.SENT}
    else:
        if editions.lock_state(edition_id) is EditionState.CANCELLED:
            raise editions.EditionIsCancelled(editions.get_by_id(edition_id).name)
        values |= {"state": DeliveryState.PENDING, "due_at": now, "tries": 0, "first_tried_at": None}
    statement = sa.update(delivery).where(
        delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.UNCERTAIN
    )
    statement = statement.where(delivery.c.subscriber_id.in_(subscriber_ids)).values(**values)
    resolved = db.session.connection().execute(statement).rowcount
    editions.finish_if_done(edition_id, now)
    return resolved


def _address_key(address: str) -> str:
    try:
        return parse_email(address).key
    except InvalidAddress:
        return address
