"""Counts votes against their rate limits, without what makes Flask-Limiter's decorators cost as much as the vote."""

from functools import lru_cache

from limits import parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from verdicts.extensions import limiter
from verdicts.web import limits

PER_VOTER, PER_NETWORK, NEW_VOTERS = map(
    parse, (limits.PER_VOTER_LIMIT, limits.PER_NETWORK_LIMIT, limits.NEW_VOTERS_LIMIT)
)


def count_vote(voter: str | None) -> None:
    """Count a request to vote. Raises TooManyRequests where its voter or its network has sent too many.

    The request of a client without a cookie only sets one, and has a limit of its own. Otherwise an office full of
    first-time voters would use up its network's limit before voting.
    """
    limiting, network = _limiting_by(limiter.storage), f"vote:{limits.network_key()}"
    if voter is None:
        is_allowed = limiting.hit(NEW_VOTERS, network)
    else:
        is_allowed = limiting.hit(PER_VOTER, f"vote:{voter}") and limiting.hit(PER_NETWORK, network)
    if not is_allowed:
        raise TooManyRequests


@lru_cache(maxsize=1)
def _limiting_by(storage: Storage) -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(storage)
