"""Counts votes against their rate limits, without what makes Flask-Limiter's decorators cost as much as the vote."""

import logging
import time
from functools import lru_cache

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from verdicts.extensions import limiter
from verdicts.web import limits

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
PER_VOTER, PER_NETWORK, NEW_VOTERS = map(
    parse, (limits.PER_VOTER_LIMIT, limits.PER_NETWORK_LIMIT, limits.NEW_VOTERS_LIMIT)
)


class Counters:
    """The counters that all workers share, and while those cannot be reached, some of this process's own."""

    def __init__(self, storage: Storage) -> None:
        self._shared = FixedWindowRateLimiter(storage)
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._retry_at = 0.0

    def hit(self, limit: RateLimitItem, key: str) -> bool:
        """Count one more under a key, and say whether the limit allows it."""
        if time.monotonic() >= self._retry_at:
            try:
                return self._shared.hit(limit, key)
            except self._shared.storage.base_exceptions as error:
                self._retry_at = time.monotonic() + RETRY_SECONDS
                logger.warning("votes are counted by each worker for itself: %s", type(error).__name__)
        return self._own.hit(limit, key)


def count_vote(voter: str | None) -> None:
    """Count a request to vote. Raises TooManyRequests where its voter or its network has sent too many.

    The request of a client without a cookie only sets one, and has a limit of its own. Otherwise an office full of
    first-time voters would use up its network's limit before voting.
    """
    counters, network = _counters_in(limiter.storage), f"vote:{limits.network_key()}"
    if voter is None:
        is_allowed = counters.hit(NEW_VOTERS, network)
    else:
        is_allowed = counters.hit(PER_VOTER, f"vote:{voter}") and counters.hit(PER_NETWORK, network)
    if not is_allowed:
        raise TooManyRequests


@lru_cache(maxsize=1)
def _counters_in(storage: Storage) -> Counters:
    return Counters(storage)
