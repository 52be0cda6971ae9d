"""Casting a vote. It sets the ballot and never toggles it, so a retry or a double tap changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa

from verdicts.catalog.columns import constant
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import Tool
from verdicts.prepared import Prepared
from verdicts.voting import pair_readers
from verdicts.voting.community import Community
from verdicts.voting.models import Occasion, Standing, vote, vote_event
from verdicts.voting.network_groups import hold_beyond, load_groups, most_voters
from verdicts.voting.pair_readers import TallyChange
from verdicts.voting.tallying import Figures, ToolGone, lock_tally, move_tally, read_tally, standing_of, worth

_tool = Tool.__table__

# Built once: putting a statement together costs more than running it.
_MINE = (vote.c.tool_id == sa.bindparam("tool")) & (vote.c.voter == sa.bindparam("by"))
_UNHELD = (Standing.COUNTED, Standing.WAITING)
_ADD = Prepared(sa.insert(vote))
_CHANGE = Prepared(
    sa.update(vote).where(_MINE).values(verdict=sa.bindparam("verdict_now"), changed_at=sa.bindparam("now"))
)
_RECORD = Prepared(sa.insert(vote_event).inline())


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
    """A voter's row (no standing: there is none), and the tool that its tool was merged into, if any.

    Beside it how many voters the client's network has had on all days that are known, today, and without being held.
    """

    merged_into: int | None
    verdict: Verdict | None
    standing: Standing | None
    network: str | None
    in_all: int
    today: int
    unheld: int


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

    @property
    def worth(self) -> Figures:
        return worth(self.after, self.standing) - worth(self.before, self.standing)


def cast(
    connection: sa.Connection,
    tool_id: int,
    *,
    voter: str,
    networks: Sequence[str],
    verdict: Verdict | None,
    allowance: int,
    now: datetime,
    figures: Figures | None = None,
) -> Ballot:
    """Set a voter's ballot for a tool and return it as it now stands; `verdict=None` takes it back.

    `voter` is a hash (voters.hash_voter), `networks` are those of the client's network (networks.network_hashes);
    without any the ballot counts at once. `figures` is the tool's tally where the caller has locked it
    (tallying.lock_published). The same verdict again writes nothing. If the tool was merged into another while this
    waited for its lock, the ballot is cast for that one. Raises ToolGone if it was deleted. The connection is in a
    transaction that may write (extensions.connect_to_write); the caller commits.
    """
    if verdict is None and _find(connection, tool_id, voter, networks).standing is None:
        return Ballot(tool_id, None, Standing.COUNTED, read_tally(connection, tool_id).community)
    if figures is None:
        figures = lock_tally(connection, tool_id)
    # Read after the lock and not joined to it: PostgreSQL would show the voter's row as it was before the wait.
    mine = _find(connection, tool_id, voter, networks)
    if mine.merged_into is not None:
        return cast(
            connection, mine.merged_into, voter=voter, networks=networks, verdict=verdict, allowance=allowance, now=now
        )
    if mine.verdict is verdict and mine.standing is not None:
        return Ballot(tool_id, verdict, mine.standing, figures.community)
    if mine.standing is None:
        change, held = _cast_first(connection, tool_id, voter, networks, verdict, allowance, now, figures, mine)
    else:
        change = _Change(tool_id, voter, mine.verdict, verdict, mine.standing, networks[0] if networks else None, now)
        _store(connection, change, figures, is_new=False)
        held = _judge_again(connection, change, mine.network, allowance)
    if held:
        standing = Standing.HELD if voter in held else change.standing
        return Ballot(tool_id, verdict, standing, read_tally(connection, tool_id).community)
    return Ballot(tool_id, verdict, change.standing, (figures + change.worth).community)


@lru_cache(maxsize=32)
def _select_current(networks: int) -> Prepared:
    """Return the statement that reads a _Current, for so many networks: an expanding parameter costs as much again."""
    is_unheld = vote.c.standing.in_([constant(standing) for standing in _UNHELD])
    names: list[sa.BindParameter[str]] = [sa.bindparam(f"network_{number}") for number in range(networks)]
    is_of_network = vote.c.network.in_(names) if names else sa.false()
    voters = (
        sa.select(
            sa.func.count().label("in_all"),
            sa.func.count().filter(vote.c.network == sa.bindparam("network_0", None)).label("today"),
            sa.func.count().filter(is_unheld).label("unheld"),
        )
        .where(vote.c.tool_id == sa.bindparam("tool"), is_of_network)
        .subquery()
    )
    return Prepared(
        sa.select(_tool.c.merged_into_id, vote.c.verdict, vote.c.standing, vote.c.network, *voters.c)
        .select_from(_tool.outerjoin(vote, _MINE).join(voters, sa.true()))
        .where(_tool.c.id == sa.bindparam("tool"))
    )


def _find(connection: sa.Connection, tool_id: int, voter: str, networks: Sequence[str]) -> _Current:
    values = {"tool": tool_id, "by": voter} | {f"network_{number}": each for number, each in enumerate(networks)}
    rows = _select_current(len(networks)).execute(connection, values)
    if not rows:
        raise ToolGone(tool_id)
    return _Current(*rows[0])


def _cast_first(
    connection: sa.Connection,
    tool_id: int,
    voter: str,
    networks: Sequence[str],
    verdict: Verdict | None,
    allowance: int,
    now: datetime,
    figures: Figures,
    mine: _Current,
) -> tuple[_Change, set[str]]:
    """Store a voter's first ballot; return it, and the voters whose ballots are held because their network has many."""
    has_too_many = mine.in_all >= most_voters(allowance)
    standing = Standing.HELD if has_too_many else standing_of(mine.today + 1, allowance)
    change = _Change(tool_id, voter, None, verdict, standing, networks[0] if networks else None, now)
    _store(connection, change, figures, is_new=True)
    if has_too_many and mine.unheld > allowance:
        return change, hold_beyond(connection, allowance, tool_id, networks, _UNHELD, now)
    return change, set()


