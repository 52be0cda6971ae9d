"""What waits for an editor, as one row of numbers."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.comparisons.models import Comparison
from verdicts.curation import panel_queues, price_queue
from verdicts.digest import settling
from verdicts.extensions import db
from verdicts.feedback import corrections
from verdicts.voting import queries as voting


@dataclass(frozen=True)
class QueueCounts:
    """How much each queue holds.

    Prices that are due, reviews that are old, tools whose panel is not complete, comparisons without a bottom line,
    groups of held ballots, open messages from readers, deliveries of which nobody knows whether they arrived.
    """

    prices: int
    reviews: int
    panels: int
    comparisons: int
    held: int
    corrections: int
    uncertain: int

    @property
    def total(self) -> int:
        return sum(vars(self).values())


def counts(now: datetime) -> QueueCounts:
    """Return how much waits in each queue. Seven statements, however much it is."""
    return QueueCounts(
        prices=price_queue.count(now),
        reviews=panel_queues.count_old_reviews(now),
        panels=panel_queues.count_gaps(now),
        comparisons=_count_without_a_bottom_line(),
        held=voting.count_held_groups(),
        corrections=corrections.count_open(),
        uncertain=settling.count_uncertain(),
    )


def _count_without_a_bottom_line() -> int:
    without = sa.select(sa.func.count()).where(Comparison.bottom_line == "", Comparison.archived_at.is_(None))
    return db.session.scalar(without) or 0
