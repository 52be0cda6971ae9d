"""What is forgotten when: networks after a week, voters after thirteen months. The figures stay."""

from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.voting.decision import BATCH, decide
from verdicts.voting.models import HAS_NETWORK, Standing, network_key, vote, vote_event
from verdicts.voting.tallying import lock_tally
from verdicts.voting.voters import VOTER_KEPT

NETWORKS_KEPT = timedelta(days=7)
_UNDECIDED = "no editor decided in thirteen months"


def destroy_network_keys(now: datetime) -> int:
    """Destroy the keys of days that began a week ago or earlier; return how many."""
    expired = sa.delete(network_key).where(network_key.c.day < _first_day_kept(now))
    return db.session.connection().execute(expired).rowcount


def blank_networks(now: datetime, at_most: int = BATCH) -> int | None:
    """Blank some of one tool's network hashes of days whose key is destroyed, and return how many.

    None where none is left: call it, and commit, until then. Release what is due before: it needs the networks.
    """
    midnight = datetime.combine(_first_day_kept(now), time(), UTC)
    ballots = _blank(vote, vote.c.voter, vote.c.first_at, midnight, at_most)
    return ballots if ballots is not None else _blank(vote_event, vote_event.c.id, vote_event.c.at, midnight, at_most)


def fold_voters(now: datetime, at_most: int = BATCH) -> int | None:
    """Forget some voters of one tool who have said nothing new for VOTER_KEPT, and return how many.

    Their rows go and the ledger keeps its lines without their names, so a recount gives the same tally; a ballot that
    still waited for an editor is discarded. None where none is left: call it, and commit, until then.
    """
    old = vote.c.changed_at < now - VOTER_KEPT
    tool_id = _tool_with_oldest(old, vote.c.tool_id, vote.c.changed_at)
    if tool_id is None:
        return None
    lock_tally(tool_id)
    standings = sa.select(vote.c.voter, vote.c.standing).where(old, vote.c.tool_id == tool_id).limit(at_most)
    voters = {row.voter: row.standing for row in db.session.connection().execute(standings)}
    undecided = [voter for voter, standing in voters.items() if standing in {Standing.WAITING, Standing.HELD}]
    decide(tool_id, undecided, Standing.DISCARDED, reason=_UNDECIDED, now=now)
    _forget(tool_id, list(voters))
    return len(voters)


def _first_day_kept(now: datetime) -> date:
    return (now - NETWORKS_KEPT).astimezone(UTC).date() + timedelta(days=1)


def _blank(
    table: sa.Table, key: sa.Column[str] | sa.Column[int], at: sa.Column[datetime], before: datetime, at_most: int
) -> int | None:
    expired = sa.and_(sa.text(HAS_NETWORK), at < before)
    tool_id = _tool_with_oldest(expired, table.c.tool_id, at)
    if tool_id is None:
        return None
    lock_tally(tool_id)
    rows = sa.select(key).where(expired, table.c.tool_id == tool_id).limit(at_most)
    keys = db.session.connection().scalars(rows).all()
    blanked = sa.update(table).where(table.c.tool_id == tool_id, key.in_(keys)).values(network=None)
    return db.session.connection().execute(blanked).rowcount


def _tool_with_oldest(rows: sa.ColumnElement[bool], tool_id: sa.Column[int], at: sa.Column[datetime]) -> int | None:
    return db.session.connection().scalar(sa.select(tool_id).where(rows).order_by(at).limit(1))


def _forget(tool_id: int, voters: list[str]) -> None:
    connection = db.session.connection()
    lines = (vote_event.c.tool_id == tool_id) & vote_event.c.voter.in_(voters)
    connection.execute(sa.update(vote_event).where(lines).values(voter=None))
    connection.execute(sa.delete(vote).where(vote.c.tool_id == tool_id, vote.c.voter.in_(voters)))
