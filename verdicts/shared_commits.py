"""Commits what several threads write in one transaction. Syncing the disk takes as long as many votes do."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from verdicts.extensions import MAX_WAIT_TO_WRITE_SECONDS, TooManyWriters, begin_write, commit_or_retry, db

T = TypeVar("T")


class _Step:
    """What one thread writes, and what became of it. It has failed until it is committed."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = TooManyWriters()
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


_queue = _Queue()


def commit_together(work: Callable[[], T]) -> T:
    """Run `work` in a transaction that writes, and return what it returned once that is committed.

    On SQLite threads that wait for their turn write in the transaction of one of them, so `work` changes nothing but
    the database and asks nothing of its request. Where one fails, or the commit, each runs again in a transaction of
    its own. Raises what `work` and begin_write() raise.

    PostgreSQL syncs several commits at once by itself, and there the locks of several votes might cross.
    """
    if db.engine.dialect.name != "sqlite":
        return commit_or_retry(work, tries=1)
    step = _Step(work)
    _queue.join(step)
    if not step.is_leader and not step.woken.acquire(timeout=MAX_WAIT_TO_WRITE_SECONDS):
        if _queue.leave(step):
            raise TooManyWriters
        step.woken.acquire()
    if step.is_leader:
        _lead()
    if step.error:
        raise step.error
    result: T = step.result
    return result


def _lead() -> None:
    steps: list[_Step] = []
    try:
        error = _error_of_beginning()
        steps = _queue.take_all()  # as late as possible, so that they are many
        if error:
            for step in steps:
                step.error = error
        else:
            _run(steps)
    finally:
        _queue.hand_over()
        for step in steps:
            if not step.is_leader:
                step.woken.release()


def _error_of_beginning() -> Exception | None:
    try:
        begin_write()
    except Exception as error:
        return error
    return None


def _run(steps: list[_Step]) -> None:
    try:
        for step in steps:
            step.result = step.work()
        db.session.commit()
    except Exception:
        db.session.rollback()
        for step in steps:
            _run_alone(step)
    else:
        for step in steps:
            step.error = None


def _run_alone(step: _Step) -> None:
    try:
        step.result = commit_or_retry(step.work, tries=1)
        step.error = None
    except Exception as error:
        step.error = error
