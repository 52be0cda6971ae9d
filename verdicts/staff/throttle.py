"""Who fails to log in must wait ever longer, and nobody for ever: by account and by network.

A try is counted before the password is looked at, so that many at once cannot slip through together.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.staff.models import failed_login

FORGOTTEN_AFTER = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=15)
FIRST_WAIT = timedelta(seconds=2)


@dataclass(frozen=True)
class Gauge:
    """Something whose failures are counted, and how many are free."""

    key: str
    free: int


def of_account(name: str) -> Gauge:
    """Return the gauge of an account, or of a name that nobody has: both are throttled alike."""
    return Gauge(sha256(f"account:{name}".encode()).hexdigest(), free=5)


def of_present_password(name: str) -> Gauge:
    """Return the gauge of the password that a logged-in person is asked for: no stranger can use it up."""
    return Gauge(sha256(f"present:{name}".encode()).hexdigest(), free=5)


def of_reset(address: str) -> Gauge:
    return Gauge(sha256(f"reset:{address}".encode()).hexdigest(), free=5)


def of_network(network: str) -> Gauge:
    return Gauge(sha256(f"network:{network}".encode()).hexdigest(), free=30)


def take(gauges: list[Gauge], now: datetime) -> timedelta | None:
    """Count a try for each gauge and return None; or count nothing and return how long to wait.

    The caller has called begin_write(), and commits before it looks at the password.
    """
    waits = [_wait(gauge, now) for gauge in gauges]
    if any(waits):
        return max(waits)
    for gauge in gauges:
        _count(gauge, now)
    return None


def clear(gauge: Gauge) -> None:
    """Forget a gauge's failures: the try that was counted last was none."""
    db.session.connection().execute(sa.delete(failed_login).where(failed_login.c.key == gauge.key))


def forgive(gauge: Gauge) -> None:
    """Take back the try that was counted last, and leave the failures before it: others share this gauge."""
    one_less = sa.update(failed_login).where(failed_login.c.key == gauge.key, failed_login.c.failures > 0)
    db.session.connection().execute(one_less.values(failures=failed_login.c.failures - 1))


def forget(now: datetime) -> int:
    """Delete what is too old to matter, and return how many that were."""
    old = sa.delete(failed_login).where(failed_login.c.last_at < now - FORGOTTEN_AFTER)
    return db.session.connection().execute(old).rowcount


def _wait(gauge: Gauge, now: datetime) -> timedelta:
    columns = sa.select(failed_login.c.failures, failed_login.c.last_at).where(failed_login.c.key == gauge.key)
    row = db.session.connection().execute(columns.with_for_update()).one_or_none()
    if row is None or row.failures < gauge.free or now - row.last_at > FORGOTTEN_AFTER:
        return timedelta()
    doublings = min(row.failures - gauge.free, 20)
    until: datetime = row.last_at + min(LONGEST_WAIT, FIRST_WAIT * 2**doublings)
    return max(timedelta(), until - now)


def _count(gauge: Gauge, now: datetime) -> None:
    first = insert(failed_login).values(key=gauge.key, failures=1, last_at=now)
    is_old = failed_login.c.last_at < now - FORGOTTEN_AFTER
    again = {"failures": sa.case((is_old, 1), else_=failed_login.c.failures + 1), "last_at": now}
    db.session.connection().execute(first.on_conflict_do_update(index_elements=["key"], set_=again))
