"""Which job is due, who does it, and what became of it. Several workers share the jobs by these rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.operations.models import MAX_PROBLEM_LENGTH, job


@dataclass(frozen=True)
class JobState:
    """When a job last began and was last done without a problem; `problem` is what went wrong since, or ""."""

    began_at: datetime | None
    done_at: datetime | None
    problem: str


RETRY_AFTER = timedelta(hours=1)


def claim(name: str, now: datetime, due_since: datetime) -> bool:
    """Take a job that nobody has begun since `due_since`. Return whether the caller may do it, once it has committed.

    One that failed is due again after RETRY_AFTER. A worker that dies over its job leaves it to the next time.
    """
    connection = db.session.connection()
    connection.execute(insert(job).values(name=name).on_conflict_do_nothing())
    has_failed = (job.c.problem != "") & (job.c.began_at < now - RETRY_AFTER)
    is_due = job.c.began_at.is_(None) | (job.c.began_at < due_since) | has_failed
    return connection.execute(sa.update(job).where(job.c.name == name, is_due).values(began_at=now)).rowcount == 1


def record(name: str, now: datetime, problem: str = "") -> None:
    """Store that a job was done, or what kept it from being done."""
    values = {"problem": problem[:MAX_PROBLEM_LENGTH]} if problem else {"problem": "", "done_at": now}
    statement = insert(job).values(name=name, **values)
    db.session.connection().execute(statement.on_conflict_do_update(index_elements=[job.c.name], set_=values))


def load_states() -> dict[str, JobState]:
    """Return the state of every job that ever began. One statement."""
    rows = db.session.connection().execute(sa.select(job.c.name, job.c.began_at, job.c.done_at, job.c.problem))
    return {name: JobState(*state) for name, *state in rows}
