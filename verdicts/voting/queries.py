"""Reads of votes and tallies for pages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.content_version import VERSION
from verdicts.catalog.kept import load_each
from verdicts.catalog.kinds import Verdict
from verdicts.extensions import db
from verdicts.prepared import Prepared
from verdicts.voting import pair_readers
from verdicts.voting.ballot import Ballot
from verdicts.voting.community import PERCENTAGE_FROM, Z_SQUARED, Community
from verdicts.voting.models import UNDECIDED, Occasion, Standing, tally, vote, vote_event
from verdicts.voting.models import pair_readers as kept
from verdicts.voting.readers_of_both import ReadersOfBoth
from verdicts.voting.tallying import read_tally

NEWEST_LINES = 1000


@dataclass(frozen=True)
class Totals:
    """All tools' ballots together. `held` are those of the `waiting` that wait for an editor."""

    counted: int
    waiting: int
    held: int
    discarded: int


@dataclass(frozen=True)
class HeldGroup:
    """Ballots for one tool from one network of one day that an editor must decide.

    `network` is its hash, or None once it has been blanked: then all such ballots of the tool are one group.
    """

    tool_id: int
    network: str | None
    since: datetime
    ship: int
    skip: int
    taken_back: int

    @property
    def ballots(self) -> int:
        return self.ship + self.skip + self.taken_back


_counted_votes = sa.cast(tally.c.ship + tally.c.skip, sa.Float)
_margin = sa.cast(tally.c.ship - tally.c.skip, sa.Float)
# What a tool's readers clearly say, as a column: the verdict on whose side of one half their whole interval lies, from
# PERCENTAGE_FROM votes on; otherwise NULL. Wilson's interval leaves out one half exactly where this inequality holds.
readers_verdict = sa.case(
    (_counted_votes < PERCENTAGE_FROM, sa.null()),
    (_margin * _margin <= Z_SQUARED * _counted_votes, sa.null()),
    (_margin > 0, sa.literal(Verdict.SHIP, vote.c.verdict.type)),
    else_=sa.literal(Verdict.SKIP, vote.c.verdict.type),
)

_ids = sa.bindparam("ids", type_=sa.Integer, expanding=True)
_community = (tally.c.ship, tally.c.skip, tally.c.waiting)
_TALLIES = Prepared(sa.select(tally.c.tool_id, *_community).where(tally.c.tool_id.in_(_ids)))
_BALLOTS = Prepared(
    sa.select(vote.c.tool_id, vote.c.verdict, vote.c.standing, *_community)
    .join(tally, tally.c.tool_id == vote.c.tool_id)
    .where(vote.c.voter == sa.bindparam("voter"), vote.c.tool_id.in_(_ids))
)
_low, _high = sa.bindparam("low", type_=sa.Integer), sa.bindparam("high", type_=sa.Integer)
# The tool with fewer votes comes first.
_KEPT = Prepared(
    sa.select(*pair_readers.COUNTS.values(), tally.c.tool_id, tally.c.counted, tally.c.changes, VERSION)
    .select_from(tally)
    .outerjoin(kept, (kept.c.tool_id == _low) & (kept.c.rival_id == _high))
    .where(tally.c.tool_id.in_([_low, _high]))
    .order_by(tally.c.counted, tally.c.tool_id)
)
_first, _second = vote.alias("first"), vote.alias("second")
_OF_FEW = Prepared(
    sa.select(_first.c.verdict, _second.c.verdict, sa.func.count())
    .join_from(_first, _second, _first.c.voter == _second.c.voter)
    .where(_first.c.tool_id == sa.bindparam("first"), pair_readers.is_counted(_first))
    .where(_second.c.tool_id == sa.bindparam("second"), pair_readers.is_counted(_second))
    .group_by(_first.c.verdict, _second.c.verdict)
)


def tally_of(tool_id: int) -> Community:
    """Return a tool's figures. One statement."""
    return read_tally(db.session.connection(), tool_id).community


def tallies_of(tool_ids: Collection[int]) -> dict[int, Community]:
    """Return the figures of each of these tools. One statement."""
    rows = _TALLIES.execute(db.session.connection(), {"ids": list(tool_ids)})
    return dict.fromkeys(tool_ids, Community()) | {row.tool_id: Community(*row[1:]) for row in rows}


def ballots_of(voter: str, tool_ids: Collection[int]) -> dict[int, Ballot]:
    """Return the voter's ballots for those of these tools that they have one for. One statement."""
    rows = _BALLOTS.execute(db.session.connection(), {"voter": voter, "ids": list(tool_ids)})
    return {row.tool_id: Ballot(row.tool_id, row.verdict, row.standing, Community(*row[3:])) for row in rows}


