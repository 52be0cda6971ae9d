"""Doing things again and again, at once."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def at_once(acts: Sequence[Callable[[], None]], seconds: float) -> None:
    """Repeat each act in a thread of its own for so long; whatever one raises is raised here."""
    until = time.monotonic() + seconds

    def repeat(act: Callable[[], None]) -> None:
        while time.monotonic() < until:
            act()

    with ThreadPoolExecutor(len(acts)) as threads:
        list(threads.map(repeat, acts))
