"""Throttling of log-ins: failures are counted, and each makes the next attempt wait longer.

An attempt is counted before the password is checked, so that many requests at once cannot all get through. A name is
throttled for each network alone. For all networks together it is only slowed down: otherwise a stranger who fails now
and then would keep its owner out. Counters of an account end with its password, since a part of the key is its version.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.staff.models import failed_login

FREE_ATTEMPTS_PER_ACCOUNT = 5  # from one network
FREE_ATTEMPTS_FROM_ANYWHERE = 20
FREE_ATTEMPTS_PER_NETWORK = 30
FREE_ATTEMPTS_PER_DEVICE = 50
MIN_WAIT = timedelta(seconds=2)  # after the free attempts; it doubles with each failure
MAX_WAIT = timedelta(minutes=15)
MAX_WAIT_FROM_ANYWHERE = timedelta(seconds=10)
MIN_RESET_INTERVAL, MAX_RESET_INTERVAL = timedelta(minutes=10), timedelta(hours=1)
RETENTION = timedelta(days=1)


@dataclass(frozen=True)
class Counter:
    """Whose failures are counted, as a hash, how many do not make the next attempt wait, and how long others do."""

    key: str
    free_attempts: int
    min_wait: timedelta = MIN_WAIT
    max_wait: timedelta = MAX_WAIT


def for_account(name: str, version: str = "", network: str = "") -> Counter:
    """Return the counter of an account and a network. `version` is its password's (Account.password_version).

    Names that nobody has are throttled alike.
    """
    return Counter(_key("account", network, name, version), FREE_ATTEMPTS_PER_ACCOUNT)


def for_account_from_anywhere(name: str, version: str = "") -> Counter:
    key = _key("anywhere", name, version)
    return Counter(key, FREE_ATTEMPTS_FROM_ANYWHERE, max_wait=MAX_WAIT_FROM_ANYWHERE)


def for_device(device: str) -> Counter:
    """Return the counter of a browser that has logged in before."""
    return Counter(_key("device", device), FREE_ATTEMPTS_PER_DEVICE)


def for_second_factor(name: str, version: str) -> Counter:
    """Return the counter of codes that were sent with the right password, from anywhere."""
    return Counter(_key("code", name, version), FREE_ATTEMPTS_PER_ACCOUNT)


def for_current_password(name: str, version: str = "") -> Counter:
    """Return the counter of the password that a logged-in account is asked for: log-ins do not use it up."""
    return Counter(_key("present", name, version), FREE_ATTEMPTS_PER_ACCOUNT)


def for_reset(address: str) -> Counter:
    """Return the counter of the letters to an account's address: one at first, then one after each interval."""
    return Counter(_key("reset", address), 1, MIN_RESET_INTERVAL, MAX_RESET_INTERVAL)


def for_network(network: str) -> Counter:
    return Counter(_key("network", network), FREE_ATTEMPTS_PER_NETWORK)


def for_log(action: str, name: str) -> Counter:
    """Return the counter of an action that staff.refusals logs."""
    return Counter(_key("log", action, name), 0)


def count_attempt(counters: list[Counter], now: datetime) -> timedelta | None:
    """Count an attempt in each counter and return None; or count nothing and return how long to wait.

    The caller has called begin_write(), and commits before it checks the password.
    """
    waits = [_wait(counter, now) for counter in counters]
    if any(waits):
        return max(waits)
    for counter in counters:
        count(counter, now)
    return None


def count(counter: Counter, now: datetime) -> int:
    """Count a failure, and return how many there have been, with no day without one."""
    first = insert(failed_login).values(key=counter.key, failures=1, last_at=now)
    is_old = failed_login.c.last_at < now - RETENTION
    next_one = {"failures": sa.case((is_old, 1), else_=failed_login.c.failures + 1), "last_at": now}
    upsert = first.on_conflict_do_update(index_elements=["key"], set_=next_one).returning(failed_login.c.failures)
    failures: int = db.session.connection().execute(upsert).scalar_one()
    return failures


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


def _key(purpose: str, *values: str) -> str:
    return sha256("\0".join((purpose, *values)).encode(errors="replace")).hexdigest()


def _wait(counter: Counter, now: datetime) -> timedelta:
    columns = sa.select(failed_login.c.failures, failed_login.c.last_at).where(failed_login.c.key == counter.key)
    row = db.session.connection().execute(columns.with_for_update()).one_or_none()
    if row is None or row.failures < counter.free_attempts or now - row.last_at > RETENTION:
        return timedelta()
    doublings = min(row.failures - counter.free_attempts, 20)
    last_at = min(row.last_at, now)  # the clock of another machine may be ahead
    until: datetime = last_at + min(counter.max_wait, counter.min_wait * 2**doublings)
    return max(timedelta(), until - now)
