"""The votes of a week, counted from the ledger."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.queries import tool
from verdicts.digest.weeks import Week
from verdicts.extensions import db
from verdicts.voting.models import Occasion, Standing, vote_event


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

    A ballot taken back, waiting or discarded at the end of it is none. One for a tool that became part of another is
    one for that; that it moved there is none.
    """
    line, about = vote_event.c, sa.func.coalesce(tool.c.merged_into_id, tool.c.id).label("about")
    is_of_the_week = (line.at >= week.start) & (line.at < week.end) & (line.at <= now)
    last = (
        sa.select(sa.func.max(line.id))
        .join(tool, tool.c.id == line.tool_id)
        .where(is_of_the_week, line.voter.is_not(None), line.occasion != Occasion.MERGED)
        .group_by(about, line.voter)
    )
    counts = [sa.func.count().filter(line.to_verdict == verdict) for verdict in (Verdict.SHIP, Verdict.SKIP)]
    counted = (line.to_standing == Standing.COUNTED) & line.to_verdict.is_not(None)
    rows = sa.select(about, *counts).join(vote_event, line.tool_id == tool.c.id).where(line.id.in_(last), counted)
    return {
        tool_id: VotesCast(ship, skip) for tool_id, ship, skip in db.session.connection().execute(rows.group_by(about))
    }
