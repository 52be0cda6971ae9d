"""Group commit: steps that several threads take at about the same time share one transaction, and what it costs."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa

from verdicts.extensions import WRITERS, commit_on_connection_or_retry, db

T = TypeVar("T")


class GroupCommit:
    """Runs steps as commit_on_connection_or_retry does, those of waiting threads together.

    No step returns before it is committed. While as many threads commit as may write at once (one on SQLite), others
    queue; the next one commits for all of these. If a step fails, none of its group is committed, and each of them
    raises the error. Steps of other processes may wait for the rows of a whole group, so its steps lock only rows that
    their own thread has leased, and the edition's after these.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[[sa.Connection], Any], Future[Any]]] = deque()
        self._taking = threading.Lock()
        self._committing = threading.Semaphore(WRITERS[db.engine.dialect.name])

    def run(self, step: Callable[[sa.Connection], T]) -> T:
        """Run a step, commit, and return what the step returned."""
        future: Future[T] = Future()
        self._waiting.append((step, future))
        with self._committing:
            if not future.done():
                self._commit_waiting()
        return future.result()

    def _commit_waiting(self) -> None:
        with self._taking:
            group = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not group:  # another thread has taken this one's step, and commits it now
            return
        try:
            results = commit_on_connection_or_retry(lambda connection: [step(connection) for step, _ in group])
        except BaseException as error:
            for _, future in group:
                future.set_exception(error)
        else:
            for (_, future), result in zip(group, results, strict=True):
                future.set_result(result)
