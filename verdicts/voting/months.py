"""How many votes on a tool began to count in each of the last months, from the vote record.

Lines of the record stay when their voters are forgotten, so these figures do too. A vote that was changed or withdrawn
stays in the month in which it began to count; those that moved here from another record of the tool are in none. So no
vote changes a month that is over, and its figures are kept in memory: a tool may have half a million lines.
"""

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
def _select_months(first: int, end: int) -> sa.CompoundSelect[Any]:
    """Return the statement that counts these months. An index gives each its own lines."""
    return sa.union_all(*map(_select_month, range(first, end)))


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

    One statement where the months that are over are kept, otherwise two.
    """
    days = _first_days(today)
    # On its first day a month is not sure to have all: a vote is stored some seconds after it was cast.
    over = MONTHS - (2 if today.day == 1 else 1)

    def count(first: int, end: int) -> tuple[list[VoteMonth], int]:
        """Return these months, oldest first, and the content version."""
        moments = {f"from_{number}": datetime.combine(days[number], time(), UTC) for number in range(first, end + 1)}
        rows = db.session.connection().execute(_select_months(first, end), {"tool_id": tool_id, **moments})
        counted = sorted(rows.all(), key=lambda row: row[0])
        months = [VoteMonth(days[number], ship, skip) for number, ship, skip, _version in counted]
        return months, counted[0][-1]

    recent, version = count(over, MONTHS)
    # Another version of the catalogue may have another tool under this id, and the first day of a month keeps fewer.
    state = days[0], days[over], version
    past = load_each("voting.months", [tool_id], lambda _: {tool_id: count(0, over)[0]}, state)[tool_id]
    months = [*past, *recent]
    begun = next((number for number, month in enumerate(months) if month.total), len(months))
    return tuple(months[begun:])


def _first_days(today: date) -> list[date]:
    """Return the first days of the last MONTHS months, and of the one that comes next."""
    days = [(today.replace(day=1) + timedelta(days=32)).replace(day=1)]
    while len(days) <= MONTHS:
        days.append((days[-1] - timedelta(days=1)).replace(day=1))
    return days[::-1]
