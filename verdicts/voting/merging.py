"""Merging two tools' votes: every ballot moves, and a voter who judged both tools keeps one.

They keep the one changed later, or the kept tool's if both changed at once; a ballot with a verdict wins over one that
was taken back. Standing, network and dates go with it. Voters whose names retention has forgotten move as figures
only: nobody can tell who they were.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.extensions import db
from verdicts.voting import pair_readers
from verdicts.voting.decision import BATCH
from verdicts.voting.models import Occasion, Standing, vote, vote_event
from verdicts.voting.tallying import Figures, lock_tally, move_tally, read_tally, worth

Kind = tuple[Verdict, Standing]
NOTHING = Figures()

kept = vote.alias("kept")
dropped = vote.alias("dropped")

_KEEP, _DROP = sa.bindparam("keep", type_=sa.Integer), sa.bindparam("drop", type_=sa.Integer)
_of_both = dropped.outerjoin(kept, (kept.c.voter == dropped.c.voter) & (kept.c.tool_id == _KEEP))
_says_as_much = kept.c.verdict.is_(None) == dropped.c.verdict.is_(None)
_outlasts = sa.or_(
    kept.c.verdict.is_(None) & dropped.c.verdict.is_not(None),
    _says_as_much & (dropped.c.changed_at > kept.c.changed_at),
)
_moves = kept.c.voter.is_(None) | _outlasts


@dataclass(frozen=True)
class BallotMove:
    """What a merge does to ballots with a verdict: how many move, and how many voters have one for both tools."""

    moving: int
    of_both: int
    before: Figures
    after: Figures


@dataclass(frozen=True)
class _Group:
    """Ballots of the dropped tool that are alike, and what their voters' ballots for the kept one are worth."""

    worth: Figures
    worth_on_kept: Figures
    moves: bool
    ballots: int


def foresee(keep_id: int, drop_id: int) -> BallotMove:
    """Return what `merge` would do. Three statements."""
    groups = _groups(keep_id, drop_id)
    folded = _folded(drop_id)
    before = read_tally(db.session.connection(), keep_id)
    return BallotMove(
        moving=sum(group.ballots for group in groups if group.moves and group.worth != NOTHING) + folded.total(),
        of_both=sum(group.ballots for group in groups if NOTHING not in (group.worth, group.worth_on_kept)),
        before=before,
        after=before + _gain(groups, folded),
    )


def lock(keep_id: int, drop_id: int) -> None:
    """Lock the ballots of both tools until the transaction ends."""
    for tool_id in sorted((keep_id, drop_id)):
        lock_tally(db.session.connection(), tool_id)


def merge(keep_id: int, drop_id: int, now: datetime) -> None:
    """Move every ballot of a tool to another, in the ledger, the ballots and the tallies.

    The dropped tool keeps its ledger lines, and a ballot without a verdict for each voter in them: the recount needs
    both, and retention forgets these voters in time. The caller has called begin_write() and commits.
    """
    lock(keep_id, drop_id)
    groups, folded = _groups(keep_id, drop_id), _folded(drop_id)
    _record_moves(keep_id, drop_id, now)
    _record_folded(keep_id, drop_id, folded, now)
    _move_ballots(keep_id, drop_id)
    connection = db.session.connection()
    move_tally(connection, keep_id, _gain(groups, folded))
    taken = sum((group.worth * group.ballots for group in groups), _worth_of(folded))
    move_tally(connection, drop_id, Figures() - taken)
    for tool_id in (drop_id, keep_id):
        pair_readers.refresh(connection, tool_id)


def _groups(keep_id: int, drop_id: int) -> list[_Group]:
    columns = (dropped.c.verdict, dropped.c.standing, kept.c.verdict, kept.c.standing, _moves)
    kinds = [kind.label(f"kind_{index}") for index, kind in enumerate(columns)]
    rows: sa.Select[Any] = sa.select(*kinds, sa.func.count()).select_from(_of_both).where(dropped.c.tool_id == _DROP)
    groups = db.session.connection().execute(rows.group_by(*kinds), {"keep": keep_id, "drop": drop_id})
    return [
        _Group(
            worth=worth(verdict, standing),
            worth_on_kept=worth(verdict_on_kept, standing_on_kept or Standing.COUNTED),
            moves=bool(moves),
            ballots=ballots,
        )
        for verdict, standing, verdict_on_kept, standing_on_kept, moves, ballots in groups
    ]


