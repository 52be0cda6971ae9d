"""Steps of several threads in one transaction: what they share, and what becomes of all where one fails."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE, listening
from verdicts.digest.group_commit import GroupCommit
from verdicts.extensions import db
from verdicts.mailing.models import sending_allowance

pytestmark = ON_ONE_DATABASE


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with pooled_app(database_url) as application:
        yield application


def insert_row(name: str) -> Callable[[sa.Connection], str]:
    def step(connection: sa.Connection) -> str:
        connection.execute(sa.insert(sending_allowance).values(period=name, used=0))
        return name

    return step


def fail(_connection: sa.Connection) -> str:
    raise ZeroDivisionError


def run_together(app: Flask, *steps: Callable[[sa.Connection], str]) -> tuple[list[Future[str]], int]:
    """Let these steps wait while another one commits. Return their futures, done, and how often was committed."""
    group, commits = GroupCommit(), []
    is_held, others_wait = threading.Event(), threading.Event()

    def hold(_connection: sa.Connection) -> str:
        is_held.set()
        others_wait.wait(10)
        return ""

    def run(step: Callable[[sa.Connection], str]) -> str:
        with app.app_context():
            return group.run(step)

    with listening("commit", commits.append), ThreadPoolExecutor(len(steps) + 1) as pool:
        pool.submit(run, hold)
        assert is_held.wait(10)
        futures = [pool.submit(run, step) for step in steps]
        while len(group._waiting) < len(steps):
            time.sleep(0.001)
        others_wait.set()
    return futures, len(commits)


def rows() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(sa.select(sending_allowance.c.period)))


def test_steps_that_wait_for_a_commit_share_the_next_one(app: Flask) -> None:
    futures, commits = run_together(app, insert_row("a"), insert_row("b"), insert_row("c"))
    assert [future.result() for future in futures] == ["a", "b", "c"]
    assert rows() == {"a", "b", "c"}
    assert commits == 2


def test_where_one_step_fails_none_of_its_group_counts_as_done(app: Flask) -> None:
    futures, _ = run_together(app, insert_row("a"), fail, insert_row("c"))
    assert {type(future.exception()) for future in futures} == {ZeroDivisionError}
    assert rows() == set()
