"""What is forgotten when: networks after NETWORKS_KEPT, voters after VOTER_KEPT. The figures stay."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.voting import pair_readers
from verdicts.voting.decision import BATCH, decide
from verdicts.voting.models import HAS_NETWORK, UNDECIDED, Standing, network_key, vote, vote_event
from verdicts.voting.pair_readers import TallyChange
from verdicts.voting.tallying import Figures, lock_tally, move_tally, read_tally
from verdicts.voting.voters import VOTER_KEPT, VOTER_KEPT_MONTHS

NETWORKS_KEPT = timedelta(days=7)
_NOBODY_DECIDED = f"no editor decided in {VOTER_KEPT_MONTHS} months"


def destroy_network_keys(now: datetime) -> int:
    """Destroy the keys of days that began a week ago or earlier; return how many."""
    expired = sa.delete(network_key).where(network_key.c.day < _first_day_kept(now))
    return db.session.connection().execute(expired).rowcount


def blank_networks(now: datetime, at_most: int = BATCH) -> int | None:
    """Blank some of one tool's network hashes of days whose key is destroyed, and return how many.

    None where none is left: call it, and commit, until then. Call release_due() before: it needs the networks.
    """
    midnight = datetime.combine(_first_day_kept(now), time(), UTC)
    ballots = _blank(vote, vote.c.voter, vote.c.first_at, midnight, at_most)
    return ballots if ballots is not None else _blank(vote_event, vote_event.c.id, vote_event.c.at, midnight, at_most)


def fold_voters(now: datetime, at_most: int = BATCH) -> int | None:
    """Forget some voters of one tool whose ballots have not changed for VOTER_KEPT, and return how many.

    Their rows are deleted and their ledger lines kept without the voter, so a recount gives the same tally. A ballot
    that still waited for an editor is discarded. None where none is left: call it, and commit, until then.
    """
    oldest = _lock_oldest(vote.c.voter, vote.c.changed_at, vote.c.changed_at < now - VOTER_KEPT, at_most)
    if oldest is None:
        return None
    tool_id, voters = oldest
    undecided = sa.select(vote.c.voter).where(sa.text(UNDECIDED), vote.c.tool_id == tool_id, vote.c.voter.in_(voters))
    connection = db.session.connection()
    waiting = connection.scalars(undecided).all()
    decide(connection, tool_id, waiting, Standing.DISCARDED, reason=_NOBODY_DECIDED, now=now)
    lines = (vote_event.c.tool_id == tool_id) & vote_event.c.voter.in_(voters)
    connection.execute(sa.update(vote_event).where(lines).values(voter=None))
    with pair_readers.moving(connection, tool_id, voters, TallyChange(read_tally(connection, tool_id), Figures())):
        connection.execute(sa.delete(vote).where(vote.c.tool_id == tool_id, vote.c.voter.in_(voters)))
    move_tally(connection, tool_id, Figures())  # what pages say of readers of two tools changes
    return len(voters)


def _first_day_kept(now: datetime) -> date:
    return (now - NETWORKS_KEPT).astimezone(UTC).date() + timedelta(days=1)


def _blank(table: sa.Table, key: sa.Column[Any], at: sa.Column[Any], before: datetime, at_most: int) -> int | None:
    oldest = _lock_oldest(key, at, sa.and_(sa.text(HAS_NETWORK), at < before), at_most)
    if oldest is None:
        return None
    tool_id, keys = oldest
    blanked = sa.update(table).where(table.c.tool_id == tool_id, key.in_(keys)).values(network=None)
    return db.session.connection().execute(blanked).rowcount


def _lock_oldest(
    key: sa.Column[Any], at: sa.Column[Any], due: sa.ColumnElement[bool], at_most: int
) -> tuple[int, list[Any]] | None:
    """Lock the tally of the tool with the oldest row that is due; return its id and the keys of its oldest ones."""
    connection, tool = db.session.connection(), key.table.c.tool_id
    tool_id = connection.scalar(sa.select(tool).where(due).order_by(at).limit(1))
    if tool_id is None:
        return None
    lock_tally(connection, tool_id)
    # "+ 0" keeps SQLite, which knows no statistics, from walking all the tool's rows instead of the few old ones.
    keys = sa.select(key).where(due, tool + 0 == tool_id).order_by(at).limit(at_most)
    return tool_id, list(connection.scalars(keys))
