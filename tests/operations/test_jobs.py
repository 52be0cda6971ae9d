"""Workers share jobs by their rows: one claims what is due, and what became of it is stored."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

from flask import Flask

from tests.makers import NOW
from verdicts.extensions import commit_or_retry, db
from verdicts.operations import jobs
from verdicts.operations.jobs import JobState

HOUR = timedelta(hours=1)


def claims(now: datetime = NOW) -> bool:
    return commit_or_retry(lambda: jobs.claim("housekeeping", now, now - HOUR))


def states() -> dict[str, JobState]:
    found = jobs.load_states()
    db.session.rollback()
    return found


def test_of_many_workers_at_once_one_claims_a_job(app: Flask) -> None:
    barrier = Barrier(6)

    def work(_number: int) -> bool:
        with app.app_context():
            barrier.wait()
            return claims()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, range(6))) == 1


def test_a_job_is_claimed_again_once_its_time_has_come(app: Flask) -> None:
    later = NOW + HOUR + timedelta(seconds=1)
    assert [claims(), claims(NOW + HOUR), claims(later), claims(later)] == [True, False, True, False]


def test_a_problem_is_stored_until_the_job_is_done_again(app: Flask) -> None:
    commit_or_retry(lambda: jobs.record("mail", NOW))
    commit_or_retry(lambda: jobs.record("mail", NOW + HOUR, "refused " * 100))
    assert states() == {"mail": JobState(None, NOW, ("refused " * 100)[:300])}
    commit_or_retry(lambda: jobs.record("mail", NOW + 2 * HOUR))
    assert states() == {"mail": JobState(None, NOW + 2 * HOUR, "")}
