"""Jobs whose state is stored, so that `flask doctor` and `/metrics` know when each was last done and what is wrong."""

import logging
import math
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import click
from sqlalchemy.exc import SQLAlchemyError

from verdicts import outages
from verdicts.cli.timers import Job, Round
from verdicts.extensions import TooManyWriters, commit_or_retry, end_session
from verdicts.operations import jobs

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAULT = 60.0
SECONDS_BETWEEN_RECORDS = 30.0
TRIES = 3


def store_state(name: str, problem: str = "") -> bool:
    """Store that a job was done, or what keeps it from being done. Return whether that was possible."""
    try:
        commit_or_retry(lambda: jobs.record(name, datetime.now(UTC), problem), tries=TRIES)
    except (SQLAlchemyError, TooManyWriters) as error:
        logger.warning("the state of the job %s is not stored: %s", name, outages.reason_of(error))
        return False
    return True


@dataclass
class RecordedJob:
    """Does a job and stores its state. A fault of one is a problem: the other jobs and the next round go on."""

    name: str
    job: Job
    recorded_at: float = -math.inf
    recorded_problem: str = ""

    def __call__(self, stop: threading.Event) -> Round:
        try:
            return self._do_and_record(stop)
        finally:
            end_session()

    def _do_and_record(self, stop: threading.Event) -> Round:
        done = self._do(stop)
        is_stale = time.monotonic() - self.recorded_at >= SECONDS_BETWEEN_RECORDS
        is_news = not done.is_idle and (is_stale or done.problem != self.recorded_problem)
        if is_news and store_state(self.name, done.problem):
            self.recorded_at, self.recorded_problem = time.monotonic(), done.problem
        return done

    def _do(self, stop: threading.Event) -> Round:
        try:
            return self.job(stop)
        except click.ClickException as error:
            problem = error.message
        except (Exception, SystemExit) as error:  # a migration that fails exits, which would end the thread unseen
            logger.exception("the job %s failed", self.name)
            problem = f"{type(error).__name__}, see the log"
        return Round(problem=f"{self.name}: {problem}", pause=PAUSE_AFTER_FAULT)
