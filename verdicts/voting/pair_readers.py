"""How many readers judged both of two popular tools: counts that move with each vote, in its transaction.

Counts of a pair are kept where both tools are popular. Of other pairs at most POPULAR_FROM votes must be read to count
them, so they have no rows: see queries.readers_of_both().
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from verdicts.catalog.columns import constant
from verdicts.catalog.kinds import Verdict
from verdicts.prepared import Prepared
from verdicts.voting.models import Standing, pair_readers, tally, vote
from verdicts.voting.tallying import Figures, read_tally

POPULAR_FROM = 1_000  # counted votes
ADVISORY_LOCK = 7_216_404_182  # of PostgreSQL; any number that nobody else uses
COUNTS = {
    (on_tool, on_rival): pair_readers.c[f"{on_tool}_{on_rival}"] for on_tool, on_rival in product(Verdict, repeat=2)
}
_NAMES = [column.name for column in COUNTS.values()]

Pair = tuple[int, int]  # the smaller id first


def is_counted(ballot: sa.FromClause) -> sa.ColumnElement[bool]:
    """Return the condition on a row of `vote`, or an alias of it, that the tally counts it."""
    return (ballot.c.standing == constant(Standing.COUNTED)) & ballot.c.verdict.is_not(None)


_mine, _other = vote.alias("mine"), vote.alias("other")
_my_tally, _other_tally = tally.alias("my_tally"), tally.alias("other_tally")
_popular_from, _sign = sa.bindparam("popular_from", type_=sa.Integer), sa.bindparam("sign", type_=sa.Integer)
_tool = sa.bindparam("tool", type_=sa.Integer)


def _in_order(mine: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> tuple[sa.Case[Any], sa.Case[Any]]:
    """Return what belongs to the pair's tool, and what belongs to its rival."""
    is_first = _mine.c.tool_id < _other.c.tool_id
    return sa.case((is_first, mine), else_=other), sa.case((is_first, other), else_=mine)


_on_tool, _on_rival = _in_order(_mine.c.verdict, _other.c.verdict)
_counts = (
    sa.func.count().filter(_on_tool == constant(on_tool), _on_rival == constant(on_rival)) * _sign
    for on_tool, on_rival in COUNTS
)
_is_popular_rival = (_other_tally.c.tool_id == _other.c.tool_id) & (_other_tally.c.counted >= _popular_from)
# How all readers of any tool and a popular other one judged them, by pair.
_OF_ANY = (
    sa.select(*_in_order(_mine.c.tool_id, _other.c.tool_id), *_counts)
    .select_from(_mine)
    .join(_other, (_other.c.voter == _mine.c.voter) & (_other.c.tool_id != _mine.c.tool_id))
    .join(_other_tally, _is_popular_rival)
    .where(is_counted(_mine), is_counted(_other))
    .group_by(_mine.c.tool_id, _other.c.tool_id)
)
_OF_TOOL = _OF_ANY.where(_mine.c.tool_id == _tool)
_OF_VOTERS = _OF_TOOL.where(_mine.c.voter.in_(sa.bindparam("voters", expanding=True)))
_OF_ALL = _OF_ANY.join(_my_tally, _my_tally.c.tool_id == _mine.c.tool_id).where(
    _my_tally.c.counted >= _popular_from, _mine.c.tool_id < _other.c.tool_id
)
# The popular rivals that one voter has judged.
_RIVALS = Prepared(
    sa.select(_other.c.tool_id, _other.c.verdict)
    .join(_other_tally, _is_popular_rival)
    .where(_other.c.voter == sa.bindparam("voter"), _other.c.tool_id != _tool, is_counted(_other))
)
_FORGET = sa.delete(pair_readers).where((pair_readers.c.tool_id == _tool) | (pair_readers.c.rival_id == _tool))


def _adding(counted: sa.Select[Any] | None = None) -> dict[str, sa.Insert]:
    """Return the statement that adds rows, or what a SELECT counts, to what is stored, by the database's name."""
    statements = {}
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql)):
        insert: Any = dialect.insert(pair_readers)
        insert = insert if counted is None else insert.from_select(list(pair_readers.c), counted)
        grown = {column.name: column + insert.excluded[column.name] for column in COUNTS.values()}
        statements[name] = insert.on_conflict_do_update(index_elements=["tool_id", "rival_id"], set_=grown)
    return statements


_ADD, _ADD_VOTERS, _ADD_TOOL, _ADD_ALL = _adding(), *map(_adding, (_OF_VOTERS, _OF_TOOL, _OF_ALL))


