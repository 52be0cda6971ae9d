"""What commands for timers and services have in common: they stop on a signal, and call a monitor afterwards."""

import logging
import os
import signal
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
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


def until_stopped(parent: int | None) -> Iterator[threading.Event]:
    """Yield an event again and again, until SIGTERM or Ctrl-C sets it, or the parent process ends."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_signal: stop.set())
    while not stop.is_set() and parent in {None, os.getppid()}:
        yield stop


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
