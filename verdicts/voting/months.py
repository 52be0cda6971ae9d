"""How many votes on a tool began to count in each of the last months, from the vote record.

Lines of the record stay when their voters are forgotten, so these figures do too. A vote that was changed or withdrawn
stays in the month in which it began to count; those that moved here from another record of the tool are in none.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.extensions import UtcDateTime, db
from verdicts.voting.models import Occasion, Standing, vote_event

MONTHS = 12


@dataclass(frozen=True)
class VoteMonth:
    first_day: date
    ship: int
    skip: int

    @property
    def total(self) -> int:
        return self.ship + self.skip


def _select_month(number: int) -> sa.Select[Any]:
    line = vote_event.c
    counts: list[Any] = [sa.func.count().filter(line.to_verdict == verdict) for verdict in (Verdict.SHIP, Verdict.SKIP)]
    counted_before = (line.from_standing == Standing.COUNTED) & line.from_verdict.is_not(None)
    return sa.select(*[sa.literal(number, sa.Integer), *counts]).where(
        line.tool_id == sa.bindparam("tool_id", type_=sa.Integer),
        line.at >= sa.bindparam(f"from_{number}", type_=UtcDateTime),
        line.at < sa.bindparam(f"from_{number + 1}", type_=UtcDateTime),
        line.occasion != Occasion.MERGED,
        line.to_standing == Standing.COUNTED,
        line.to_verdict.is_not(None),
        ~counted_before,
    )


# An index gives each month its own lines: no line is looked at twice, nor one that is older.
_MONTHS = sa.union_all(*map(_select_month, range(MONTHS)))


def votes_by_month(tool_id: int, today: date) -> tuple[VoteMonth, ...]:
    """Return the last MONTHS months that began, from the first with a vote on, oldest first. One statement."""
    days = _first_days(today)
    moments = {f"from_{number}": datetime.combine(day, time(), UTC) for number, day in enumerate(days)}
    rows = db.session.connection().execute(_MONTHS, {"tool_id": tool_id, **moments})
    months = [VoteMonth(days[number], ship, skip) for number, ship, skip in sorted(rows)]
    begun = next((number for number, month in enumerate(months) if month.total), len(months))
    return tuple(months[begun:])


def _first_days(today: date) -> list[date]:
    """Return the first days of the last MONTHS months, and of the one that comes next."""
    days = [(today.replace(day=1) + timedelta(days=32)).replace(day=1)]
    while len(days) <= MONTHS:
        days.append((days[-1] - timedelta(days=1)).replace(day=1))
    return days[::-1]
