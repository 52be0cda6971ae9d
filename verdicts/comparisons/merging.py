"""Merging two records of one tool: the comparisons that hold the one that goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from verdicts.catalog.queries import tool
from verdicts.comparisons import address
from verdicts.comparisons.models import Comparison
from verdicts.comparisons.related import members_key
from verdicts.extensions import db

_tables = Comparison.metadata.tables
comparison, member, choose = (_tables[name] for name in ("comparison", "comparison_tool", "choose_if"))


class Fate(StrEnum):
    """What becomes of a comparison: the kept tool takes the place, the dropped one leaves it, or it is archived."""

    TAKEN_OVER = "taken-over"
    LEFT = "left"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class ComparisonMove:
    """One comparison of the dropped tool with these others, and the kept one perhaps; `members_key` it will have."""

    id: int
    others: tuple[str, ...]
    holds_both: bool
    fate: Fate
    members_key: str


def foresee(keep_id: int, drop_id: int) -> tuple[ComparisonMove, ...]:
    """Return what `merge` would do, in the editors' order. Two statements."""
    taken = set(db.session.connection().scalars(sa.select(comparison.c.members_key).where(_holds(keep_id))))
    moves = []
    for id, members in _members_of(drop_id).items():
        move = _move(id, members, keep_id, drop_id, taken)
        taken.add(move.members_key)
        moves.append(move)
    return tuple(moves)


def merge(keep_id: int, drop_id: int, moves: Iterable[ComparisonMove], now: datetime) -> None:
    """Carry out these moves. The caller has called begin_write(), and commits."""
    for move in moves:
        if move.fate is Fate.ARCHIVED:
            _archive(move.id, now)
        else:
            _replace(move, keep_id, drop_id)


def _holds(tool_id: int) -> sa.ColumnElement[bool]:
    return comparison.c.id.in_(sa.select(member.c.comparison_id).where(member.c.tool_id == tool_id))


def _members_of(drop_id: int) -> dict[int, dict[int, str]]:
    """Return the ids and names of the tools of each comparison that holds a tool."""
    rows = (
        sa.select(comparison.c.id, member.c.tool_id, tool.c.name)
        .join(member, member.c.comparison_id == comparison.c.id)
        .join(tool, tool.c.id == member.c.tool_id)
        .where(_holds(drop_id))
        .order_by(comparison.c.position, comparison.c.id, member.c.position)
    )
    members: dict[int, dict[int, str]] = {}
    for row in db.session.connection().execute(rows):
        members.setdefault(row.id, {})[row.tool_id] = row.name
    return members


def _move(id: int, members: dict[int, str], keep_id: int, drop_id: int, taken: set[str]) -> ComparisonMove:
    others = tuple(name for tool_id, name in members.items() if tool_id not in (keep_id, drop_id))
    left, holds_both = {keep_id, *members} - {drop_id}, keep_id in members
    key = members_key(list(left))
    if len(left) < address.MIN_TOOLS or key in taken:
        return ComparisonMove(id, others, holds_both, Fate.ARCHIVED, members_key(list(members)))
    return ComparisonMove(id, others, holds_both, Fate.LEFT if holds_both else Fate.TAKEN_OVER, key)


def _archive(id: int, now: datetime) -> None:
    since = sa.func.coalesce(comparison.c.archived_at, now)
    one = sa.update(comparison).where(comparison.c.id == id)
    db.session.connection().execute(one.values(archived_at=since, published_at=None))


def _replace(move: ComparisonMove, keep_id: int, drop_id: int) -> None:
    """Put the kept tool where the dropped one was. Where it is there already, its own choose-if lines stay."""
    connection = db.session.connection()
    for table in (member, choose):
        is_dropped = (table.c.comparison_id == move.id) & (table.c.tool_id == drop_id)
        if move.fate is Fate.LEFT:
            connection.execute(sa.delete(table).where(is_dropped))
        else:
            connection.execute(sa.update(table).where(is_dropped).values(tool_id=keep_id))
    connection.execute(sa.update(comparison).where(comparison.c.id == move.id).values(members_key=move.members_key))
