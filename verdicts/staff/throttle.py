"""Throttling of log-ins: failures are counted by account and by network, and each makes the next attempt wait longer.

An attempt is counted before the password is checked, so that many requests at once cannot all get through.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.staff.models import failed_login

FREE_ATTEMPTS_PER_ACCOUNT = 5
FREE_ATTEMPTS_PER_NETWORK = 30
MIN_WAIT = timedelta(seconds=2)  # after the free attempts; it doubles with each failure
MAX_WAIT = timedelta(minutes=15)
RETENTION = timedelta(days=1)


@dataclass(frozen=True)
class Counter:
    """Whose failures are counted, as a hash, and how many do not make the next attempt wait."""

    key: str
    free_attempts: int


def for_account(name: str) -> Counter:
    """Return the counter of an account. Names that nobody has are throttled alike."""
    return _counter("account", name, FREE_ATTEMPTS_PER_ACCOUNT)


def for_current_password(name: str) -> Counter:
    """Return the counter of the password that a logged-in account is asked for: log-ins do not use it up."""
    return _counter("present", name, FREE_ATTEMPTS_PER_ACCOUNT)


def for_reset(address: str) -> Counter:
    return _counter("reset", address, FREE_ATTEMPTS_PER_ACCOUNT)


def for_network(network: str) -> Counter:
    return _counter("network", network, FREE_ATTEMPTS_PER_NETWORK)


def count_attempt(counters: list[Counter], now: datetime) -> timedelta | None:
    """Count an attempt in each counter and return None; or count nothing and return how long to wait.

    The caller has called begin_write(), and commits before it checks the password.
    """
    waits = [_wait(counter, now) for counter in counters]
    if any(waits):
        return max(waits)
    for counter in counters:
        _count(counter, now)
    return None


def reset(counter: Counter) -> None:
    """Delete a counter's failures after a success."""
    db.session.connection().execute(sa.delete(failed_login).where(failed_login.c.key == counter.key))


def undo_attempt(counter: Counter) -> None:
    """Take back the attempt that succeeded. The other failures stay: a network's counter is shared."""
    row = sa.update(failed_login).where(failed_login.c.key == counter.key, failed_login.c.failures > 0)
    db.session.connection().execute(row.values(failures=failed_login.c.failures - 1))


def delete_old(now: datetime) -> int:
    """Delete counters whose last failure is more than RETENTION ago; return how many."""
    old = sa.delete(failed_login).where(failed_login.c.last_at < now - RETENTION)
    return db.session.connection().execute(old).rowcount


def _counter(purpose: str, value: str, free_attempts: int) -> Counter:
    return Counter(sha256(f"{purpose}:{value}".encode()).hexdigest(), free_attempts)


def _wait(counter: Counter, now: datetime) -> timedelta:
    columns = sa.select(failed_login.c.failures, failed_login.c.last_at).where(failed_login.c.key == counter.key)
    row = db.session.connection().execute(columns.with_for_update()).one_or_none()
    if row is None or row.failures < counter.free_attempts or now - row.last_at > RETENTION:
        return timedelta()
    doublings = min(row.failures - counter.free_attempts, 20)
    until: datetime = row.last_at + min(MAX_WAIT, MIN_WAIT * 2**doublings)
    return max(timedelta(), until - now)


def _count(counter: Counter, now: datetime) -> None:
    first = insert(failed_login).values(key=counter.key, failures=1, last_at=now)
    is_old = failed_login.c.last_at < now - RETENTION
    next_one = {"failures": sa.case((is_old, 1), else_=failed_login.c.failures + 1), "last_at": now}
    db.session.connection().execute(first.on_conflict_do_update(index_elements=["key"], set_=next_one))
