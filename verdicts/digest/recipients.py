"""Whom claimed deliveries are for, read just before their copies are printed."""

from collections.abc import Sequence

from verdicts.digest.blocks import Choices
from verdicts.digest.copies import Recipient
from verdicts.digest.delivery import Lease
from verdicts.extensions import db
from verdicts.newsletter.models import subscriber
from verdicts.newsletter.queries import choices_of, confirmed


def recipients_of(leases: Sequence[Lease]) -> dict[Lease, Recipient]:
    """Return the recipient of each delivery, but of none whose subscription has ended. Four statements."""
    ids = [lease.subscriber_id for lease in leases]
    chosen = choices_of(ids)
    rows = db.session.connection().execute(confirmed().where(subscriber.c.id.in_(ids)))
    found = {
        row.id: Recipient(row.id, row.address, row.generation, Choices(each.categories, each.tools, each.rhythm))
        for row in rows
        if (each := chosen.get(row.id))
    }
    return {lease: found[lease.subscriber_id] for lease in leases if lease.subscriber_id in found}
