"""Group commit: what several threads write at about the same time shares one transaction, and what that costs."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import sqlalchemy as sa

from verdicts.extensions import WRITERS, KeptConnections, db

# A thread that commits for others waits for them as long as the last commit took, and so long at most.
MAX_GATHERING_SECONDS = 0.02

T = TypeVar("T")
Result = TypeVar("Result")


class _Step(Generic[T, Result]):
    """What one thread writes, and what became of it. Its thread waits for `woken`: it is over, or is to lead."""

    def __init__(self, value: T) -> None:
        self.value = value
        self.result: Result
        self.error: BaseException | None = None
        self.is_leader = False
        self.woken = threading.Lock()
        self.woken.acquire()


class GroupCommit(Generic[T, Result]):
    """Commits what several threads want written, as commit_or_retry() does, on connections that it keeps.

    `write` writes the values of a group and returns a result for each. None of them has its result before that is
    committed. While as many threads commit as may write at once (one on SQLite), others queue; the next one commits for
    all of these. It waits a moment for as many as shared the last commit: they went on at the same time and often come
    back together, and fewer commits leave more time for what is between them.

    If a group cannot be written, each of its threads raises the error. Other processes may wait for the rows of a whole
    group, so `write` locks only rows that these threads have leased, and the edition's after these.
    """

    def __init__(self, write: Callable[[sa.Connection, Sequence[T]], Sequence[Result]]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: deque[_Step[T, Result]] = deque()
        self._arrival = threading.Condition(self._lock)  # of one that waits
        self._last_size = 1
        self._last_seconds = 0.0
        self._idle = WRITERS[db.engine.dialect.name]  # how many more threads may commit now
        self._connections = KeptConnections()

    def run(self, value: T) -> Result:
        """Write a value, commit, and return its result."""
        step: _Step[T, Result] = _Step(value)
        with self._lock:
            if self._idle:
                self._idle -= 1
                step.is_leader = True
            else:
                self._waiting.append(step)
                self._arrival.notify()
        if not step.is_leader:
            step.woken.acquire()
        if step.is_leader:
            self._lead(step)
        if step.error:
            raise step.error
        return step.result

    def close(self) -> None:
        """Give the connections back to their pool, once no thread runs steps any more."""
        self._connections.close()

    def _lead(self, own: _Step[T, Result]) -> None:
        group = [own]

        def write_all(connection: sa.Connection) -> Sequence[Result]:
            with self._lock:  # as late as possible, so that they are many
                group.extend(self._waiting)
                self._waiting.clear()
                self._last_size = len(group)
            return self._write(connection, [step.value for step in group])

        with self._lock:
            self._arrival.wait_for(self._is_complete, self._last_seconds)
        started_at = time.perf_counter()
        try:
            results = self._connections.commit_or_retry(write_all)
            self._last_seconds = min(MAX_GATHERING_SECONDS, time.perf_counter() - started_at)
            for step, result in zip(group, results, strict=True):
                step.result = result
        except BaseException as error:
            for step in group:
                step.error = error
        finally:
            self._hand_over()
            for step in group[1:]:
                step.woken.release()

    def _is_complete(self) -> bool:
        """Say whether nobody need be waited for: as many have come as last time, or whoever comes leads alone."""
        return self._idle > 0 or len(self._waiting) + 1 >= self._last_size

    def _hand_over(self) -> None:
        """Let the step that has waited longest lead."""
        with self._lock:
            if not self._waiting:
                self._idle += 1
                self._arrival.notify_all()
                return
            step = self._waiting.popleft()
        step.is_leader = True
        step.woken.release()
