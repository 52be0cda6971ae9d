"""Groups: the ballots of one tool that came from one network, judged together.

The first `allowance` ballots of a group count and go on counting. What counts beyond them is held for an editor as soon
as the group is one-sided, by first or by current verdicts, or has more voters than a network may have. So somebody who
has many ballots gains nothing by voting against first, by taking back, or by spreading them over days.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.voting.decision import decide
from verdicts.voting.models import Occasion, Standing, vote, vote_event

ONE_SIDED_FROM = 10
ONE_SIDED_PERCENT = 90
MAX_RELEASED = 20  # ballots of one network that may count beyond its allowance without an editor

_line = vote_event.alias("first_line")
_first_ids = sa.select(sa.func.min(vote_event.c.id)).where(
    vote_event.c.tool_id == vote.c.tool_id, vote_event.c.voter == vote.c.voter
)
# Each ballot with its voter's first line in the ledger.
_with_first_line = vote.join(_line, _line.c.id == _first_ids.scalar_subquery())


@dataclass(frozen=True)
class NetworkGroup:
    """How many voters a group has, and what they say now and said first."""

    voters: int
    ship: int
    skip: int
    first_ship: int
    first_skip: int

    def must_be_held(self, allowance: int) -> bool:
        """Say whether only an editor may count what is beyond the group's allowance."""
        one_sided = is_one_sided(self.first_ship, self.first_skip) or is_one_sided(self.ship, self.skip)
        return one_sided or self.voters > most_voters(allowance)


def is_one_sided(ship: int, skip: int) -> bool:
    """Say whether voters are so many, and agree so much, that an editor must decide."""
    voters = ship + skip
    return voters >= ONE_SIDED_FROM and max(ship, skip) * 100 >= voters * ONE_SIDED_PERCENT


def most_voters(allowance: int) -> int:
    """Return how many new voters a network may have before an editor must look at all beyond its allowance."""
    return allowance + MAX_RELEASED


def load_groups(connection: sa.Connection, tool_id: int, networks: Collection[str]) -> dict[str, NetworkGroup]:
    """Return a tool's groups by the hash of their network and day. One statement."""
    verdicts = (Verdict.SHIP, Verdict.SKIP)
    current = [sa.func.count().filter(vote.c.verdict == verdict) for verdict in verdicts]
    first = [sa.func.count().filter(_line.c.to_verdict == verdict) for verdict in verdicts]
    rows = sa.select(vote.c.network, sa.func.count(), *current, *first).select_from(_with_first_line)
    groups = rows.where(vote.c.tool_id == tool_id, vote.c.network.in_(networks)).group_by(vote.c.network)
    return {network: NetworkGroup(*counts) for network, *counts in connection.execute(groups)}


def hold_beyond(
    connection: sa.Connection,
    allowance: int,
    tool_id: int,
    networks: Collection[str],
    standings: Collection[Standing],
    now: datetime,
) -> set[str]:
    """Hold the ballots of these standings that are not among a group's first `allowance`; return their voters.

    What an editor has counted stays. `networks` are the hashes of one network on one day or several. The caller holds
    the tally's lock.
    """
    editors = vote_event.alias("editors_line")
    by_editor = sa.exists().where(
        (editors.c.tool_id == tool_id) & (editors.c.voter == vote.c.voter),
        (editors.c.occasion == Occasion.RELEASED) & editors.c.reason.is_not(None),
    )
    ballots = sa.select(vote.c.voter, vote.c.standing, by_editor.label("by_editor")).select_from(_with_first_line)
    group = (vote.c.tool_id == tool_id) & vote.c.network.in_(networks)
    rows = connection.execute(ballots.where(group).order_by(_line.c.id)).all()
    held = {row.voter for row in rows[allowance:] if row.standing in standings and not row.by_editor}
    decide(connection, tool_id, held, Standing.HELD, reason=None, now=now)
    return held
