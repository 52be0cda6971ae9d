"""Telling a monitor that a timer's run has happened. It must never fail the run, nor keep it long."""

import logging
import threading
import urllib.request

logger = logging.getLogger(__name__)

AT_MOST_SECONDS = 10.0


def ping(url: str, seconds: float = AT_MOST_SECONDS) -> None:
    """Ask for an http(s) address, and wait for the answer at most so long in all."""
    thread = threading.Thread(target=_ask_for, args=(url, seconds), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        logger.warning("PING_URL did not answer within %g s", seconds)


def _ask_for(url: str, seconds: float) -> None:
    try:
        # The settings let only http and https through.
        with urllib.request.urlopen(url, timeout=seconds) as answer:  # noqa: S310  # nosec B310
            answer.read(1)
    except Exception as fault:
        logger.warning("PING_URL could not be reached: %s", fault)
