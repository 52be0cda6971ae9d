"""Repeating actions concurrently."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def repeat_in_threads(actions: Sequence[Callable[[], None]], seconds: float) -> None:
    """Repeat each action in its own thread for so many seconds. Raises what an action raises."""
    deadline = time.monotonic() + seconds

    def repeat(action: Callable[[], None]) -> None:
        while time.monotonic() < deadline:
            action()

    with ThreadPoolExecutor(len(actions)) as threads:
        list(threads.map(repeat, actions))
