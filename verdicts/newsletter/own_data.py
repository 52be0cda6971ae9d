"""All that is kept of one subscriber, for themselves."""

from datetime import datetime

from verdicts.newsletter import preferences
from verdicts.newsletter.queries import Subscription

FORMAT = "verdicts-subscription/1"


def of(subscription: Subscription, now: datetime) -> dict[str, object]:
    """Return what is kept of a subscriber as JSON takes it. Two statements."""
    mine = preferences.load(subscription.id, subscription.rhythm, now)
    return {
        "format": FORMAT,
        "address": subscription.address,
        "status": subscription.status,
        "signed_up": {"by": subscription.consent_source, "at": _moment(subscription.consent_at)},
        "confirmed_at": _moment(subscription.confirmed_at),
        "ended_at": _moment(subscription.ended_at),
        "rhythm": subscription.rhythm,
        "categories": "all" if mine.reads_all else [each.slug for each in mine.categories if each.is_chosen],
        "follows": [link.slug for link in mine.follows],
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
