"""ISO weeks, in UTC. An edition reports on one week and is named after it."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

ONE_WEEK = timedelta(weeks=1)
MIN_YEAR, MAX_YEAR = 2000, 9998  # datetime ends in 9999, and a week needs the day after it
_NAME = re.compile(r"(?P<year>[0-9]{4})-[wW](?P<week>[0-9]{1,2})", re.ASCII)


class NotAWeek(ValueError):
    """The name of no ISO week. The message shows how to write one."""


@dataclass(frozen=True, order=True)
class Week:
    """One ISO week: from Monday 00:00 UTC up to, but not including, the next Monday 00:00."""

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
        return self.start + ONE_WEEK


def parse(name: str) -> Week:
    """Return the week of this name, with or without a leading zero: "2026-w47". Raises NotAWeek."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise NotAWeek(f"“{name[:40]}” is not a week. Enter a week such as 2026-w47.")
    year, number = int(match["year"]), int(match["week"])
    # The 28th of December is always in the last week of its year.
    if not (MIN_YEAR <= year <= MAX_YEAR and 1 <= number <= date(year, 12, 28).isocalendar().week):
        raise NotAWeek(f"There is no week {number} in {year}.")
    return Week(year, number)


def is_week_name(name: str) -> bool:
    try:
        parse(name)
    except NotAWeek:
        return False
    return True


def week_of(moment: datetime) -> Week:
    """Return the week, in UTC, of a moment in any time zone."""
    year, number, _ = moment.astimezone(UTC).isocalendar()
    return Week(year, number)


def default_week(now: datetime, *, demo: bool) -> Week:
    """Return the week that an edition reports on by default: the previous one; in the demo, the current one."""
    return week_of(now) if demo else previous_week(now)


def previous_week(now: datetime) -> Week:
    return week_of(now - ONE_WEEK)


def due_week(now: datetime, weekday: int, at: time) -> Week:
    """Return the week before the latest drafting time.

    `weekday`: 0 is Monday. `at`: UTC.
    The result depends only on `now`, so a late or repeated timer drafts no week twice.
    """
    monday = week_of(now).start
    moment = datetime.combine(monday.date() + timedelta(days=weekday), at, UTC)
    latest = moment if moment <= now else moment - ONE_WEEK
    return previous_week(latest)
