"""The command that delivers what waits in the outbox, once or for as long as it runs."""

import threading
from collections import Counter
from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from verdicts import outages
from verdicts.cli.recorded_jobs import RecordedJob, store_state
from verdicts.cli.timers import Round, repeat, stop_on_signal
from verdicts.digest import reports
from verdicts.extensions import TooManyWriters
from verdicts.mailing import outbox
from verdicts.mailing.outbox import DeliveryResult, LetterStatus
from verdicts.mailing.transport import open_connection

POLL_SECONDS = 2.0
POLL_SECONDS_AFTER_PROBLEM = 10.0

mail = AppGroup("mail", help="Single letters: confirmations and the like.")


@mail.command("run")
@click.option("--loop", is_flag=True, help="Go on until told to stop (SIGTERM, Ctrl-C), as a service does.")
def run(loop: bool) -> None:
    """Deliver the letters that are due; exit 1 if mail has to wait. Several of these may run at once."""
    if loop:
        with stop_on_signal() as stop:
            repeat(RecordedJob("mail", deliver_due), stop)
        return
    try:
        result = deliver(threading.Event())
    except (SQLAlchemyError, TooManyWriters) as error:
        raise click.ClickException(f"The database is busy, away or not ready: {outages.reason_of(error)}") from None
    click.echo(summary(result.counts))
    problem = f"Mail waits: {result.problem.summary}" if result.problem else ""
    store_state("mail", problem)
    if problem:
        raise SystemExit(problem)


def deliver_due(stop: threading.Event) -> Round:
    """Deliver what is due. A database that is busy or away is a problem like any other: it will be back."""
    try:
        result = deliver(stop)
    except (SQLAlchemyError, TooManyWriters) as error:
        problem = f"Mail waits: the database is busy or away: {outages.reason_of(error)}"
        return Round(problem=problem, pause=POLL_SECONDS_AFTER_PROBLEM)
    lines = [summary(result.counts)] if result.counts else []
    if result.problem:
        return Round(lines, f"Mail waits: {result.problem.summary}", POLL_SECONDS_AFTER_PROBLEM)
    return Round(lines, pause=POLL_SECONDS)


def deliver(stop: threading.Event) -> DeliveryResult:
    with open_connection() as connection:
        return outbox.deliver_due(connection, lambda: datetime.now(UTC), stop.is_set, reports.record_missing_mailbox)


def summary(counts: Counter[LetterStatus]) -> str:
    return (
        f"Letters sent: {counts[LetterStatus.SENT]}. To be tried again: {counts[LetterStatus.WAITING]}. "
        f"Given up: {counts[LetterStatus.GIVEN_UP]}."
    )
