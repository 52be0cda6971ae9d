"""What the demo has beside it instead of a timer: `flask digest run`, every few seconds."""

import os
import signal
import threading
from collections.abc import Iterator

import click

from verdicts.cli.digest import digest, refusals_in_words
from verdicts.cli.digest_sending import draft_and_start, read, why
from verdicts.config import current_settings
from verdicts.digest import editions, timetable
from verdicts.digest.models import EditionState
from verdicts.digest.sending import send
from verdicts.extensions import db

__all__ = ["digest"]

LOOK_EVERY_SECONDS = 2.0


@digest.command("keep-running", hidden=True)
@click.option("--parent", type=int, required=True, help="End when the parent is not this process any more.")
def keep_running(parent: int) -> None:
    """Do as `flask digest run` does, every few seconds; say what has changed since the last time."""
    stop = threading.Event()
    for sent in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sent, lambda *_signal: stop.set())
    said: list[str] = []
    while not stop.is_set() and parent == os.getppid():
        lines = one_round(stop)
        for line in lines:
            if line not in said:
                click.echo(line)
        said = lines
        stop.wait(LOOK_EVERY_SECONDS)


def one_round(stop: threading.Event) -> list[str]:
    """Draft and send what is due, and return what there is to say; what goes wrong is tried again the next time."""
    settings = current_settings()
    try:
        with refusals_in_words():
            draft_and_start(settings)
            return list(sent(stop))
    except click.ClickException as refusal:
        return [refusal.message]
    finally:
        db.session.remove()


def sent(stop: threading.Event) -> Iterator[str]:
    """Send what is due of every edition that is being sent, and yield how each stands."""
    for id in read(timetable.under_way):
        found = editions.by_id(id)
        db.session.rollback()
        if found.state is EditionState.SENDING:
            report = send(id, stop=stop)
            yield f"Edition {found.name}: {report.progress.words}."
            yield from filter(None, [why(found.name, report)])
