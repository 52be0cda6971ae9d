"""How many votes on a tool began to count in each of the last months, from the vote record.

Lines of the record stay when their voters are forgotten, so these figures do too. A vote that was changed or withdrawn
stays in the month in which it began to count; those that moved here from another record of the tool are in none. So no
vote changes a day that is over, and what was counted of those is kept in memory: a tool may have half a million lines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.content_version import VERSION
from verdicts.catalog.kept import load_each
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


@cache
def _select_months(first: int) -> sa.CompoundSelect[Any]:
    """Return the statement that counts the months from this one on. An index gives each its own lines."""
    return sa.union_all(*map(_select_month, range(first, MONTHS)))


def _select_month(number: int) -> sa.Select[Any]:
    line = vote_event.c
    counts: list[Any] = [sa.func.count().filter(line.to_verdict == verdict) for verdict in (Verdict.SHIP, Verdict.SKIP)]
    counted_before = (line.from_standing == Standing.COUNTED) & line.from_verdict.is_not(None)
    return sa.select(*[sa.literal(number, sa.Integer), *counts, VERSION]).where(
        line.tool_id == sa.bindparam("tool_id", type_=sa.Integer),
        line.at >= sa.bindparam(f"from_{number}", type_=UtcDateTime),
        line.at < sa.bindparam(f"from_{number + 1}", type_=UtcDateTime),
        line.occasion != Occasion.MERGED,
        line.to_standing == Standing.COUNTED,
        line.to_verdict.is_not(None),
        ~counted_before,
    )


def votes_by_month(tool_id: int, today: date) -> tuple[VoteMonth, ...]:
    """Return the last MONTHS months that began, from the first with a vote on, oldest first.

    One statement where the votes of the days that are over are kept, otherwise two.
    """
    days = _first_days(today)
    # Early in the morning, yesterday is not sure to have all: a vote is stored some seconds after it was cast.
    yesterday = today - timedelta(days=1)

    def count(first: int, limit: Callable[[date, date], date]) -> list[tuple[int, int, int]]:
        """Return the ships and skips of each month from this one on, with its days limited, and the content version."""
        begins = {f"from_{number}": limit(days[number], yesterday) for number in range(first, MONTHS + 1)}
        moments = {name: datetime.combine(day, time(), UTC) for name, day in begins.items()}
        rows = db.session.connection().execute(_select_months(first), {"tool_id": tool_id, **moments})
        return [(ship, skip, version) for _number, ship, skip, version in sorted(rows, key=lambda row: row[0])]

    recent = count(MONTHS - 2, max)
    # Another version of the catalogue may have another tool under this id.
    state = yesterday, recent[0][-1]
    past = load_each("voting.months", [tool_id], lambda _: {tool_id: count(0, min)}, state)[tool_id]
    since = [(0, 0, 0)] * (MONTHS - 2) + recent
    months = [VoteMonth(day, a[0] + b[0], a[1] + b[1]) for day, a, b in zip(days[:MONTHS], past, since, strict=True)]
    begun = next((number for number, month in enumerate(months) if month.total), len(months))
    return tuple(months[begun:])


def _first_days(today: date) -> list[date]:
    """Return the first days of the last MONTHS months, and of the one that comes next."""
    days = [(today.replace(day=1) + timedelta(days=32)).replace(day=1)]
    while len(days) <= MONTHS:
        days.append((days[-1] - timedelta(days=1)).replace(day=1))
    return days[::-1]
