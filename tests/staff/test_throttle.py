"""Throttling: how many attempts are free, how long the next one waits, and what resets the count."""

from datetime import datetime, timedelta

import pytest

from tests.makers import NOW
from verdicts.extensions import commit_or_retry
from verdicts.staff import throttle
from verdicts.staff.throttle import (
    FREE_ATTEMPTS_FROM_ANYWHERE,
    FREE_ATTEMPTS_PER_ACCOUNT,
    FREE_ATTEMPTS_PER_NETWORK,
    MAX_WAIT,
    MAX_WAIT_FROM_ANYWHERE,
    RETENTION,
    Counter,
)

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)
ANN = throttle.for_account("ann")
NETWORK = throttle.for_network("203.0.113.0/24")


def attempt(*counters: Counter, now: datetime = NOW) -> timedelta | None:
    """Count an attempt, or return how long to wait."""
    return commit_or_retry(lambda: throttle.count_attempt(list(counters), now))


def fail(counter: Counter, times: int, now: datetime = NOW) -> None:
    for _ in range(times):
        assert attempt(counter, now=now) is None


def test_the_first_attempts_of_an_account_are_free() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    assert attempt(ANN) == 2 * SECOND


def test_a_network_has_more_free_attempts_than_an_account() -> None:
    fail(NETWORK, FREE_ATTEMPTS_PER_NETWORK)
    assert attempt(NETWORK) == 2 * SECOND
    assert FREE_ATTEMPTS_PER_NETWORK > FREE_ATTEMPTS_PER_ACCOUNT


def test_each_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    now, waits = NOW, []
    for _ in range(12):
        wait = attempt(ANN, now=now)
        assert wait
        waits.append(wait)
        now += wait
        assert attempt(ANN, now=now) is None
    assert waits[:4] == [2 * SECOND, 4 * SECOND, 8 * SECOND, 16 * SECOND]
    assert waits[-1] == max(waits) == MAX_WAIT == timedelta(minutes=15)


def test_an_account_is_only_slowed_down_for_all_networks_together() -> None:
    anywhere = throttle.for_account_from_anywhere("ann")
    fail(anywhere, FREE_ATTEMPTS_FROM_ANYWHERE)
    now = NOW
    for _ in range(12):
        wait = attempt(anywhere, now=now)
        assert wait
        now += wait
        assert attempt(anywhere, now=now) is None
    assert attempt(anywhere, now=now) == MAX_WAIT_FROM_ANYWHERE == 10 * SECOND


def test_letters_for_a_new_password_come_at_growing_intervals_of_at_most_an_hour() -> None:
    reset = throttle.for_reset("ann@example.org")
    minutes = [minute for minute in range(300) if attempt(reset, now=NOW + timedelta(minutes=minute)) is None]
    assert minutes == [0, 10, 30, 70, 130, 190, 250]


def test_a_counter_belongs_to_one_network_and_one_password() -> None:
    keys = {
        throttle.for_account(name, version, network).key
        for name in ("ann", "bob")
        for version in ("", "1")
        for network in ("", "203.0.113.0/24")
    }
    assert len(keys) == 8


def test_a_wait_gets_shorter_while_time_goes_by() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    assert attempt(ANN, now=NOW + SECOND) == SECOND
    assert attempt(ANN, now=NOW + 2 * SECOND) is None


def test_an_attempt_that_must_wait_is_not_counted() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    for _ in range(10):
        assert attempt(ANN) == 2 * SECOND


def test_where_one_counter_must_wait_the_others_count_nothing() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    for _ in range(FREE_ATTEMPTS_PER_NETWORK + 1):
        assert attempt(ANN, NETWORK) == 2 * SECOND
    assert attempt(NETWORK) is None


def test_of_several_waits_the_longest_counts() -> None:
    bob = throttle.for_account("bob")
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    fail(bob, FREE_ATTEMPTS_PER_ACCOUNT)
    fail(bob, 1, now=NOW + 2 * SECOND)
    assert attempt(ANN, bob, now=NOW + 2 * SECOND) == 4 * SECOND


def test_a_failure_that_a_clock_ahead_has_counted_makes_nobody_wait_longer() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT, now=NOW + 600 * SECOND)
    assert attempt(ANN) == 2 * SECOND


def test_what_is_asked_for_one_purpose_does_not_use_up_another() -> None:
    purposes = [
        throttle.for_account,
        throttle.for_account_from_anywhere,
        throttle.for_current_password,
        throttle.for_device,
        throttle.for_reset,
        throttle.for_network,
    ]
    assert len({make("ann").key for make in purposes}) == len(purposes)
    fail(throttle.for_account("ann"), FREE_ATTEMPTS_PER_ACCOUNT)
    assert attempt(throttle.for_current_password("ann")) is None
    assert attempt(throttle.for_account("bob")) is None


def test_a_counter_does_not_reveal_what_it_counts() -> None:
    assert "ann" not in throttle.for_reset("ann@example.org").key
    assert len(throttle.for_reset("ann@example.org" * 100).key) == 64


def test_a_success_resets_the_counter() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT - 1)
    commit_or_retry(lambda: throttle.reset(ANN))
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    assert attempt(ANN) == 2 * SECOND


def test_an_attempt_that_is_undone_leaves_those_before_it() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT - 1)
    for _ in range(10):
        assert attempt(ANN) is None
        commit_or_retry(lambda: throttle.undo_attempt(ANN))
    assert attempt(ANN) is None
    assert attempt(ANN) == 2 * SECOND


def test_undoing_more_than_was_counted_gives_no_free_attempts() -> None:
    fail(ANN, 1)
    for _ in range(5):
        commit_or_retry(lambda: throttle.undo_attempt(ANN))
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    assert attempt(ANN) == 2 * SECOND


def test_failures_are_forgotten_after_a_day() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT, now=NOW + RETENTION + SECOND)
    assert attempt(ANN, now=NOW + RETENTION + SECOND) == 2 * SECOND


def test_old_counters_are_deleted_and_others_stay() -> None:
    fail(ANN, FREE_ATTEMPTS_PER_ACCOUNT)
    fail(NETWORK, 1, now=NOW + SECOND)
    assert commit_or_retry(lambda: throttle.delete_old(NOW + RETENTION)) == 0
    assert commit_or_retry(lambda: throttle.delete_old(NOW + RETENTION + SECOND)) == 1
    assert commit_or_retry(lambda: throttle.delete_old(NOW + RETENTION + 2 * SECOND)) == 1
