"""How far an edition has come: exact counts by state."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from verdicts.digest.models import DeliveryState, delivery
from verdicts.extensions import db

_OVER = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED)


@dataclass(frozen=True)
class Progress:
    """How many deliveries of an edition are in each state, in the states' order."""

    counts: Mapping[DeliveryState, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def over(self) -> int:
        """Those of which nothing more will come, or nothing without an operator's word."""
        return sum(self.counts[state] for state in _OVER) + self.uncertain

    @property
    def sent(self) -> int:
        return self.counts[DeliveryState.SENT]

    @property
    def uncertain(self) -> int:
        return self.counts[DeliveryState.UNCERTAIN]

    @property
    def open(self) -> int:
        return self.total - self.over

    @property
    def words(self) -> str:
        """Such as "1,200 of 100,000: 1,190 sent, 10 deferred"."""
        parts = ", ".join(f"{count:,} {state}" for state, count in self.counts.items() if count)
        return f"{self.over:,} of {self.total:,}: {parts}" if parts else "nobody to send to"


def progress_of(edition_id: int) -> Progress:
    """Return an edition's counts. One statement."""
    by_state = sa.select(delivery.c.state, sa.func.count().label("deliveries")).group_by(delivery.c.state)
    rows = db.session.connection().execute(by_state.where(delivery.c.edition_id == edition_id))
    found = {row.state: row.deliveries for row in rows}
    return Progress({state: found.get(state, 0) for state in DeliveryState})
