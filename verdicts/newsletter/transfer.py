"""Importing and exporting subscribers, and adding a single one. Suppressed addresses stay out.

Callers of what writes have called begin_write(), and commit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.newsletter import queries
from verdicts.newsletter.csv_file import Consent
from verdicts.newsletter.models import Rhythm, Status, subscriber, suppression
from verdicts.newsletter.queries import AddressSuppression, is_mailable

BATCH_SIZE = 500
_REASONS = {
    Status.LEFT: "Its owner unsubscribed",
    Status.BOUNCED: "Email to it bounced",
    Status.COMPLAINED: "Its owner reported an email as spam",
    Status.ERASED: "Its owner had their data erased",
}


class NotAdded(Exception):
    """A subscriber was not added; the message says why, for people."""


class AlreadySubscribed(NotAdded):
    def __init__(self) -> None:
        super().__init__("This address is subscribed already.")


class AddressSuppressed(NotAdded):
    """The reader left, bounced, complained or was erased, so nobody else may subscribe them."""

    def __init__(self, suppression: AddressSuppression) -> None:
        way_back = {
            Status.COMPLAINED: "It can never be added again.",
            Status.BOUNCED: "They can add it again by signing up on the site; an admin can restore it for 30 days.",
        }.get(suppression.reason, "Only they can add it again, by signing up on the site.")
        day = f"{suppression.at.day} {suppression.at:%b %Y}"
        super().__init__(f"{_REASONS[suppression.reason]} on {day}, so it was not added. {way_back}")


@dataclass(frozen=True)
class AddedSubscriber:
    """`was_pending`: the subscriber had signed up, but not confirmed."""

    subscriber_id: int
    was_pending: bool


@dataclass(frozen=True)
class ImportCounts:
    """How many addresses were new, were pending and are confirmed now, were confirmed already, or are suppressed."""

    new: int = 0
    confirmed: int = 0
    known: int = 0
    suppressed: int = 0

    def __add__(self, other: "ImportCounts") -> "ImportCounts":
        return ImportCounts(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def import_consents(consents: Sequence[Consent], now: datetime) -> ImportCounts:
    """Add subscribers as confirmed. Each address must occur once."""
    batches = (consents[start : start + BATCH_SIZE] for start in range(0, len(consents), BATCH_SIZE))
    return sum((_import_batch(batch, now) for batch in batches), ImportCounts())


def export_consents() -> Iterator[tuple[str, str, datetime]]:
    """Yield (address, consent source, consent time) of every subscriber who may be mailed, oldest first."""
    columns = (subscriber.c.address, subscriber.c.consent_source, subscriber.c.consent_at)
    statement = sa.select(*columns).where(is_mailable()).order_by(subscriber.c.id)
    for row in db.session.connection().execute(statement, execution_options={"yield_per": 1000}):
        yield row.address, row.consent_source, row.consent_at


def add(consent: Consent, now: datetime) -> AddedSubscriber:
    """Add a subscriber who agreed elsewhere as confirmed. Raises AlreadySubscribed or AddressSuppressed."""
    if suppression := queries.find_suppression(consent.address):
        raise AddressSuppressed(suppression)
    counts = import_consents([consent], now)
    subscriber_id = queries.find_id(consent.address)
    if subscriber_id is None or counts.known:
        raise AlreadySubscribed
    return AddedSubscriber(subscriber_id, was_pending=bool(counts.confirmed))


def _import_batch(consents: Sequence[Consent], now: datetime) -> ImportCounts:
    connection, keys = db.session.connection(), [consent.address.key for consent in consents]
    suppressions = sa.select(suppression.c.address_key).where(suppression.c.address_key.in_(keys))
    suppressed = set(connection.scalars(suppressions))
    columns = sa.select(subscriber.c.address_key, subscriber.c.status).where(subscriber.c.address_key.in_(keys))
    statuses = {row.address_key: row.status for row in connection.execute(columns)}
    allowed = [consent for consent in consents if consent.address.key not in suppressed]
    if allowed:
        connection.execute(_upsert(allowed, now))
    before = [statuses.get(consent.address.key) for consent in allowed]
    return ImportCounts(
        new=before.count(None),
        confirmed=before.count(Status.PENDING),
        known=before.count(Status.CONFIRMED),
        suppressed=len(consents) - len(allowed),
    )


def _upsert(consents: Sequence[Consent], now: datetime) -> sa.Executable:
    new = {"status": Status.CONFIRMED, "rhythm": Rhythm.EVERY_WEEK, "generation": 1, "confirmed_at": now}
    rows = [
        {
            "address": consent.address.text,
            "address_key": consent.address.key,
            "consent_source": consent.source,
            "consent_at": consent.at,
            **new,
        }
        for consent in consents
    ]
    insertion = insert(subscriber).values(rows)
    values = {name: insertion.excluded[name] for name in ("status", "confirmed_at", "consent_source", "consent_at")}
    is_pending = subscriber.c.status == Status.PENDING
    return insertion.on_conflict_do_update(index_elements=["address_key"], set_=values, where=is_pending)