def _folded(drop_id: int) -> Counter[Kind]:
    """Return the final verdicts of forgotten voters: what the ledger's lines without a voter add up to."""
    line = vote_event.c
    kinds = (line.from_verdict, line.from_standing, line.to_verdict, line.to_standing)
    rows = sa.select(*kinds, sa.func.count()).where(line.tool_id == drop_id, line.voter.is_(None)).group_by(*kinds)
    sums: Counter[Kind] = Counter()
    for from_verdict, from_standing, to_verdict, to_standing, lines in db.session.connection().execute(rows):
        if from_verdict:
            sums[from_verdict, from_standing] -= lines
        if to_verdict:
            sums[to_verdict, to_standing] += lines
    return +sums


def _worth_of(folded: Counter[Kind]) -> Figures:
    return sum((worth(*kind) * ballots for kind, ballots in folded.items()), Figures())


def _gain(groups: list[_Group], folded: Counter[Kind]) -> Figures:
    """Return what the kept tool's tally grows by."""
    moves = [(group.worth - group.worth_on_kept) * group.ballots for group in groups if group.moves]
    return sum(moves, _worth_of(folded))


def _record_moves(keep_id: int, drop_id: int, now: datetime) -> None:
    """Add ledger lines for where each ballot comes from and where it goes, before any is moved."""
    taken = {
        "tool_id": sa.literal(drop_id),
        "from_verdict": dropped.c.verdict,
        "from_standing": dropped.c.standing,
        "to_verdict": sa.cast(sa.null(), vote.c.verdict.type),
        "to_standing": sa.literal(Standing.COUNTED, vote.c.standing.type),
    }
    brought = {
        "tool_id": sa.literal(keep_id),
        "from_verdict": kept.c.verdict,
        "from_standing": sa.func.coalesce(kept.c.standing, dropped.c.standing),
        "to_verdict": dropped.c.verdict,
        "to_standing": dropped.c.standing,
    }
    for line, which in ((taken, sa.true()), (brought, _moves)):
        columns = {
            **line,
            "voter": dropped.c.voter,
            "occasion": sa.literal(Occasion.MERGED, vote_event.c.occasion.type),
            "at": sa.literal(now, vote_event.c.at.type),
        }
        lines = sa.select(*columns.values()).select_from(_of_both).where(dropped.c.tool_id == _DROP, which)
        insert = sa.insert(vote_event).from_select(list(columns), lines, include_defaults=False)
        db.session.connection().execute(insert, {"keep": keep_id, "drop": drop_id})


def _record_folded(keep_id: int, drop_id: int, folded: Counter[Kind], now: datetime) -> None:
    line = {"voter": None, "occasion": Occasion.MERGED, "at": now, "network": None, "reason": None}
    for (verdict, standing), ballots in folded.items():
        state = {"from_standing": standing, "to_standing": standing, **line}
        taken = {**state, "tool_id": drop_id, "from_verdict": verdict, "to_verdict": None}
        brought = {**state, "tool_id": keep_id, "from_verdict": None, "to_verdict": verdict}
        for first in range(0, ballots, BATCH):
            lines = [taken, brought] * min(BATCH, ballots - first)
            db.session.connection().execute(sa.insert(vote_event), lines)


def _move_ballots(keep_id: int, drop_id: int) -> None:
    """Delete the kept tool's ballots that lose, move those without a twin there, and leave rows without a verdict."""
    connection = db.session.connection()
    outlasted = sa.select(dropped.c.voter).select_from(_of_both).where(dropped.c.tool_id == _DROP, _outlasts)
    given_way = sa.delete(vote).where(vote.c.tool_id == _KEEP, vote.c.voter.in_(outlasted))
    connection.execute(given_way, {"keep": keep_id, "drop": drop_id})
    columns: dict[str, Any] = {column.name: dropped.c[column.name] for column in vote.c if column is not vote.c.tool_id}
    has_twin = sa.exists().where(kept.c.tool_id == keep_id, kept.c.voter == dropped.c.voter)
    alone = sa.select(sa.literal(keep_id), *columns.values()).where(dropped.c.tool_id == drop_id, ~has_twin)
    connection.execute(sa.insert(vote).from_select(["tool_id", *columns], alone))
    emptied = {"verdict": None, "standing": Standing.COUNTED, "network": None}
    connection.execute(sa.update(vote).where(vote.c.tool_id == drop_id).values(**emptied))
