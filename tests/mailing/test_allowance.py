"""The rate and the quota that all senders share through one table."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from verdicts.extensions import commit_or_retry, db
from verdicts.mailing import allowance
from verdicts.mailing.models import sending_allowance

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
A_MINUTE, A_SECOND = timedelta(minutes=1), timedelta(seconds=1)
PLENTY = 1_000_000


def take(most: int, now: datetime, rate: int = PLENTY, quota: int = PLENTY) -> int:
    return commit_or_retry(lambda: allowance.acquire(most, rate_per_minute=rate, max_per_day=quota, now=now))


def taken_in_a_minute(rate: int, asks: Callable[[int], int]) -> int:
    return sum(take(asks(second), MIDNIGHT + second * A_SECOND, rate=rate) for second in range(60))


@pytest.mark.parametrize("rate", [1, 7, 12, 60, 599, 600])
def test_a_minute_grants_the_rate_exactly(app: Flask, rate: int) -> None:
    assert taken_in_a_minute(rate, lambda _second: 1000) == rate


def test_any_sixty_seconds_see_little_more_than_the_rate(app: Flask) -> None:
    granted = {second: take(1000, MIDNIGHT + second * A_SECOND, rate=600) for second in range(50, 180)}
    windows = [sum(granted[second] for second in range(start, start + 60)) for start in range(50, 120)]
    assert max(windows) <= 600 + 600 // allowance.SLOTS_PER_MINUTE


def test_the_day_grants_its_quota_and_the_rest_goes_on_tomorrow(app: Flask) -> None:
    evening = MIDNIGHT + timedelta(hours=20)
    assert [take(6, evening, quota=10), take(6, evening, quota=10), take(6, evening, quota=10)] == [6, 4, 0]
    assert commit_or_retry(lambda: allowance.next_available_at(PLENTY, 10, evening)) == MIDNIGHT + timedelta(days=1)
    assert take(6, MIDNIGHT + timedelta(days=1), quota=10) == 6


def test_what_was_not_needed_is_given_back(app: Flask) -> None:
    assert take(10, MIDNIGHT, quota=10) == 10
    commit_or_retry(lambda: allowance.release(4, MIDNIGHT))
    assert take(10, MIDNIGHT, quota=10) == 4


def test_a_minute_that_is_used_up_goes_on_within_seconds(app: Flask) -> None:
    assert take(PLENTY, MIDNIGHT, rate=120) == 10
    assert take(1, MIDNIGHT, rate=120) == 0
    assert commit_or_retry(lambda: allowance.next_available_at(120, PLENTY, MIDNIGHT)) == MIDNIGHT + 5 * A_SECOND


def test_a_rate_of_one_a_minute_has_a_moment_to_come(app: Flask) -> None:
    moment = commit_or_retry(lambda: allowance.next_available_at(1, PLENTY, MIDNIGHT))
    assert MIDNIGHT < moment < MIDNIGHT + A_MINUTE
    assert take(5, moment, rate=1) == 1


def test_senders_at_once_get_no_more_than_there_is(app: Flask) -> None:
    def ask(_number: int) -> int:
        with app.app_context():
            return take(7, MIDNIGHT, quota=100)

    with ThreadPoolExecutor(8) as senders:
        assert sum(senders.map(ask, range(40))) == 100


def test_counts_of_past_days_are_forgotten(app: Flask) -> None:
    take(1, MIDNIGHT)
    take(1, MIDNIGHT + timedelta(days=3))
    commit_or_retry(lambda: allowance.delete_old(MIDNIGHT + timedelta(days=3)))
    kept = db.session.scalars(sa.select(sending_allowance.c.period)).all()
    assert sorted(kept) == ["2026-11-26", "2026-11-26T00:00:00"]
