"""What waits for an editor, as one row of numbers."""

from dataclasses import dataclass
from datetime import datetime

from verdicts.curation import price_queue
from verdicts.feedback import corrections
from verdicts.voting import queries as voting


@dataclass(frozen=True)
class QueueCounts:
    """How much each queue holds: prices that are due, groups of held ballots, open messages from readers."""

    prices: int
    held: int
    corrections: int


def counts(now: datetime) -> QueueCounts:
    """Return how much waits in each queue. Three statements, however much it is."""
    return QueueCounts(
        prices=price_queue.count(now),
        held=voting.count_held_groups(),
        corrections=corrections.count_open(),
    )
