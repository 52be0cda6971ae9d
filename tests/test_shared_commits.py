"""Threads whose turn has not come write in one transaction, and none of them fails because of another."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.apps import copied_sqlite, new_app
from tests.conftest import ON_ONE_DATABASE, listening
from tests.faults.serving import wait_until
from verdicts import extensions, shared_commits
from verdicts.extensions import TooManyWriters, begin_write, db, limit_waiting_writers
from verdicts.shared_commits import commit_together
from verdicts.voting.models import network_key

pytestmark = ON_ONE_DATABASE  # PostgreSQL commits each by itself

THREADS = 5
FIRST_DAY = date(2026, 11, 1)

Work = Callable[[sa.Connection], int]


def store(number: int, connection: sa.Connection) -> int:
    day = FIRST_DAY + timedelta(number)
    connection.execute(sa.insert(network_key), {"day": day, "key": b"key"})
    return number


def stored() -> list[int]:
    db.session.rollback()
    return [(day - FIRST_DAY).days for day in db.session.scalars(sa.select(network_key.c.day).order_by("day"))]


@pytest.fixture
def threads(app: Flask) -> Iterator[ThreadPoolExecutor]:
    limit_waiting_writers(THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool
    limit_waiting_writers(1)


def store_together(app: Flask, work: Work) -> int:
    with app.app_context():
        return commit_together(work)


def wait_together(app: Flask, threads: ThreadPoolExecutor, works: list[Work]) -> list[Future[int]]:
    """Let threads do these works while somebody else writes, and return when all of them wait."""

    begin_write()
    futures = [threads.submit(store_together, app, work) for work in works]
    while len(shared_commits._queue()._waiting) < len(works):
        time.sleep(0.001)
    return futures


def test_those_who_wait_are_committed_at_once_and_each_gets_its_own_result(
    app: Flask, threads: ThreadPoolExecutor
) -> None:
    commits: list[object] = []
    futures = wait_together(app, threads, [partial(store, number) for number in range(THREADS)])
    with listening("commit", commits.append):
        db.session.rollback()
        assert [future.result(10) for future in futures] == list(range(THREADS))
    assert len(commits) == 1
    assert stored() == list(range(THREADS))


def test_one_that_fails_is_the_only_one(app: Flask, threads: ThreadPoolExecutor) -> None:
    works = [partial(store, number) for number in (0, 1, 1, 2)]  # a key may be there once
    futures = wait_together(app, threads, works)
    db.session.rollback()
    errors = [type(future.exception(10)) for future in futures]
    assert sorted(errors, key=str) == sorted([type(None)] * 3 + [sa.exc.IntegrityError], key=str)
    assert stored() == [0, 1, 2]


def test_where_the_commit_fails_each_is_tried_alone(app: Flask, threads: ThreadPoolExecutor) -> None:
    commits: list[object] = []

    def fail_at_first(connection: object) -> None:
        commits.append(connection)
        if len(commits) == 1:
            raise RuntimeError("the disk is full")

    futures = wait_together(app, threads, [partial(store, number) for number in range(3)])
    with listening("commit", fail_at_first):
        db.session.rollback()
        assert [future.result(10) for future in futures] == [0, 1, 2]
    assert len(commits) == 1 + 3
    assert stored() == [0, 1, 2]


def test_nobody_is_told_of_what_was_not_committed(app: Flask, threads: ThreadPoolExecutor) -> None:
    def fail(_connection: object) -> None:
        raise RuntimeError("the disk is full")

    futures = wait_together(app, threads, [partial(store, number) for number in range(3)])
    with listening("commit", fail):
        db.session.rollback()
        assert {str(future.exception(10)) for future in futures} == {"the disk is full"}
    assert stored() == []


def test_who_has_waited_in_vain_is_refused_and_others_write_later(
    app: Flask, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verdicts.extensions.MAX_WAIT_TO_WRITE_SECONDS", 0.2)
    monkeypatch.setattr(shared_commits, "MAX_WAIT_TO_WRITE_SECONDS", 0.1)
    futures = wait_together(app, threads, [partial(store, number) for number in range(3)])
    assert {type(future.exception(10)) for future in futures} == {TooManyWriters}
    db.session.rollback()
    commit_together(partial(store, 4))
    assert stored() == [4]


def test_where_one_fails_the_others_wait_for_their_own_turn_only(
    app: Flask, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, done = threading.Event(), threading.Event()

    def fail(_connection: sa.Connection) -> int:
        raise RuntimeError("it cannot be stored")

    def hold_the_lock() -> None:
        with app.app_context():
            begin_write()
            taken.set()
            done.wait(10)
            db.session.rollback()

    with ThreadPoolExecutor(1) as others:
        futures = wait_together(app, threads, [fail, *(partial(store, number) for number in range(THREADS - 1))])
        holding = others.submit(hold_the_lock)
        wait_until(lambda: len(extensions._turns["sqlite"]._waiting) == 2, 10)  # it is next after the leader
        monkeypatch.setattr(extensions, "MAX_WAIT_TO_WRITE_SECONDS", 0.5)
        db.session.rollback()
        assert taken.wait(10)
        began = time.monotonic()
        assert {type(future.exception(10)) for future in futures} == {TooManyWriters}
        assert time.monotonic() - began < 2 * extensions.MAX_WAIT_TO_WRITE_SECONDS
        done.set()
        holding.result(10)


def test_a_leader_that_is_interrupted_leaves_the_queue_to_others(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shared_commits, "MAX_WAIT_TO_WRITE_SECONDS", 0.1)
    with monkeypatch.context() as interrupted:
        interrupted.setattr(shared_commits, "connect_to_write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            commit_together(partial(store, 1))
    commit_together(partial(store, 2))
    assert stored() == [2]


def test_applications_of_one_process_write_apart(
    app: Flask, threads: ThreadPoolExecutor, sqlite_template: Path, tmp_path: Path
) -> None:
    with copied_sqlite(sqlite_template) as url, new_app(url, tmp_path) as other, app.app_context():
        futures = wait_together(app, threads, [partial(store, 1)])
        futures.append(threads.submit(store_together, other, partial(store, 2)))
        wait_until(lambda: len(extensions._turns["sqlite"]._waiting) == 2, 10)
        db.session.rollback()
        assert [each.result(10) for each in futures] == [1, 2]
        assert stored() == [1]
