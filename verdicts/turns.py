"""Turns of threads: who waits longest is next. A lock of threading may be taken again and again by one thread."""

import threading
from collections import deque


class TooManyWaiting(Exception):
    """As many threads as may wait for their turn do so already, or one has waited in vain."""


class Turns:
    """So many threads at once have a turn, and so many others may wait for one."""

    def __init__(self, at_once: int, max_waiting: int = 1) -> None:
        self.max_waiting = max_waiting
        self._free = at_once
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def take(self, timeout: float) -> None:
        """Wait for a turn, at most `timeout` seconds. Raises TooManyWaiting."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if len(self._waiting) >= self.max_waiting:
                raise TooManyWaiting
            given = threading.Lock()
            given.acquire()
            self._waiting.append(given)
        if given.acquire(timeout=timeout):
            return
        with self._lock:
            if given in self._waiting:
                self._waiting.remove(given)
                raise TooManyWaiting

    def end(self) -> None:
        """Give the turn to who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
