"""`flask work`: all that timers do, in one process. Each job has a thread of its own, so none waits for another."""

import math
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click
from flask import Flask, current_app

from verdicts.cli.backup import REFUSALS, verify
from verdicts.cli.errors import errors_as_messages
from verdicts.cli.housekeeping import run_all
from verdicts.cli.mail import deliver_due
from verdicts.cli.recorded_jobs import TRIES, RecordedJob
from verdicts.cli.sending import send_due
from verdicts.cli.timers import Job, Round, ping, repeat, stop_on_signal
from verdicts.config import current_settings
from verdicts.extensions import commit_or_retry
from verdicts.operations import backups, jobs

HOUSEKEEPING_INTERVAL = timedelta(hours=1)
SECONDS_UNTIL_DUE_AGAIN = 60.0  # how often it is asked whether an hourly job is due
SECONDS_BETWEEN_PINGS = 300.0


@click.command("work")
@click.option("--parent", type=int, hidden=True, help="End when the parent is not this process any more.")
def work(parent: int | None) -> None:
    """Do all that timers do: letters, the digest, housekeeping, backups. Several of these share the work."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # what the threads make contexts of
    work_to_do: dict[str, Job] = {"mail": deliver_due, "digest": DigestJob(), "housekeeping": keep_house}
    if folder := current_settings().backup.folder:
        work_to_do["backup"] = partial(back_up, Path(folder))
    with stop_on_signal() as stop:
        recorded = [RecordedJob(name, job) for name, job in work_to_do.items()]
        threads = [threading.Thread(target=_work_on, args=(app, job, stop), name=job.name) for job in recorded]
        click.echo(f"Working: {', '.join(work_to_do)}.")
        for thread in threads:
            thread.start()
        while not stop.wait(1) and parent in {None, os.getppid()} and all(thread.is_alive() for thread in threads):
            pass
        ended = [] if stop.is_set() else [thread.name for thread in threads if not thread.is_alive()]
        stop.set()
        for thread in threads:
            thread.join()
    if ended:  # whoever supervises this process starts all of them again
        raise click.ClickException(f"This job ended by itself, see the log: {', '.join(ended)}")
    click.echo("Stopped.")


def keep_house(_stop: threading.Event) -> Round:
    """Do the housekeeping of this hour, unless another worker does. Of what it did, say only what was anything."""
    now = datetime.now(UTC)
    if not commit_or_retry(lambda: jobs.claim("housekeeping", now, now - HOUSEKEEPING_INTERVAL), tries=TRIES):
        return Round(pause=SECONDS_UNTIL_DUE_AGAIN, is_idle=True)
    lines = [f"{what}: {count}" for what, count in run_all(now) if count]
    return Round(lines, pause=SECONDS_UNTIL_DUE_AGAIN)


def back_up(folder: Path, _stop: threading.Event) -> Round:
    """Write this night's backup and verify it, unless another worker does. Then delete what rotation does not keep."""
    settings, now = current_settings(), datetime.now(UTC)
    due_since = datetime.combine(now, settings.backup.at, UTC)
    if due_since > now:
        due_since -= timedelta(days=1)
    if not commit_or_retry(lambda: jobs.claim("backup", now, due_since), tries=TRIES):
        return Round(pause=SECONDS_UNTIL_DUE_AGAIN, is_idle=True)
    with errors_as_messages(*REFUSALS):
        path = backups.new_path(folder, now)
        backups.write_file(path, settings, now)
        lines = [verify(path, settings, settings.backup.passphrase)]
        lines += [f"{old}: deleted, as newer backups are kept." for old in backups.rotate(folder)]
    return Round(lines, pause=SECONDS_UNTIL_DUE_AGAIN)


@dataclass
class DigestJob:
    """Sends what is due of the digest, and lets a monitor know every few minutes that it does."""

    pinged_at: float = -math.inf

    def __call__(self, stop: threading.Event) -> Round:
        done = send_due(stop)
        url = current_settings().digest.ping_url
        if url and time.monotonic() - self.pinged_at >= SECONDS_BETWEEN_PINGS:
            self.pinged_at = time.monotonic()
            ping(url)
        return done


def _work_on(app: Flask, job: RecordedJob, stop: threading.Event) -> None:
    with app.app_context():
        repeat(job, stop)