def _judge_again(connection: sa.Connection, change: _Change, network: str | None, allowance: int) -> set[str]:
    """Hold what counts beyond its network's allowance where a change shows that it should not; return whose it was.

    `network` is that of the voter's first ballot, while it is known.
    """
    if change.standing is not Standing.COUNTED or network is None:
        return set()
    group = load_groups(connection, change.tool_id, [network])[network]
    if group.voters <= allowance or not group.must_be_held(allowance):
        return set()
    return hold_beyond(connection, allowance, change.tool_id, [network], (Standing.COUNTED,), change.at)


def _store(connection: sa.Connection, change: _Change, figures: Figures, *, is_new: bool) -> None:
    _set(connection, change, is_new)
    _record(connection, change)
    move_tally(connection, change.tool_id, change.worth)
    if change.standing is Standing.COUNTED:
        of_tally = TallyChange(figures, change.worth)
        pair_readers.move_voter(
            connection, change.tool_id, change.voter, of_tally, before=change.before, after=change.after
        )


def _set(connection: sa.Connection, change: _Change, is_new: bool) -> None:
    if not is_new:
        key = {"tool": change.tool_id, "by": change.voter}
        _CHANGE.execute(connection, {**key, "verdict_now": change.after, "now": change.at})
        return
    row = {"tool_id": change.tool_id, "voter": change.voter, "network": change.network}
    now = {"verdict": change.after, "standing": change.standing, "first_at": change.at, "changed_at": change.at}
    _ADD.execute(connection, row | now)


def _record(connection: sa.Connection, change: _Change) -> None:
    line = {"tool_id": change.tool_id, "voter": change.voter, "network": change.network, "at": change.at}
    before = {"from_verdict": change.before, "from_standing": change.standing}
    after = {"to_verdict": change.after, "to_standing": change.standing}
    _RECORD.execute(connection, {**line, **before, **after, "occasion": Occasion.CAST, "reason": None})
