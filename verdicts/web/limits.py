"""How often one voter and one network may vote, and one network and everyone together may sign up or write to us."""

import hmac

from flask import request

from verdicts.voting.networks import network_of
from verdicts.web.settings import current_settings
from verdicts.web.voters import current_voter

A_VOTER = "10 per minute"
A_NETWORK = "30 per minute"
SIGNUPS_OF_A_NETWORK = "5 per hour"
SIGNUPS_IN_ALL = "500 per hour"
MESSAGES_OF_A_NETWORK = "5 per hour"
MESSAGES_IN_ALL = "100 per hour"


def is_new() -> bool:
    """Say whether the client has no cookie yet: it is only given one, nothing is recorded, and nothing counted here.

    Otherwise an office full of first-time voters would use up its network's allowance by introducing itself.
    """
    return current_voter() is None


def by_voter() -> str:
    return f"voter:{current_voter()}"


def by_network() -> str:
    """Return a network's name for the counters, which may be Redis: a keyed hash, as everywhere."""
    network = str(network_of(request.remote_addr or "") or request.remote_addr)
    return f"network:{hmac.digest(current_settings().secret_key.encode(), network.encode(), 'sha256').hex()[:32]}"


def all_together() -> str:
    return "everyone"
