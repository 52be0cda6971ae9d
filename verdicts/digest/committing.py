"""Transactions of senders: many threads, many processes, a database that may be busy or away for a moment."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from verdicts.extensions import TooManyWriters, begin_write, db

T = TypeVar("T")

# Longer than PostgreSQL lets a transaction idle (extensions.engine_options): a sender that was stopped in the middle of
# one keeps its locks until then, and must not bring the others down with it.
PATIENCE_SECONDS = 90.0
_LONGEST_REST_SECONDS = 1.0
_PASSING = (OperationalError, InterfaceError, NoConnectionFree, TooManyWriters)
# SQLite has one writer: threads queue here, in turn, rather than at the file, where whoever looks last may starve.
_one_writer = threading.Lock()


def committed(step: Callable[[], T], patience_seconds: float = PATIENCE_SECONDS) -> T:
    """Return what a step returns, once it is committed; while the database is busy or away, do it again.

    A step may run several times, so it only writes to the database. Raises what kept failing once patience ends.
    """
    give_up_at, rest = time.monotonic() + patience_seconds, 0.02
    while True:
        try:
            return _commit(step)
        except (DBAPIError, NoConnectionFree, TooManyWriters) as fault:
            db.session.rollback()
            if not _passes(fault) or time.monotonic() > give_up_at:
                raise
        except BaseException:
            db.session.rollback()
            raise
        time.sleep(rest)
        rest = min(2 * rest, _LONGEST_REST_SECONDS)


def _commit(step: Callable[[], T]) -> T:
    with _turn():
        begin_write()
        done = step()
        db.session.commit()
    return done


def _turn() -> AbstractContextManager[object]:
    return _one_writer if db.engine.dialect.name == "sqlite" else nullcontext()


def _passes(fault: Exception) -> bool:
    return isinstance(fault, _PASSING) or (isinstance(fault, DBAPIError) and fault.connection_invalidated)
