"""How often one voter and one network may vote."""

from flask import request

from verdicts.voting.networks import network_of
from verdicts.web.voters import current_voter

A_VOTER = "10 per minute"
A_NETWORK = "30 per minute"


def is_new() -> bool:
    """Say whether the client has no cookie yet: it is only given one, nothing is recorded, and nothing counted here.

    Otherwise an office full of first-time voters would use up its network's allowance by introducing itself.
    """
    return current_voter() is None


def by_voter() -> str:
    return f"voter:{current_voter()}"


def by_network() -> str:
    return f"network:{network_of(request.remote_addr or '') or request.remote_addr}"
