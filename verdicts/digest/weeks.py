"""ISO weeks, in UTC: an edition reports on one, and is named after it."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

A_WEEK = timedelta(weeks=1)
FIRST_YEAR, LAST_YEAR = 2000, 9998  # datetime ends with 9999, and a week needs the day after it
_NAME = re.compile(r"(?P<year>[0-9]{4})-[wW](?P<week>[0-9]{1,2})", re.ASCII)


class NotAWeek(ValueError):
    """A name that names no ISO week; the message says what one looks like."""


@dataclass(frozen=True, order=True)
class Week:
    """One ISO week: from Monday 00:00 UTC up to, but not with, the next Monday 00:00."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """The name as addresses and commands write it: "2026-w07"."""
        return f"{self.year}-w{self.number:02d}"

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 7)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.monday, time.min, UTC)

    @property
    def end(self) -> datetime:
        return self.start + A_WEEK


def parse(name: str) -> Week:
    """Return the week of this name, with or without a leading zero: "2026-w47". Raises NotAWeek."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise NotAWeek(f"“{name[:40]}” is no week: write it like 2026-w47.")
    year, number = int(match["year"]), int(match["week"])
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= number <= weeks_in(year)):
        raise NotAWeek(f"There is no week {number} in {year}.")
    return Week(year, number)


def weeks_in(year: int) -> int:
    """Return how many ISO weeks a year has, 52 or 53: the 28th of December always lies in the last one."""
    return date(year, 12, 28).isocalendar().week


def week_of(moment: datetime) -> Week:
    """Return the week in which an aware moment lies, in UTC whatever its own zone."""
    year, number, _ = moment.astimezone(UTC).isocalendar()
    return Week(year, number)


def just_ended(now: datetime) -> Week:
    return week_of(now - A_WEEK)


def due(now: datetime, weekday: int, at: time) -> Week:
    """Return the week that the last weekly moment (`weekday` from Monday, 0; `at` in UTC) was there to report on.

    It depends on nothing but `now`: a clock that jumps, or a timer that fires late, twice or after a month of silence,
    is told one week, and the database lets that week have one edition.
    """
    monday = week_of(now).start
    moment = datetime.combine(monday.date() + timedelta(days=weekday), at, UTC)
    last = moment if moment <= now else moment - A_WEEK
    return just_ended(last)
