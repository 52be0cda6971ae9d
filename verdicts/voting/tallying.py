"""What a ballot adds to its tool's tally, and the lock that every change of a tool's ballots needs."""

from dataclasses import dataclass
from datetime import datetime
from operator import add, sub

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.queries import LINK_BY_SLUG, find_published_link, lock_existing, tool
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import insert
from verdicts.prepared import Prepared
from verdicts.voting.community import Community
from verdicts.voting.models import Standing, tally


class ToolGone(LookupError):
    """The tool has been deleted, perhaps since it was read: it can have no ballots."""


@dataclass(frozen=True)
class Figures:
    """A tally's columns, or what changes in them."""

    ship: int = 0
    skip: int = 0
    waiting: int = 0
    held: int = 0
    discarded: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*map(add, vars(self).values(), vars(other).values()))

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(*map(sub, vars(self).values(), vars(other).values()))

    def __mul__(self, times: int) -> "Figures":
        return Figures(*(figure * times for figure in vars(self).values()))

    @property
    def community(self) -> Community:
        return Community(self.ship, self.skip, self.waiting)


_NOTHING = Figures()
_OF_COUNTED = {Verdict.SHIP: Figures(ship=1), Verdict.SKIP: Figures(skip=1)}
_OF_OTHERS = {
    Standing.WAITING: Figures(waiting=1),
    Standing.HELD: Figures(waiting=1, held=1),
    Standing.DISCARDED: Figures(discarded=1),
}


def worth(verdict: Verdict | None, standing: Standing) -> Figures:
    """Return what a ballot adds to its tool's tally."""
    if verdict is None:
        return _NOTHING
    return _OF_COUNTED[verdict] if standing is Standing.COUNTED else _OF_OTHERS[standing]


def standing_of(new_voter_number: int, allowance: int) -> Standing:
    """Return whether the n-th new voter of one network, tool and day counts at once or waits."""
    return Standing.COUNTED if new_voter_number <= allowance else Standing.WAITING


_FIGURES = [tally.c[name] for name in Figures.__dataclass_fields__]
_READ = sa.select(*_FIGURES).where(tally.c.tool_id == sa.bindparam("tool"))
_LOCK = Prepared(_READ.with_for_update())
_LOCK_BY_SLUG = Prepared(
    LINK_BY_SLUG.join(tally, tally.c.tool_id == tool.c.id).add_columns(*_FIGURES).with_for_update(of=tally)
)
_MOVE = Prepared(
    sa.update(tally)
    .where(tally.c.tool_id == sa.bindparam("tool"))
    .values({column: column + sa.bindparam(f"{column.name}_by") for column in _FIGURES})
    .values(changes=tally.c.changes + 1)
)


def read_tally(connection: sa.Connection, tool_id: int) -> Figures:
    """Return a tool's tally without a lock."""
    row = connection.execute(_READ, {"tool": tool_id}).one_or_none()
    return Figures(*row) if row else Figures()


def lock_tally(connection: sa.Connection, tool_id: int) -> Figures:
    """Lock a tool's tally until the transaction ends, and return it.

    Every ballot of a tool is read and written under this lock. Nothing is locked before it (but by a merge its two
    tools, for which no voter waits, and by the first vote of a day that day's key: networks.network_hashes), so no two
    transactions wait for each other. On SQLite the transaction holds the one lock there is, and this only reads.
    Raises ToolGone.
    """
    rows = _LOCK.execute(connection, {"tool": tool_id})
    if not rows:
        if not lock_existing([tool_id], connection):
            raise ToolGone(tool_id)
        insert_unless_there(connection, tally, tool_id=tool_id, **vars(Figures()))
        rows = _LOCK.execute(connection, {"tool": tool_id})
    return Figures(*rows[0])


def lock_published(connection: sa.Connection, slug: str, now: datetime) -> tuple[ToolLink | None, Figures | None]:
    """Find the published tool under a slug or alias, and lock its tally as lock_tally() does, if it has one.

    Return both, or None for what there is not. One statement, two before a tool's first vote.
    """
    rows = _LOCK_BY_SLUG.execute(connection, {"slug": slug, "now": now})
    if not rows:
        return find_published_link(slug, now, connection), None
    return ToolLink(*rows[0][: -len(_FIGURES)]), Figures(*rows[0][-len(_FIGURES) :])


def move_tally(connection: sa.Connection, tool_id: int, change: Figures) -> None:
    """Add to a tool's tally, and count that its ballots have changed; the caller holds its lock."""
    moves = {f"{name}_by": by for name, by in vars(change).items()}
    _MOVE.execute(connection, {"tool": tool_id, **moves})


def insert_unless_there(connection: sa.Connection, table: sa.Table, **values: object) -> None:
    """Insert a row unless its key is taken, by a transaction that commits meanwhile too: it is waited for."""
    connection.execute(insert(table).values(values).on_conflict_do_nothing())
