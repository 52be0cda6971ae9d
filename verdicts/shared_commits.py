"""Commits what several threads write in one transaction. Syncing the disk takes as long as many votes do."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import current_app

from verdicts.extensions import MAX_WAIT_TO_WRITE_SECONDS, TooManyWriters, connect_to_write, db

T = TypeVar("T")
_QUEUE = "verdicts.shared_commits"  # in app.extensions


class _Step:
    """What one thread writes, and what became of it in the transaction of all.

    It was committed, or refused with an error. Where neither, its thread is to write it alone.
    """

    def __init__(self, work: Callable[[sa.Connection], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.is_committed = False
        self.error: Exception | None = None
        self.is_leader = False
        self.woken = threading.Lock()  # held until the step is over, or its thread is to lead
        self.woken.acquire()


class _Queue:
    """The steps that wait for the next transaction. The thread of one of them leads: it runs them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Step] = []
        self._is_led = False

    def join(self, step: _Step) -> None:
        """Add a step. It leads where no other does."""
        with self._lock:
            self._waiting.append(step)
            if not self._is_led:
                self._is_led = step.is_leader = True

    def leave(self, step: _Step) -> bool:
        """Remove a step that has waited in vain. Return False where it is run already, or leads."""
        with self._lock:
            if step.is_leader or step not in self._waiting:
                return False
            self._waiting.remove(step)
            return True

    def take_all(self) -> list[_Step]:
        with self._lock:
            steps, self._waiting = self._waiting, []
            return steps

    def hand_over(self) -> None:
        """Let the step that has waited longest lead."""
        with self._lock:
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].is_leader = True
                self._waiting[0].woken.release()


def _queue() -> _Queue:
    queue: _Queue = current_app.extensions.setdefault(_QUEUE, _Queue())
    return queue


def commit_together(work: Callable[[sa.Connection], T]) -> T:
    """Run `work` in a transaction that writes, and return what it returned once that is committed.

    `work` is given the transaction's connection, and uses no session. On SQLite threads that wait for their turn write
    in the transaction of one of them, so `work` changes nothing but the database and asks nothing of its request. Where
    one fails, or the commit, each thread runs its own again in a transaction of its own. Raises what `work` and
    connect_to_write() raise; where connect_to_write() does, for all that wait.

    PostgreSQL syncs several commits at once by itself, and there the locks of several votes might cross.
    """
    if db.engine.dialect.name != "sqlite":
        return _commit_alone(work)
    queue, step = _queue(), _Step(work)
    queue.join(step)
    if not step.is_leader and not step.woken.acquire(timeout=MAX_WAIT_TO_WRITE_SECONDS):
        if queue.leave(step):
            raise TooManyWriters
        step.woken.acquire()
    if step.is_leader:
        _lead(queue)
    if step.error:
        raise step.error
    if not step.is_committed:
        return _commit_alone(work)
    result: T = step.result
    return result


def _commit_alone(work: Callable[[sa.Connection], T]) -> T:
    with connect_to_write() as connection:
        return work(connection)


def _lead(queue: _Queue) -> None:
    steps: list[_Step] = []
    error: Exception | None = None
    is_committed = False

    def run_all(connection: sa.Connection) -> None:
        steps.extend(queue.take_all())  # as late as possible, so that they are many
        for step in steps:
            step.result = step.work(connection)

    try:
        _commit_alone(run_all)
        is_committed = True
    except Exception as raised:
        error = None if steps else raised  # no transaction could begin, or each is to be tried alone
    finally:
        steps = steps or queue.take_all()
        queue.hand_over()
        for step in steps:
            step.is_committed, step.error = is_committed, error
            if not step.is_leader:
                step.woken.release()
