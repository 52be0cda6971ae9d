"""What is forgotten when: networks after a week, voters after thirteen months. The figures stay."""

from datetime import datetime, timedelta

NETWORKS_KEPT = timedelta(days=7)
BATCH = 500


def destroy_network_keys(now: datetime) -> int:
    """Destroy the keys of days that began a week ago or earlier; return how many."""
    raise NotImplementedError


def blank_networks(now: datetime, at_most: int = BATCH) -> int:
    """Blank some of the network hashes made under destroyed keys; call until it returns 0."""
    raise NotImplementedError


def fold_voters(now: datetime, at_most: int = BATCH) -> int:
    """Forget some of the voters whose ballot is older than VOTER_KEPT; call until it returns 0.

    Their rows go and the ledger keeps its lines without their names, so a recount gives the same tally.
    """
    raise NotImplementedError
