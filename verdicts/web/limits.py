"""Rate limits of votes, sign-ups and messages: by voter, by network, and for everybody together."""

import hmac

from flask import request

from verdicts.config import current_settings
from verdicts.voting.networks import network_of
from verdicts.web.voters import current_voter

PER_VOTER_LIMIT = "10 per minute"
PER_NETWORK_LIMIT = "30 per minute"
SIGNUPS_PER_NETWORK_LIMIT = "5 per hour"
SIGNUPS_TOTAL_LIMIT = "500 per hour"
MESSAGES_PER_NETWORK_LIMIT = "5 per hour"
MESSAGES_TOTAL_LIMIT = "100 per hour"
HOUR_SECONDS = 3600  # for Retry-After where a limit is per hour


def is_without_cookie() -> bool:
    """Say whether the client has no voter's cookie yet. Its request only sets one, so it does not count.

    Otherwise an office full of first-time voters would use up its network's limit before voting.
    """
    return current_voter() is None


def voter_key() -> str:
    return f"voter:{current_voter()}"


def network_key() -> str:
    """Return the client's network as a keyed hash: the counters may be in Redis, and must name nobody."""
    network = str(network_of(request.remote_addr or "") or request.remote_addr)
    return f"network:{hmac.digest(current_settings().secret_key.encode(), network.encode(), 'sha256').hex()[:32]}"


def shared_key() -> str:
    return "everyone"
