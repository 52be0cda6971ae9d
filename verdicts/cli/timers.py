"""What commands for timers and services have in common: rounds, the signal that stops them, and a monitor's ping."""

import logging
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import click

logger = logging.getLogger(__name__)

MAX_PING_SECONDS = 10.0


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C or SIGTERM sets; a second one ends the process at once."""
    stop = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)
        click.echo("Stopping after the messages that are under way.", err=True)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class Round:
    """What one round of a job did: lines to print, what keeps the job from being done (or ""), and the pause after it.

    `pause` is in seconds. A round with `is_idle` found nothing due, so it says nothing of whether the job works.
    """

    lines: Sequence[str] = ()
    problem: str = ""
    pause: float = 1.0
    is_idle: bool = False


Job = Callable[[threading.Event], Round]


def repeat(job: Job, stop: threading.Event) -> None:
    """Do a job again and again until `stop` is set. Print a problem that lasts once, and that it is over."""
    reported = ""
    while not stop.is_set():
        done = job(stop)
        for line in done.lines:
            click.echo(line)
        if not done.is_idle:
            if done.problem != reported:
                click.echo(done.problem or f"This is over: {reported}")
            reported = done.problem
        stop.wait(done.pause)


def ping(url: str) -> None:
    """Request a monitor's http(s) address. Wait at most MAX_PING_SECONDS, and raise nothing: the run has succeeded."""
    thread = threading.Thread(target=_request, args=(url,), daemon=True)
    thread.start()
    thread.join(MAX_PING_SECONDS)
    if thread.is_alive():
        logger.warning("PING_URL did not answer within %g s", MAX_PING_SECONDS)


def _request(url: str) -> None:
    try:
        # The settings accept only http and https.
        with urllib.request.urlopen(url, timeout=MAX_PING_SECONDS) as response:  # noqa: S310  # nosec B310
            response.read(1)
    except Exception as error:
        logger.warning("PING_URL could not be reached: %s", error)
