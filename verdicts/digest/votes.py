"""The votes of a week, counted from the ledger."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.digest.weeks import Week
from verdicts.extensions import db
from verdicts.voting.models import Standing, vote_event


@dataclass(frozen=True)
class VotesCast:
    """What readers said of one tool: each reader once, with their last word."""

    ship: int
    skip: int

    @property
    def total(self) -> int:
        return self.ship + self.skip


def votes_cast(week: Week, now: datetime) -> dict[int, VotesCast]:
    """Return the counted votes for each tool that readers cast, changed or had released in the week. One statement.

    A ballot taken back, waiting or discarded at the end of it is none.
    """
    line = vote_event.c
    last = (
        sa.select(sa.func.max(line.id))
        .where(line.at >= week.start, line.at < week.end, line.at <= now, line.voter.is_not(None))
        .group_by(line.tool_id, line.voter)
    )
    counts = [sa.func.count().filter(line.to_verdict == verdict) for verdict in (Verdict.SHIP, Verdict.SKIP)]
    counted = (line.to_standing == Standing.COUNTED) & line.to_verdict.is_not(None)
    rows = sa.select(line.tool_id, *counts).where(line.id.in_(last), counted).group_by(line.tool_id)
    return {tool_id: VotesCast(ship, skip) for tool_id, ship, skip in db.session.connection().execute(rows)}
