"""Adding somebody who agreed elsewhere: an import of one, whose refusals have names."""

from dataclasses import dataclass
from datetime import datetime

from verdicts.newsletter import lookup
from verdicts.newsletter.importing import import_consents
from verdicts.newsletter.lookup import Suppressed
from verdicts.newsletter.models import Status
from verdicts.newsletter.spreadsheets import Consent

_ENDED = {
    Status.LEFT: "Its reader left",
    Status.BOUNCED: "Mail to it came back",
    Status.COMPLAINED: "Its reader called a letter spam",
    Status.ERASED: "Its reader had everything erased",
}


class NotAdded(Exception):
    """Somebody was not added; the message says why, in words for whoever tried."""


class AlreadySubscribed(NotAdded):
    def __init__(self) -> None:
        super().__init__("This address is subscribed already.")


class AddressSuppressed(NotAdded):
    """Whoever left, bounced or complained stays out: nobody else's word brings them back."""

    def __init__(self, found: Suppressed) -> None:
        back = (
            "Nothing brings it back."
            if found.reason is Status.COMPLAINED
            else "Only they can bring it back: by signing up on the site, and confirming."
        )
        super().__init__(f"{_ENDED[found.reason]} on {found.at.day} {found.at:%b %Y}, so it stays out. {back}")


@dataclass(frozen=True)
class Added:
    """`was_pending` says that they had signed up and not yet confirmed."""

    subscriber_id: int
    was_pending: bool


def add(consent: Consent, now: datetime) -> Added:
    """Add a subscriber as confirmed. Raises AlreadySubscribed or AddressSuppressed.

    The caller has called begin_write(), and commits.
    """
    if found := lookup.suppressed(consent.address):
        raise AddressSuppressed(found)
    report = import_consents([consent], now)
    subscriber_id = lookup.id_of(consent.address)
    if subscriber_id is None or report.known:
        raise AlreadySubscribed
    return Added(subscriber_id, was_pending=bool(report.confirmed))
