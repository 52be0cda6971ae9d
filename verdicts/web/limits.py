"""Rate limits of votes, sign-ups and messages: by voter, by network, and for everybody together."""

import hmac
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import request

from verdicts.config import current_settings
from verdicts.extensions import limiter
from verdicts.voting.networks import network_of
from verdicts.web.voters import current_voter

P = ParamSpec("P")
T = TypeVar("T")

PER_VOTER_LIMIT = "10 per minute"
PER_NETWORK_LIMIT = "30 per minute"
NEW_VOTERS_LIMIT = "60 per minute"  # of a network
LARGE_COMPARISONS_LIMIT = "30 per minute"  # uncached pages of three and four tools, of a network
SIGNUPS_PER_NETWORK_LIMIT = "5 per hour"
SIGNUPS_TOTAL_LIMIT = "500 per hour"
MESSAGES_PER_NETWORK_LIMIT = "5 per hour"
MESSAGES_TOTAL_LIMIT = "100 per hour"
HOUR_SECONDS = 3600  # for Retry-After where a limit is per hour


def is_without_cookie() -> bool:
    """Say whether the client has no voter's cookie yet. Its request only sets one, and has a limit of its own.

    Otherwise an office full of first-time voters would use up its network's limit before voting.
    """
    return current_voter() is None


def has_cookie() -> bool:
    return not is_without_cookie()


def voter_key() -> str:
    return f"voter:{current_voter()}"


def network_key() -> str:
    """Return the client's network as a keyed hash: the counters may be in Redis, and must name nobody."""
    address = request.remote_addr or ""
    network = network_of(address) or address  # of this machine and private networks: each address for itself
    return f"network:{hmac.digest(current_settings().secret_key.encode(), network.encode(), 'sha256').hex()[:32]}"


def limit(per_network: str, total: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Limit how often one network, and all together, may call a function. It then raises RateLimitExceeded."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        # The network's limit is checked first, so that a network that is over it does not use up what all share.
        limited = limiter.limit(per_network, key_func=network_key)(function)
        return limiter.limit(total, key_func=lambda: "everyone")(limited)

    return decorate
