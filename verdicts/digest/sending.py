"""Sending an edition: a pool of workers, each with its own connection, until nothing is left to send now.

Any number of sending processes may work on one edition, on any number of machines. Unlike the rest of this package,
this module commits: each step must be durable before the next dialogue with the mail server.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa
from flask import Flask, current_app

from verdicts.config import current_settings
from verdicts.digest import delivery as delivery_steps
from verdicts.digest import editions
from verdicts.digest.group_commit import GroupCommit
from verdicts.digest.messages import load_message_builder
from verdicts.digest.models import EditionState
from verdicts.digest.queries import EditionProgress, load_progress
from verdicts.digest.recording import NextStart, accept_and_start
from verdicts.digest.worker import SendingJob, SendingOptions, Worker
from verdicts.extensions import commit_or_retry, db
from verdicts.mailing import allowance
from verdicts.mailing.outcomes import Outcome
from verdicts.mailing.transport import open_connection

PROGRESS_INTERVAL_SECONDS = 1.0


class EndReason(StrEnum):
    """Why sending ended."""

    DONE = "done"  # the edition is sent
    MORE_LATER = "later"  # the rest is due later, or held by another process
    UNREACHABLE = "unreachable"  # the mail server cannot be reached, or refuses this site
    UNCERTAIN = "uncertain"  # only uncertain deliveries are left, which wait for an operator
    PAUSED = "paused"
    CANCELLED = "cancelled"
    STOPPED = "stopped"  # by the `stop` event


@dataclass(frozen=True)
class SendingReport:
    """The state of an edition when sending ended. `resume_at` is when there is more to send, if that is known."""

    end_reason: EndReason
    progress: EditionProgress
    resume_at: datetime | None = None
    problem: str | None = None
    is_quota_used_up: bool = False


def utc_now() -> datetime:
    return datetime.now(UTC)


def send_due(
    edition_id: int,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[EditionProgress], None] = lambda _progress: None,
    options: SendingOptions | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> SendingReport:
    """Send what is due of an edition that is being sent, and return a report of the result.

    It waits for deliveries that become due within `options.max_idle`, and leaves the rest to another call. It calls
    `on_progress` about once a second. Set `stop` to end it after the messages that are being transmitted. Raises
    EditionTampered before anything is sent, or a worker's error after all workers have ended.
    """
    settings = current_settings()
    builder = load_message_builder(edition_id)
    db.session.rollback()
    options = options or SendingOptions()

    def start_all(connection: sa.Connection, starts: Sequence[NextStart]) -> list[datetime | None]:
        now = clock()
        are_started = accept_and_start(connection, starts, options.transmission_lease, now)
        return [now if is_started else None for is_started in are_started]

    job = SendingJob(
        edition_id, builder, settings.mail, options, clock, stop or threading.Event(), GroupCommit(start_all)
    )
    commit_or_retry(lambda: allowance.delete_old(clock()))
    pool = WorkerPool(job, settings.mail.connections)
    try:
        pool.run(on_progress)
    finally:
        job.starts.close()
    return _finish_and_report(job, pool)


class WorkerPool:
    """Threads, one for each connection. The first error stops them all.

    `failures` are the reasons why workers gave up on the mail server.
    """

    def __init__(self, job: SendingJob, connections: int) -> None:
        self._job = job
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._errors: list[BaseException] = []
        self.failures: list[Outcome] = []
        process_name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        # Daemons, so that a second Ctrl-C ends the process even if a mail server takes long to answer.
        self._threads = [
            threading.Thread(target=self._run_worker, args=(f"{process_name}:{number}",), daemon=True)
            for number in range(connections)
        ]

    def run(self, on_progress: Callable[[EditionProgress], None]) -> None:
        for thread in self._threads:
            thread.start()
        reported_at = time.monotonic()
        while alive := [thread for thread in self._threads if thread.is_alive()]:
            alive[0].join(0.1)
            if time.monotonic() - reported_at > PROGRESS_INTERVAL_SECONDS:
                on_progress(self._load_progress())
                reported_at = time.monotonic()
        if self._errors:
            raise self._errors[0]
        on_progress(self._load_progress())

    def _run_worker(self, worker_name: str) -> None:
        with self._app.app_context():
            try:
                worker = Worker(self._job, worker_name, open_connection(self._job.options.timeouts))
                worker.run()
                self.failures += [worker.failure] if worker.failure else []
            except BaseException as error:
                self._errors.append(error)
                self._job.stop.set()

    def _load_progress(self) -> EditionProgress:
        progress = load_progress(self._job.edition_id)
        db.session.rollback()
        return progress


def _finish_and_report(job: SendingJob, pool: WorkerPool) -> SendingReport:
    now = job.clock()

    def finish() -> tuple[editions.Edition, EditionProgress, datetime | None, bool]:
        delivery_steps.recover_expired(job.edition_id, now)
        editions.finish_if_done(job.edition_id, now)
        edition, progress = editions.get_by_id(job.edition_id), load_progress(job.edition_id)
        is_used_up = allowance.is_exhausted(job.settings.max_per_day, now)
        return edition, progress, delivery_steps.next_claim_at(job.edition_id), is_used_up

    edition, progress, resume_at, is_used_up = commit_or_retry(finish)
    if edition.state is EditionState.SENDING and not progress.unprocessed and not progress.uncertain:
        # Another process recorded the last delivery between finish_if_done and load_progress.
        edition, progress, resume_at, is_used_up = commit_or_retry(finish)
    if resume_at:
        resume_at = max(resume_at, allowance.next_day(now) if is_used_up else now)
    problem = edition.pause_reason or next((outcome.summary for outcome in pool.failures), None)
    end_reason = _end_reason(edition.state, progress, job, pool)
    return SendingReport(end_reason, progress, resume_at, problem, is_used_up)


def _end_reason(state: EditionState, progress: EditionProgress, job: SendingJob, pool: WorkerPool) -> EndReason:
    by_state = {
        EditionState.SENT: EndReason.DONE,
        EditionState.PAUSED: EndReason.PAUSED,
        EditionState.CANCELLED: EndReason.CANCELLED,
    }
    if state in by_state:
        return by_state[state]
    if not progress.unprocessed:
        return EndReason.UNCERTAIN
    if job.stop.is_set():
        return EndReason.STOPPED
    return EndReason.UNREACHABLE if pool.failures else EndReason.MORE_LATER
