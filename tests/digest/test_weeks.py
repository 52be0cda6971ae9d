"""ISO weeks: their names, their edges, and which one is due."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts.digest import weeks
from verdicts.digest.weeks import NotAWeek, Week

MONDAY_AT_EIGHT = (0, time(8))
moments = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments)
def test_a_week_holds_the_moments_that_belong_to_it(moment: datetime) -> None:
    week = weeks.week_of(moment)
    assert week.start <= moment < week.end
    assert weeks.parse(week.name) == week
    assert weeks.week_of(week.end) > week


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 22), "2026-w47"),
        (date(2021, 1, 3), "2020-w53"),
        (date(2024, 12, 30), "2025-w01"),
        (date(2027, 1, 3), "2026-w53"),
        (date(2027, 1, 4), "2027-w01"),
    ],
)
def test_around_new_year_a_day_belongs_to_its_thursdays_year(day: date, name: str) -> None:
    assert weeks.week_of(datetime.combine(day, time(23, 59), UTC)).name == name


def test_the_zone_of_a_moment_does_not_matter() -> None:
    auckland = timezone(timedelta(hours=13))
    assert weeks.week_of(datetime(2026, 11, 23, 12, tzinfo=auckland)).name == "2026-w47"


@pytest.mark.parametrize("name", ["2026-w47", "2026-W47"])
def test_a_name_is_read_in_either_case(name: str) -> None:
    assert weeks.parse(name) == Week(2026, 47)


def test_a_name_without_its_leading_zero_is_read_too() -> None:
    assert weeks.parse("2026-w7").name == "2026-w07"


@pytest.mark.parametrize(
    "name", ["", "2026", "2026-47", "2026-w0", "2026-w54", "2025-w53", "0001-w01", "9999-w52", "2026-w٤٧", "2026-w47\n"]
)
def test_what_is_no_week_is_refused_in_words(name: str) -> None:
    with pytest.raises(NotAWeek, match="week"):
        weeks.parse(name)


def test_a_year_may_have_a_fifty_third_week() -> None:
    assert weeks.parse("2026-w53").sunday == date(2027, 1, 3)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 23, 7, 59, 59, tzinfo=UTC), "2026-w46"),
        (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), "2026-w47"),
        (datetime(2026, 11, 29, 23, 59, tzinfo=UTC), "2026-w47"),
        (datetime(2026, 11, 30, 8, 0, tzinfo=UTC), "2026-w48"),
        (datetime(2027, 1, 4, 8, 0, tzinfo=UTC), "2026-w53"),
    ],
)
def test_from_the_weekly_moment_on_the_week_that_ended_before_it_is_due(now: datetime, due: str) -> None:
    assert weeks.due_week(now, *MONDAY_AT_EIGHT).name == due


@given(moments, st.integers(0, 6), st.times())
def test_what_is_due_has_always_ended_and_never_more_than_two_weeks_ago(now: datetime, day: int, at: time) -> None:
    week = weeks.due_week(now, day, at.replace(tzinfo=None))
    assert week.end <= now < week.end + 2 * weeks.ONE_WEEK


@given(moments, st.integers(0, 6), st.times(), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_clock_that_jumps_gets_the_same_week_or_a_neighbour(
    now: datetime, day: int, at: time, jump: timedelta
) -> None:
    here, there = (weeks.due_week(each, day, at.replace(tzinfo=None)) for each in (now, now + jump))
    assert there in {here, weeks.week_of(here.end)}
