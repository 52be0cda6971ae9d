"""Sending an edition: a pool of workers, each with a connection of its own, until nothing is left to do now.

Any number of senders may work on one edition, on any number of machines. Unlike elsewhere in the rooms, this commits:
each step must be durable before the mail server hears of it.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from flask import Flask, current_app

from verdicts.config import current_settings
from verdicts.digest import delivery, editions
from verdicts.digest.copies import open_press
from verdicts.digest.models import EditionState
from verdicts.digest.progress import Progress, progress_of
from verdicts.digest.worker import Job, Terms, Worker
from verdicts.extensions import commit_or_retry, db
from verdicts.mailing import allowance
from verdicts.mailing.outcomes import Outcome
from verdicts.mailing.transport import open_connection

LOOK_SECONDS = 1.0


class Ended(StrEnum):
    """Why a sender ended."""

    DONE = "done"  # the edition is sent
    LATER = "later"  # the rest is due later, or in another sender's hands
    UNREACHABLE = "unreachable"  # the mail server cannot be reached, or sends us away
    UNCERTAIN = "uncertain"  # all that is left waits for an operator's word
    PAUSED = "paused"
    CANCELLED = "cancelled"
    STOPPED = "stopped"  # it was asked to stop


@dataclass(frozen=True)
class Report:
    """How an edition stood when a sender ended. `again_at` is when there is more to do, where that is known."""

    ended: Ended
    progress: Progress
    again_at: datetime | None = None
    trouble: str | None = None
    is_quota_spent: bool = False


def utc_now() -> datetime:
    return datetime.now(UTC)


def send(
    edition_id: int,
    *,
    stop: threading.Event | None = None,
    watch: Callable[[Progress], None] = lambda _progress: None,
    terms: Terms | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Report:
    """Send what is due of an edition that is being sent, and return how it stands then.

    It stays for what falls due within `terms.linger`, and leaves the rest to another call. `watch` is told of the
    progress about once a second. Setting `stop` ends it after the messages that are under way. Raises EditionTampered
    before anything is sent, and whatever else went wrong after its workers have ended.
    """
    settings = current_settings()
    press = open_press(edition_id)
    db.session.rollback()
    job = Job(edition_id, press, settings.mail, terms or Terms(), clock, stop or threading.Event())
    commit_or_retry(lambda: allowance.delete_old(clock()))
    pool = Pool(job, settings.mail.connections)
    pool.run(watch)
    return _report(job, pool)


class Pool:
    """Threads, one for each connection. The first fault stops them all."""

    def __init__(self, job: Job, connections: int) -> None:
        self._job = job
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._faults: list[BaseException] = []
        self.troubles: list[Outcome] = []
        name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        # Daemons, so that a second Ctrl-C ends the process however long a mail server takes to answer.
        self._threads = [
            threading.Thread(target=self._work, args=(f"{name}:{number}",), daemon=True)
            for number in range(connections)
        ]

    def run(self, watch: Callable[[Progress], None]) -> None:
        for thread in self._threads:
            thread.start()
        looked_at = time.monotonic()
        while any(thread.is_alive() for thread in self._threads):
            self._first_alive().join(0.1)
            if time.monotonic() - looked_at > LOOK_SECONDS:
                watch(self._look())
                looked_at = time.monotonic()
        if self._faults:
            raise self._faults[0]
        watch(self._look())

    def _work(self, owner: str) -> None:
        with self._app.app_context():
            try:
                worker = Worker(self._job, owner, open_connection(self._job.terms.timeouts))
                worker.work()
                self.troubles += [worker.trouble] if worker.trouble else []
            except BaseException as fault:
                self._faults.append(fault)
                self._job.stop.set()

    def _first_alive(self) -> threading.Thread:
        return next((thread for thread in self._threads if thread.is_alive()), self._threads[0])

    def _look(self) -> Progress:
        found = progress_of(self._job.edition_id)
        db.session.rollback()
        return found


def _report(job: Job, pool: Pool) -> Report:
    now = job.clock()

    def finish() -> tuple[editions.Edition, Progress, datetime | None, bool]:
        delivery.recover(job.edition_id, now)
        editions.finish_if_done(job.edition_id, now)
        found, progress = editions.by_id(job.edition_id), progress_of(job.edition_id)
        is_spent = allowance.is_exhausted(job.settings.max_per_day, now)
        return found, progress, delivery.next_moment(job.edition_id), is_spent

    edition, progress, again_at, is_spent = commit_or_retry(finish)
    if edition.state is EditionState.SENDING and not progress.open and not progress.uncertain:
        # Between those two looks another sender had the last one decided.
        edition, progress, again_at, is_spent = commit_or_retry(finish)
    if again_at:
        again_at = max(again_at, allowance.next_day(now) if is_spent else now)
    trouble = edition.paused_because or next((outcome.summary for outcome in pool.troubles), None)
    return Report(_ended(edition.state, progress, job, pool), progress, again_at, trouble, is_spent)


def _ended(state: EditionState, progress: Progress, job: Job, pool: Pool) -> Ended:
    by_state = {
        EditionState.SENT: Ended.DONE,
        EditionState.PAUSED: Ended.PAUSED,
        EditionState.CANCELLED: Ended.CANCELLED,
    }
    if state in by_state:
        return by_state[state]
    if not progress.open:
        return Ended.UNCERTAIN
    if job.stop.is_set():
        return Ended.STOPPED
    return Ended.UNREACHABLE if len(pool.troubles) else Ended.LATER
