"""Rate limits of votes, sign-ups and messages: by voter, by network, and for everybody together."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from flask import request
from flask_limiter import RateLimitExceeded

from verdicts.config import current_settings
from verdicts.extensions import limiter
from verdicts.web.client_address import client_network

P = ParamSpec("P")
T = TypeVar("T")

PER_VOTER_LIMIT = "10 per minute"
PER_NETWORK_LIMIT = "30 per minute"
NEW_VOTERS_LIMIT = "60 per minute"  # of a network
LARGE_COMPARISONS_LIMIT = "30 per minute"  # uncached pages of three and four tools, of a network
UNCURATED_COMPARISONS_LIMIT = "600 per minute"  # uncached pages of tools that no editor compared, of everybody
PICTURES_LIMIT = "60 per minute"  # pictures that have to be drawn, of a network
QUERIES_LIMIT = "120 per minute"  # uncached pages with a query, such as searches, of a network
SIGNUPS_PER_NETWORK_LIMIT = "5 per hour"
SIGNUPS_PER_HOUR = 500
SIGNUPS_TOTAL_LIMIT = f"{SIGNUPS_PER_HOUR} per hour"
MESSAGES_PER_NETWORK_LIMIT = "5 per hour"
MESSAGES_PER_HOUR = 100
MESSAGES_TOTAL_LIMIT = f"{MESSAGES_PER_HOUR} per hour"
MAX_WAIT = timedelta(days=1)  # for one's turn beyond these
HOUR_SECONDS = 3600  # for Retry-After where a limit is per hour


def network_key() -> str:
    """Return the client's network as a keyed hash: the counters may be in Redis, and must name nobody."""
    # Of this machine and of private networks each address counts for itself.
    network = client_network() or request.remote_addr or ""
    return f"network:{hmac.digest(current_settings().secret_key.encode(), network.encode(), 'sha256').hex()[:32]}"


def turn_after(waiting: int, per_hour: int, now: datetime) -> datetime:
    """Return when one's turn is after so many others, of whom so many have theirs in an hour; at most MAX_WAIT away."""
    return now + min(timedelta(hours=1) * (waiting + 1) / per_hour, MAX_WAIT)


def limit(
    per_network: str, total: str | Callable[[], str]
) -> Callable[[Callable[Concatenate[bool, P], T]], Callable[P, T]]:
    """Limit how often one network may call a function. It then raises RateLimitExceeded.

    Where all networks together have called it more often than `total`, it is called with True as its first argument: it
    should make them wait their turn. Strangers can use up what all have together, so nobody is refused for it.
    """

    def decorate(function: Callable[Concatenate[bool, P], T]) -> Callable[P, T]:
        def count_all() -> None: ...

        count_all.__qualname__ = f"{function.__qualname__}.total"  # by which Flask-Limiter knows a limit
        count = limiter.limit(total, key_func=lambda: "everyone")(count_all)

        @wraps(function)
        def counted(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                count()
            except RateLimitExceeded:
                return function(True, *args, **kwargs)
            return function(False, *args, **kwargs)

        # The network's limit is checked first, so that a network that is over it does not use up what all share.
        return limiter.limit(per_network, key_func=network_key)(counted)

    return decorate
