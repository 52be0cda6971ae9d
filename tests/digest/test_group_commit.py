"""What several threads write in one transaction: what they share, and what becomes of all where one fails."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE, listening
from verdicts.digest import group_commit
from verdicts.digest.group_commit import GroupCommit
from verdicts.extensions import db
from verdicts.mailing.models import sending_allowance

Step = Callable[[sa.Connection], str]


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with pooled_app(database_url) as application:
        yield application


def run_steps(connection: sa.Connection, steps: Sequence[Step]) -> list[str]:
    return [step(connection) for step in steps]


@pytest.fixture
def group(app: Flask) -> Iterator[GroupCommit[Step, str]]:
    group = GroupCommit(run_steps)
    yield group
    group.close()


def insert_row(name: str) -> Step:
    def step(connection: sa.Connection) -> str:
        connection.execute(sa.insert(sending_allowance).values(period=name, used=0))
        return name

    return step


def fail(_connection: sa.Connection) -> str:
    raise ZeroDivisionError


def run_together(app: Flask, group: GroupCommit[Step, str], *steps: Step) -> tuple[list[Future[str]], int]:
    """Let these steps wait while another one commits. Return their futures, done, and how often was committed."""
    commits: list[object] = []
    is_held, others_wait = threading.Event(), threading.Event()

    def hold(_connection: sa.Connection) -> str:
        is_held.set()
        others_wait.wait(10)
        return ""

    with listening("commit", commits.append), ThreadPoolExecutor(len(steps) + 1) as pool:
        pool.submit(run, app, group, hold)
        assert is_held.wait(10)
        futures = [pool.submit(run, app, group, step) for step in steps]
        while len(group._waiting) < len(steps):
            time.sleep(0.001)
        others_wait.set()
    return futures, len(commits)


def run(app: Flask, group: GroupCommit[Step, str], step: Step) -> str:
    with app.app_context():
        return group.run(step)


def rows() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(sa.select(sending_allowance.c.period)))


@ON_ONE_DATABASE
def test_steps_that_wait_for_a_commit_share_the_next_one(app: Flask, group: GroupCommit[Step, str]) -> None:
    futures, commits = run_together(app, group, insert_row("a"), insert_row("b"), insert_row("c"))
    assert [future.result() for future in futures] == ["a", "b", "c"]
    assert rows() == {"a", "b", "c"}
    assert commits == 2


def insert_slowly(name: str) -> Step:
    def step(connection: sa.Connection) -> str:
        time.sleep(0.5)
        return insert_row(name)(connection)

    return step


@ON_ONE_DATABASE
def test_who_shared_a_commit_is_waited_for_at_the_next_one_as_long_as_it_took(
    app: Flask, group: GroupCommit[Step, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MAX_GATHERING_SECONDS", 10)
    run_together(app, group, insert_row("a"), insert_slowly("b"), insert_row("c"))
    commits: list[object] = []
    with listening("commit", commits.append), ThreadPoolExecutor(3) as pool:
        for name in "def":
            pool.submit(run, app, group, insert_row(name))
            time.sleep(0.01)
    assert rows() == set("abcdef")
    assert len(commits) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_would_commit_alone_is_not_waited_for(
    app: Flask, group: GroupCommit[Step, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "_last_size", 3)
    monkeypatch.setattr(group, "_last_seconds", 10)
    began = time.monotonic()
    assert run(app, group, insert_row("a")) == "a"
    assert time.monotonic() - began < 5


@ON_ONE_DATABASE
def test_who_does_not_come_is_not_waited_for_long(app: Flask, group: GroupCommit[Step, str]) -> None:
    run_together(app, group, insert_row("a"), insert_row("b"), insert_row("c"))
    assert group.run(insert_row("d")) == "d"
    assert rows() == set("abcd")


@ON_ONE_DATABASE
def test_where_one_step_fails_none_of_its_group_counts_as_done(app: Flask, group: GroupCommit[Step, str]) -> None:
    futures, _ = run_together(app, group, insert_row("a"), fail, insert_row("c"))
    assert {type(future.exception()) for future in futures} == {ZeroDivisionError}
    assert rows() == set()


@ON_ONE_DATABASE
def test_a_connection_that_failed_is_not_used_again(app: Flask, group: GroupCommit[Step, str]) -> None:
    group.run(insert_row("a"))
    with pytest.raises(ZeroDivisionError):
        group.run(fail)
    assert db.engine.pool.checkedout() == 0
    assert group.run(insert_row("b")) == "b"
    assert rows() == {"a", "b"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_was_lost_meanwhile_is_replaced(app: Flask, group: GroupCommit[Step, str]) -> None:
    processes: list[int] = []

    def note_process(connection: sa.Connection) -> str:
        processes.append(connection.scalar(sa.text("SELECT pg_backend_pid()")) or 0)
        return "noted"

    assert group.run(note_process) == "noted"
    with db.engine.begin() as other:
        other.execute(sa.text("SELECT pg_terminate_backend(:process)"), {"process": processes[0]})
    assert group.run(insert_row("a")) == "a"
    assert rows() == {"a"}
