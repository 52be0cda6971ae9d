"""Claiming a batch: deliveries that are due, leased together, as many as the sending allowance permits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.config.mail import MailSettings
from verdicts.digest import delivery as delivery_steps
from verdicts.digest import editions
from verdicts.digest.delivery import UNSUBSCRIBED_REASON, Lease
from verdicts.digest.messages import Recipient
from verdicts.digest.models import EditionState
from verdicts.extensions import db
from verdicts.mailing import allowance
from verdicts.newsletter.models import subscriber
from verdicts.newsletter.queries import choices_by, select_mailable

MIN_BATCH_SIZE = 25
# Built once, as it runs for each batch.
_MAILABLE = select_mailable().where(subscriber.c.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class ClaimedBatch:
    """A claim's result. `retry_at`: when to claim again, None for never. Only meaningful if there are no claims."""

    claims: Sequence[tuple[Lease, Recipient]] = ()
    retry_at: datetime | None = None
    is_being_sent: bool = True


def claim_batch(
    edition_id: int, worker_name: str, limit: int, lease_duration: timedelta, settings: MailSettings, now: datetime
) -> ClaimedBatch:
    """Lease deliveries to a worker, as many as may be sent now. The caller has called begin_write(), and commits."""
    if editions.lock_state(edition_id) is not EditionState.SENDING:
        return ClaimedBatch(is_being_sent=False)
    rate, quota = settings.rate_per_minute, settings.max_per_day
    share = _share_of_connection(edition_id, limit, settings.connections, now)
    granted = allowance.acquire(share, rate_per_minute=rate, max_per_day=quota, now=now)
    leases = _claim_or_recover(edition_id, worker_name, granted, lease_duration, now)
    recipients = load_recipients(leases)
    delivery_steps.skip([each for each in leases if each not in recipients], UNSUBSCRIBED_REASON, now)
    allowance.release(granted - len(recipients), now)
    if leases:
        return ClaimedBatch(tuple(recipients.items()), retry_at=now)
    retry_at = delivery_steps.next_claim_at(edition_id)
    if retry_at and not granted:
        retry_at = max(retry_at, allowance.next_available_at(rate, quota, now))
    return ClaimedBatch(retry_at=retry_at)


def _share_of_connection(edition_id: int, limit: int, connections: int, now: datetime) -> int:
    """Return how many deliveries one of these connections takes, so that all are done at about the same time."""
    due = delivery_steps.count_due(edition_id, limit * connections, now)
    return min(limit, max(MIN_BATCH_SIZE, due // connections))


def load_recipients(leases: Sequence[Lease]) -> dict[Lease, Recipient]:
    """Return the recipient of each delivery, without those whose subscription has ended. Three statements."""
    rows = db.session.connection().execute(_MAILABLE, {"ids": [lease.subscriber_id for lease in leases]}).all()
    choices = choices_by({row.id: row.rhythm for row in rows})
    recipients = {row.id: Recipient(row.id, row.address, row.generation, choices[row.id]) for row in rows}
    return {lease: recipients[lease.subscriber_id] for lease in leases if lease.subscriber_id in recipients}


def _claim_or_recover(
    edition_id: int, worker_name: str, limit: int, lease_duration: timedelta, now: datetime
) -> list[Lease]:
    """Claim. If nothing is due, recover expired deliveries and claim again."""
    if not limit:
        return []
    if leases := delivery_steps.claim(edition_id, worker_name, limit, lease_duration, now):
        return leases
    delivery_steps.recover_expired(edition_id, now)
    return delivery_steps.claim(edition_id, worker_name, limit, lease_duration, now)
