"""The command that delivers what waits in the outbox, once or for as long as it runs."""

import os
import signal
import threading
from collections import Counter
from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from verdicts.extensions import TooManyWriters, db
from verdicts.mailing.delivering import Round, deliver_due
from verdicts.mailing.outbox import Fate
from verdicts.mailing.transport import open_connection

LOOK_EVERY_SECONDS = 2.0
LOOK_AFTER_TROUBLE_SECONDS = 10.0

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
        done = deliver(threading.Event())
    except (SQLAlchemyError, TooManyWriters) as fault:
        why = str(getattr(fault, "orig", None) or fault).partition("\n")[0]
        raise click.ClickException(f"The database is busy, away or not ready: {why}") from None
    click.echo(in_words(done.fates))
    if done.trouble:
        raise SystemExit(f"Mail waits: {done.trouble.words}")


def keep_running(parent: int | None) -> None:
    stop = threading.Event()
    for sent in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sent, lambda *_signal: stop.set())
    said = ""
    while not stop.is_set() and parent in {None, os.getppid()}:
        trouble = one_round(stop)
        if trouble != said:
            click.echo(trouble or "Mail goes out again.")
        said = trouble
        stop.wait(LOOK_AFTER_TROUBLE_SECONDS if trouble else LOOK_EVERY_SECONDS)


def one_round(stop: threading.Event) -> str:
    """Deliver what is due and say so; return what keeps mail waiting, in words, or nothing.

    A database that is busy or away keeps it waiting too: it will be back.
    """
    try:
        done = deliver(stop)
    except (SQLAlchemyError, TooManyWriters) as fault:
        return f"Mail waits: the database is busy or away: {fault}"
    finally:
        db.session.remove()
    if done.fates:
        click.echo(in_words(done.fates))
    return f"Mail waits: {done.trouble.words}" if done.trouble else ""


def deliver(stop: threading.Event) -> Round:
    with open_connection() as connection:
        return deliver_due(connection, lambda: datetime.now(UTC), stop.is_set)


def in_words(fates: Counter[Fate]) -> str:
    """Return "Letters sent: 1. To be tried again: 0. Given up: 0."."""
    words = {Fate.SENT: "Letters sent", Fate.WAITING: "To be tried again", Fate.GIVEN_UP: "Given up"}
    return " ".join(f"{said}: {fates[fate]}." for fate, said in words.items())
