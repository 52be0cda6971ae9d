"""Casting a vote. It sets the ballot and never toggles it, so a retry or a double tap changes nothing."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import Tool
from verdicts.extensions import db
from verdicts.voting.community import Community
from verdicts.voting.models import Occasion, Standing, vote, vote_event
from verdicts.voting.tallying import ToolGone, lock_tally, move_tally, read_tally, standing_of, worth

_tool = Tool.__table__

# Built once: putting a statement together costs more than running it.
_MINE = (vote.c.tool_id == sa.bindparam("tool")) & (vote.c.voter == sa.bindparam("by"))
_FIND = (
    sa.select(_tool.c.merged_into_id, vote.c.verdict, vote.c.standing)
    .select_from(_tool.outerjoin(vote, _MINE))
    .where(_tool.c.id == sa.bindparam("tool"))
)
_COUNT_VOTERS = (
    sa.select(sa.func.count())
    .select_from(vote)
    .where(vote.c.tool_id == sa.bindparam("tool"), vote.c.network == sa.bindparam("network"))
)
_ADD = sa.insert(vote)
_CHANGE = sa.update(vote).where(_MINE).values(verdict=sa.bindparam("verdict_now"), changed_at=sa.bindparam("now"))
_RECORD = sa.insert(vote_event).inline()


@dataclass(frozen=True)
class Ballot:
    """One voter's ballot for one tool, and the tool's figures. No verdict: none was cast, or it was taken back."""

    tool_id: int
    verdict: Verdict | None
    standing: Standing
    community: Community

    @property
    def is_counted(self) -> bool:
        return self.standing is Standing.COUNTED


@dataclass(frozen=True)
class _Current:
    """A voter's row (no standing: there is none), and the tool that its tool was merged into, if any."""

    merged_into: int | None
    verdict: Verdict | None
    standing: Standing | None


@dataclass(frozen=True)
class _Change:
    """One voter's ballot for one tool goes from one verdict to another; its standing stays."""

    tool_id: int
    voter: str
    before: Verdict | None
    after: Verdict | None
    standing: Standing
    network: str | None
    at: datetime


def cast(
    tool_id: int, *, voter: str, network: str | None, verdict: Verdict | None, allowance: int, now: datetime
) -> Ballot:
    """Set a voter's ballot for a tool and return it as it now stands; `verdict=None` takes it back.

    `voter` and `network` are hashes (voters.hash_voter, networks.network_hash); without a network the ballot counts
    at once. The same verdict again writes nothing. If the tool was merged into another while this waited for its lock,
    the ballot is cast for that one. Raises ToolGone if it was deleted. The caller has called begin_write() and commits.
    """
    if verdict is None and _find(tool_id, voter).standing is None:
        return Ballot(tool_id, None, Standing.COUNTED, read_tally(tool_id).community)
    figures = lock_tally(tool_id)
    # Read after the lock and not joined to it: PostgreSQL would show the voter's row as it was before the wait.
    mine = _find(tool_id, voter)
    if mine.merged_into is not None:
        return cast(mine.merged_into, voter=voter, network=network, verdict=verdict, allowance=allowance, now=now)
    before, standing = mine.verdict, mine.standing or _first_standing(tool_id, network, allowance)
    if before is not verdict:
        _store(_Change(tool_id, voter, before, verdict, standing, network, now), is_new=mine.standing is None)
        figures = figures - worth(before, standing) + worth(verdict, standing)
    return Ballot(tool_id, verdict, standing, figures.community)


def _find(tool_id: int, voter: str) -> _Current:
    row = db.session.connection().execute(_FIND, {"tool": tool_id, "by": voter}).one_or_none()
    if row is None:
        raise ToolGone(tool_id)
    return _Current(*row)


def _first_standing(tool_id: int, network: str | None, allowance: int) -> Standing:
    if network is None:
        return Standing.COUNTED
    voters = db.session.connection().scalar(_COUNT_VOTERS, {"tool": tool_id, "network": network}) or 0
    return standing_of(voters + 1, allowance)


def _store(change: _Change, is_new: bool) -> None:
    _set(change, is_new)
    _record(change)
    move_tally(change.tool_id, worth(change.after, change.standing) - worth(change.before, change.standing))


def _set(change: _Change, is_new: bool) -> None:
    connection = db.session.connection()
    if not is_new:
        key = {"tool": change.tool_id, "by": change.voter}
        connection.execute(_CHANGE, {**key, "verdict_now": change.after, "now": change.at})
        return
    row = {"tool_id": change.tool_id, "voter": change.voter, "network": change.network}
    now = {"verdict": change.after, "standing": change.standing, "first_at": change.at, "changed_at": change.at}
    connection.execute(_ADD, row | now)


def _record(change: _Change) -> None:
    line = {"tool_id": change.tool_id, "voter": change.voter, "network": change.network, "at": change.at}
    before = {"from_verdict": change.before, "from_standing": change.standing}
    after = {"to_verdict": change.after, "to_standing": change.standing}
    db.session.connection().execute(_RECORD, {**line, **before, **after, "occasion": Occasion.CAST, "reason": None})
