"""Subscribers in from elsewhere and out again. Whoever left, bounced or complained stays out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.newsletter.models import Rhythm, Status, subscriber, suppression
from verdicts.newsletter.queries import may_be_written_to
from verdicts.newsletter.spreadsheets import Consent

BATCH = 500


@dataclass(frozen=True)
class ImportReport:
    """How many addresses came new, were pending and are confirmed now, were there already, or stay out."""

    new: int = 0
    confirmed: int = 0
    known: int = 0
    suppressed: int = 0

    def __add__(self, other: "ImportReport") -> "ImportReport":
        return ImportReport(
            *(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True))
        )


def import_consents(consents: Sequence[Consent], now: datetime) -> ImportReport:
    """Add subscribers as confirmed, each address once. The caller has called begin_write(), and commits."""
    report = ImportReport()
    for start in range(0, len(consents), BATCH):
        report += _import_some(consents[start : start + BATCH], now)
    return report


def export_consents() -> Iterator[tuple[str, str, datetime]]:
    """Yield (address, consent source, consent moment) of everyone who may be written to, oldest first."""
    columns = (subscriber.c.address, subscriber.c.consent_source, subscriber.c.consent_at)
    statement = sa.select(*columns).where(may_be_written_to()).order_by(subscriber.c.id)
    for row in db.session.connection().execute(statement, execution_options={"yield_per": 1000}):
        yield row.address, row.consent_source, row.consent_at


def _import_some(consents: Sequence[Consent], now: datetime) -> ImportReport:
    connection, keys = db.session.connection(), [consent.address.key for consent in consents]
    suppressed = set(
        connection.scalars(sa.select(suppression.c.address_key).where(suppression.c.address_key.in_(keys)))
    )
    statuses = sa.select(subscriber.c.address_key, subscriber.c.status).where(subscriber.c.address_key.in_(keys))
    known = {row.address_key: row.status for row in connection.execute(statuses)}
    wanted = [consent for consent in consents if consent.address.key not in suppressed]
    if wanted:
        connection.execute(_confirm(wanted, now))
    found = [known.get(consent.address.key) for consent in wanted]
    return ImportReport(
        new=found.count(None),
        confirmed=found.count(Status.PENDING),
        known=found.count(Status.CONFIRMED),
        suppressed=len(consents) - len(wanted),
    )


def _confirm(consents: Sequence[Consent], now: datetime) -> sa.Executable:
    standing = {"status": Status.CONFIRMED, "rhythm": Rhythm.EVERY_WEEK, "generation": 1, "confirmed_at": now}
    rows = [
        {
            "address": consent.address.text,
            "address_key": consent.address.key,
            "consent_source": consent.source,
            "consent_at": consent.at,
            **standing,
        }
        for consent in consents
    ]
    added = insert(subscriber).values(rows)
    agreed = {name: added.excluded[name] for name in ("status", "confirmed_at", "consent_source", "consent_at")}
    return added.on_conflict_do_update(
        index_elements=["address_key"], set_=agreed, where=subscriber.c.status == Status.PENDING
    )
