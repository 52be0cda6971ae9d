"""Ballots that wait: counted after WAITING_TIME, or held for an editor where their network's voters must be."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.voting.decision import BATCH, decide
from verdicts.voting.models import UNDECIDED, Standing, vote
from verdicts.voting.network_groups import load_groups
from verdicts.voting.queries import voters_held
from verdicts.voting.tallying import lock_tally

WAITING_HOURS = 24  # voters read "within a day": templates/voting/_ballot.html
WAITING_TIME = timedelta(hours=WAITING_HOURS)


@dataclass(frozen=True)
class Decided:
    """How many waiting ballots one call decided."""

    released: int = 0
    held: int = 0


def release_due(now: datetime, allowance: int, at_most: int = BATCH) -> Decided | None:
    """Count some ballots of one tool that have waited for WAITING_TIME, or hold them with the rest of their network.

    `allowance` is VOTES_PER_NETWORK_DAY. None where nothing is due: call it, and commit, until then. The caller has
    called begin_write() and commits.
    """
    is_waiting = sa.and_(sa.text(UNDECIDED), vote.c.standing == Standing.WAITING)
    due = is_waiting & (vote.c.first_at <= now - WAITING_TIME)
    connection = db.session.connection()
    tool_id = connection.scalar(sa.select(vote.c.tool_id).where(due).order_by(vote.c.first_at).limit(1))
    if tool_id is None:
        return None
    lock_tally(connection, tool_id)
    networks = _networks(due & (vote.c.tool_id == tool_id), at_most)
    groups = load_groups(connection, tool_id, {network for network in networks.values() if network is not None})
    suspicious = {network for network, group in groups.items() if group.must_be_held(allowance)}
    held = [voter for voter, network in networks.items() if network in suspicious]
    released = [voter for voter in networks if voter not in set(held)]
    return Decided(
        released=decide(connection, tool_id, released, Standing.COUNTED, reason=None, now=now),
        held=decide(connection, tool_id, held, Standing.HELD, reason=None, now=now),
    )


def decide_group(tool_id: int, network: str | None, to: Standing, *, reason: str, now: datetime) -> int:
    """Count or discard the ballots of a held group as it is now, as an editor decided; return how many.

    It returns 0 if another editor has decided already, or if the group's network has been blanked since. The tool must
    exist. The caller has called begin_write() and commits.
    """
    connection = db.session.connection()
    lock_tally(connection, tool_id)
    return decide(connection, tool_id, voters_held(tool_id, network), to, reason=reason, now=now)


def _networks(due: sa.ColumnElement[bool], at_most: int) -> dict[str, str | None]:
    rows = sa.select(vote.c.voter, vote.c.network).where(due).order_by(vote.c.first_at).limit(at_most)
    return {row.voter: row.network for row in db.session.connection().execute(rows)}
