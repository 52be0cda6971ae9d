"""Decisions: giving many ballots of one tool another standing, in a few statements for each BATCH of them."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from verdicts.voting import pair_readers
from verdicts.voting.models import Occasion, Standing, vote, vote_event
from verdicts.voting.pair_readers import TallyChange
from verdicts.voting.tallying import Figures, move_tally, read_tally, worth

BATCH = 500  # short enough for the parameters of one statement


def decide(
    connection: sa.Connection, tool_id: int, voters: Collection[str], to: Standing, *, reason: str | None, now: datetime
) -> int:
    """Give these voters' ballots a standing, in the ledger and the tally too; return how many had another one.

    The caller holds the tally's lock.
    """
    listed, decided = list(voters), 0
    for start in range(0, len(listed), BATCH):
        batch = listed[start : start + BATCH]
        chosen = (vote.c.tool_id == tool_id) & vote.c.voter.in_(batch) & (vote.c.standing != to)
        change, ballots = _change_of(connection, chosen, to)
        if ballots:
            _record(connection, chosen, to, reason, now)
            with pair_readers.moving(connection, tool_id, batch, TallyChange(read_tally(connection, tool_id), change)):
                connection.execute(sa.update(vote).where(chosen).values(standing=to))
            move_tally(connection, tool_id, change)
        decided += ballots
    return decided


def _change_of(connection: sa.Connection, chosen: sa.ColumnElement[bool], to: Standing) -> tuple[Figures, int]:
    kinds = sa.select(vote.c.verdict, vote.c.standing, sa.func.count().label("ballots"))
    rows = connection.execute(kinds.where(chosen).group_by(vote.c.verdict, vote.c.standing)).all()
    moves = [(worth(row.verdict, to) - worth(row.verdict, row.standing)) * row.ballots for row in rows]
    return sum(moves, Figures()), sum(row.ballots for row in rows)


def _record(
    connection: sa.Connection, chosen: sa.ColumnElement[bool], to: Standing, reason: str | None, now: datetime
) -> None:
    occasion = Occasion.RELEASED if to is Standing.COUNTED else Occasion(to)
    # No network: the line would keep it longer than NETWORKS_KEPT.
    line = {
        vote_event.c.tool_id: vote.c.tool_id,
        vote_event.c.voter: vote.c.voter,
        vote_event.c.occasion: sa.literal(occasion, vote_event.c.occasion.type),
        vote_event.c.from_verdict: vote.c.verdict,
        vote_event.c.from_standing: vote.c.standing,
        vote_event.c.to_verdict: vote.c.verdict,
        vote_event.c.to_standing: sa.literal(to, vote_event.c.to_standing.type),
        vote_event.c.reason: sa.literal(reason, vote_event.c.reason.type),
        vote_event.c.at: sa.literal(now, vote_event.c.at.type),
    }
    lines = sa.select(*line.values()).where(chosen)
    connection.execute(sa.insert(vote_event).from_select(list(line), lines, include_defaults=False))
