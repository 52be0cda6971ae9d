"""A worker's share: some deliveries that are due, leased together, with whatever the allowance grants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from verdicts.config.mail import MailSettings
from verdicts.digest import delivery
from verdicts.digest.copies import Recipient
from verdicts.digest.delivery import NOT_WRITTEN_TO, Lease
from verdicts.digest.recipients import recipients_of
from verdicts.mailing import allowance


@dataclass(frozen=True)
class Share:
    """What one claim yielded. Without recipients, `again_at` is when to ask again, or None when that is no use."""

    recipients: Sequence[tuple[Lease, Recipient]] = ()
    again_at: datetime | None = None
    is_open: bool = True


def claim_share(
    edition_id: int, owner: str, most: int, lease: timedelta, settings: MailSettings, now: datetime
) -> Share:
    """Lease deliveries to an owner, as many as may be sent now. The caller has called begin_write(), and commits."""
    if not delivery.keep_being_sent(edition_id):
        return Share(is_open=False)
    rate, quota = settings.rate_per_minute, settings.max_per_day
    granted = allowance.acquire(most, rate_per_minute=rate, max_per_day=quota, now=now)
    leases = _claim(edition_id, owner, granted, lease, now)
    recipients = recipients_of(leases)
    delivery.skip([each for each in leases if each not in recipients], NOT_WRITTEN_TO, now)
    allowance.release(granted - len(recipients), now)
    if leases:
        return Share(tuple(recipients.items()), again_at=now)
    moment = delivery.next_moment(edition_id)
    if moment and not granted:
        moment = max(moment, allowance.next_available_at(rate, quota, now))
    return Share(again_at=moment)


def _claim(edition_id: int, owner: str, most: int, lease: timedelta, now: datetime) -> list[Lease]:
    if not most:
        return []
    if leases := delivery.claim(edition_id, owner, most, lease, now):
        return leases
    delivery.recover(edition_id, now)
    return delivery.claim(edition_id, owner, most, lease, now)