def readers_of_both(tool_a: int, tool_b: int) -> ReadersOfBoth:
    """Return how voters with a counted verdict on both tools judged them. At most two statements.

    Where one of them is not popular, its votes are looked up among the other's. What was counted is kept while no vote
    on either changes.
    """
    connection, pair = db.session.connection(), sorted((tool_a, tool_b))
    rows = _KEPT.execute(connection, {"low": pair[0], "high": pair[1]})
    if len(rows) < len(pair) or not rows[0].counted:
        return ReadersOfBoth()
    if rows[0].counted >= pair_readers.POPULAR_FROM:
        voters = {verdicts: count or 0 for verdicts, count in zip(pair_readers.COUNTS, rows[0], strict=False)}
        first = pair[0]
    else:
        first, second = (row.tool_id for row in rows)
        key = tuple((row.tool_id, row.changes) for row in rows)
        state = rows[0].content_version
        voters = load_each("voting.readers", [key], lambda _: {key: _count_of_few(first, second)}, state)[key]
    of_first = voters.get((Verdict.SHIP, Verdict.SKIP), 0)
    of_second = voters.get((Verdict.SKIP, Verdict.SHIP), 0)
    return ReadersOfBoth(
        only_a=of_first if first == tool_a else of_second,
        only_b=of_second if first == tool_a else of_first,
        both=voters.get((Verdict.SHIP, Verdict.SHIP), 0),
        neither=voters.get((Verdict.SKIP, Verdict.SKIP), 0),
    )


def _count_of_few(first: int, second: int) -> dict[tuple[Verdict, Verdict], int]:
    counts = _OF_FEW.execute(db.session.connection(), {"first": first, "second": second})
    return {(on_first, on_second): count for on_first, on_second, count in counts}


def totals() -> Totals:
    """Return what /method publishes. One statement."""
    sums = [tally.c.ship + tally.c.skip, tally.c.waiting, tally.c.held, tally.c.discarded]
    row = db.session.connection().execute(sa.select(*(sa.func.coalesce(sa.func.sum(each), 0) for each in sums))).one()
    return Totals(*row)


def held_groups(most: int, skipping: int = 0) -> list[HeldGroup]:
    """Return some of the groups of ballots that wait for an editor, oldest first. One statement."""
    counts = [
        sa.func.count().filter(vote.c.verdict == Verdict.SHIP),
        sa.func.count().filter(vote.c.verdict == Verdict.SKIP),
        sa.func.count().filter(vote.c.verdict.is_(None)),
    ]
    since = sa.func.min(vote.c.first_at).label("since")
    groups = sa.select(vote.c.tool_id, vote.c.network, since, *counts).where(_held())
    rows = db.session.connection().execute(
        groups.group_by(vote.c.tool_id, vote.c.network)
        .order_by(since, vote.c.tool_id, vote.c.network)
        .limit(most)
        .offset(skipping)
    )
    return [HeldGroup(*row) for row in rows]


def count_held_groups() -> int:
    """Return how many groups of ballots wait for an editor. One statement."""
    groups = sa.select(vote.c.tool_id, vote.c.network).where(_held()).distinct().subquery()
    return db.session.connection().scalar(sa.select(sa.func.count()).select_from(groups)) or 0


def voters_held(tool_id: int, network: str | None) -> list[str]:
    """Return whose ballots are in a held group, for decision.decide. One statement."""
    group = (vote.c.tool_id == tool_id) & vote.c.network.is_not_distinct_from(network)
    return list(db.session.connection().scalars(sa.select(vote.c.voter).where(_held(), group).order_by(vote.c.voter)))


def has_ballots_from(networks: Collection[str | None], since: datetime) -> bool:
    """Say whether one of the newest ballots since then was cast from one of these networks. None: it had no network.

    One statement, which reads NEWEST_LINES lines of the ledger however many there are.
    """
    line = vote_event.c
    newest = sa.select(line.network, line.occasion).where(line.at >= since).order_by(line.at.desc()).limit(NEWEST_LINES)
    lines = newest.subquery().c
    known = [network for network in networks if network is not None]
    is_theirs = lines.network.in_(known) | (lines.network.is_(None) if None in networks else sa.false())
    cast = sa.exists().where(is_theirs, lines.occasion == Occasion.CAST)
    return db.session.connection().scalar(sa.select(cast)) or False


def _held() -> sa.ColumnElement[bool]:
    return sa.and_(sa.text(UNDECIDED), vote.c.standing == Standing.HELD)
