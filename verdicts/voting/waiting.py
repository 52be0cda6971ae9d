"""Ballots that wait: counted after a day, held where a network speaks with one voice, decided by an editor."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

WAITING_TIME = timedelta(hours=24)
ONE_SIDED_FROM_VOTERS = 10
ONE_SIDED_PERCENT = 90
BATCH = 500


@dataclass(frozen=True)
class Decided:
    """How many waiting ballots one call decided: `total == 0` means that none is due."""

    released: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        return self.released + self.held


def release_due(now: datetime, at_most: int = BATCH) -> Decided:
    """Count some of the ballots that have waited for a day, or hold them for an editor where they are one-sided.

    Call it, and commit, until nothing is due. The caller has called begin_write() and commits.
    """
    raise NotImplementedError


def release(tool_id: int, voters: Collection[str], *, reason: str, now: datetime) -> int:
    """Let these voters' ballots for a tool count, as an editor decides; return how many that changed."""
    raise NotImplementedError


def discard(tool_id: int, voters: Collection[str], *, reason: str, now: datetime) -> int:
    """Leave these voters' ballots for a tool uncounted for good, as an editor decides; return how many that changed."""
    raise NotImplementedError
