"""How often one voter and one network may vote."""

from flask import request

from verdicts.voting.networks import network_of
from verdicts.web.voters import current_voter

A_VOTER = "10 per minute"
A_NETWORK = "30 per minute"


def by_voter() -> str:
    """Return the voter's key; before there is one, the client's."""
    return f"voter:{current_voter() or request.remote_addr}"


def by_network() -> str:
    return f"network:{network_of(request.remote_addr or '') or request.remote_addr}"
