"""Failed and refused acts in the audit log: failed log-ins, wrong codes and passwords, what a role may not do.

Strangers can cause as many as they like, and entries are never deleted. So of each action on an account the first few
of a day are logged, and then the 8th, the 16th, the 32nd …, each with the number of them.
"""

from datetime import datetime

from verdicts.staff import audit, throttle

LOGGED_ONE_BY_ONE = 5


def record(
    action: str,
    name: str,
    now: datetime,
    actor: audit.Actor = audit.NOT_LOGGED_IN,
    *,
    kind: str = "account",
    counted_for: str | None = None,
) -> None:
    """Count an action, and log it if it is one of the first or its number a power of two.

    Actions are counted for each `name`, or for who did them where `counted_for` says so. `name` is one word for all
    names that no account has. The caller has called begin_write(), and commits.
    """
    number = throttle.count(throttle.for_log(action, counted_for or name), now)
    if number <= LOGGED_ONE_BY_ONE or number & (number - 1) == 0:
        audit.record(action, kind, name, now=now, actor=actor, times=(None, number))