@dataclass(frozen=True)
class TallyChange:
    """What a tool's tally holds before its ballots change, and what it gains by it."""

    before: Figures
    gain: Figures

    @property
    def was_popular(self) -> bool:
        return _is_popular(self.before)

    @property
    def is_popular(self) -> bool:
        return _is_popular(self.before + self.gain)


def move_voter(
    connection: sa.Connection,
    tool_id: int,
    voter: str,
    change: TallyChange,
    *,
    before: Verdict | None,
    after: Verdict | None,
) -> None:
    """Move the counts with one ballot that has changed; a verdict is None where the tally did or does not count it."""
    if change.was_popular and change.is_popular:
        _lock(connection)
        values = {"tool": tool_id, "voter": voter, "popular_from": POPULAR_FROM}
        rivals = _RIVALS.execute(connection, values)
        if rows := [_row(tool_id, rival_id, before, after, on_rival) for rival_id, on_rival in rivals]:
            _execute(connection, _ADD, rows)
    else:
        _cross(connection, tool_id, change)


@contextmanager
def moving(connection: sa.Connection, tool_id: int, voters: Collection[str], change: TallyChange) -> Iterator[None]:
    """Move the counts with these voters' ballots for a tool, which change inside the block."""
    stays_popular = change.was_popular and change.is_popular
    values = {"tool": tool_id, "voters": list(voters), "popular_from": POPULAR_FROM}
    if stays_popular:
        _lock(connection)
        _execute(connection, _ADD_VOTERS, {**values, "sign": -1})
    yield
    if stays_popular:
        _execute(connection, _ADD_VOTERS, {**values, "sign": 1})
    else:
        _cross(connection, tool_id, change)


def _cross(connection: sa.Connection, tool_id: int, change: TallyChange) -> None:
    """Count all pairs of a tool that has become popular, or forget those of one that is so no more."""
    if change.is_popular:
        _lock(connection)
        _execute(connection, _ADD_TOOL, {"tool": tool_id, "popular_from": POPULAR_FROM, "sign": 1})
    elif change.was_popular:
        _lock(connection)
        connection.execute(_FORGET, {"tool": tool_id})


def refresh(connection: sa.Connection, tool_id: int) -> None:
    """Count all pairs of a tool again, after most of its ballots changed. The caller holds the tally's lock."""
    _lock(connection)
    connection.execute(_FORGET, {"tool": tool_id})
    _cross(connection, tool_id, TallyChange(Figures(), read_tally(connection, tool_id)))


def refresh_all(connection: sa.Connection) -> None:
    """Count all pairs again, after votes were written straight into the tables."""
    connection.execute(sa.delete(pair_readers))
    _execute(connection, _ADD_ALL, {"popular_from": POPULAR_FROM, "sign": 1})


def differences(connection: sa.Connection) -> dict[Pair, tuple[list[int], list[int]]]:
    """Return the pairs whose stored counts are not what their ballots say, with both, in the order of COUNTS."""
    right = connection.execute(_OF_ALL, {"popular_from": POPULAR_FROM, "sign": 1})
    counted = {(tool_id, rival_id): counts for tool_id, rival_id, *counts in right}
    stored = {(tool_id, rival_id): counts for tool_id, rival_id, *counts in connection.execute(sa.select(pair_readers))}
    nobody = [0] * len(COUNTS)
    pairs = {pair: (stored.get(pair, nobody), counted.get(pair, nobody)) for pair in stored.keys() | counted.keys()}
    return {pair: counts for pair, counts in pairs.items() if counts[0] != counts[1]}


def _is_popular(figures: Figures) -> bool:
    return figures.ship + figures.skip >= POPULAR_FROM


def _lock(connection: sa.Connection) -> None:
    """Let nobody else change ballots for popular tools until the transaction ends.

    On PostgreSQL a reader might otherwise vote on two tools at once, and neither transaction would see the other's
    ballot. Who waits here holds tallies, which nobody waits for who is past this lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))


def _row(
    tool_id: int, rival_id: int, before: Verdict | None, after: Verdict | None, on_rival: Verdict
) -> dict[str, int]:
    """Return what a pair's counts gain where a reader who judged the rival changes their verdict on the tool."""
    is_first = tool_id < rival_id
    row = dict.fromkeys(_NAMES, 0)
    for verdict, gain in ((before, -1), (after, 1)):
        if verdict:
            row[COUNTS[(verdict, on_rival) if is_first else (on_rival, verdict)].name] += gain
    return row | {"tool_id": min(tool_id, rival_id), "rival_id": max(tool_id, rival_id)}


def _execute(connection: sa.Connection, statement: Mapping[str, sa.Insert], values: Any) -> None:
    connection.execute(statement[connection.dialect.name], values)
