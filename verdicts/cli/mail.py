"""The command that delivers what waits in the outbox, once or for as long as it runs."""

import threading
from collections import Counter
from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from verdicts import outages
from verdicts.cli.timers import until_stopped
from verdicts.digest import reports
from verdicts.extensions import TooManyWriters, db
from verdicts.mailing.outbox import DeliveryResult, LetterStatus, deliver_due
from verdicts.mailing.transport import open_connection

POLL_SECONDS = 2.0
POLL_SECONDS_AFTER_PROBLEM = 10.0

mail = AppGroup("mail", help="Single letters: confirmations and the like.")


@mail.command("run")
@click.option("--loop", is_flag=True, help="Go on until told to stop (SIGTERM, Ctrl-C), as a service does.")
@click.option("--parent", type=int, hidden=True, help="With --loop: end when the parent is not this process any more.")
def run(loop: bool, parent: int | None) -> None:
    """Deliver the letters that are due; exit 1 if mail has to wait. Several of these may run at once."""
    if loop:
        keep_running(parent)
        return
    try:
        result = deliver(threading.Event())
    except (SQLAlchemyError, TooManyWriters) as error:
        raise click.ClickException(f"The database is busy, away or not ready: {outages.reason_of(error)}") from None
    click.echo(summary(result.counts))
    if result.problem:
        raise SystemExit(f"Mail waits: {result.problem.summary}")


def keep_running(parent: int | None) -> None:
    reported = ""
    for stop in until_stopped(parent):
        problem = deliver_and_report(stop)
        if problem != reported:
            click.echo(problem or "Mail goes out again.")
        reported = problem
        stop.wait(POLL_SECONDS_AFTER_PROBLEM if problem else POLL_SECONDS)


def deliver_and_report(stop: threading.Event) -> str:
    """Deliver what is due and print the counts; return the problem that keeps mail waiting, or "".

    A database that is busy or away is such a problem too: it will be back.
    """
    try:
        result = deliver(stop)
    except (SQLAlchemyError, TooManyWriters) as error:
        return f"Mail waits: the database is busy or away: {outages.reason_of(error)}"
    finally:
        db.session.remove()
    if result.counts:
        click.echo(summary(result.counts))
    return f"Mail waits: {result.problem.summary}" if result.problem else ""


def deliver(stop: threading.Event) -> DeliveryResult:
    with open_connection() as connection:
        return deliver_due(connection, lambda: datetime.now(UTC), stop.is_set, reports.record_missing_mailbox)


def summary(counts: Counter[LetterStatus]) -> str:
    return (
        f"Letters sent: {counts[LetterStatus.SENT]}. To be tried again: {counts[LetterStatus.WAITING]}. "
        f"Given up: {counts[LetterStatus.GIVEN_UP]}."
    )
