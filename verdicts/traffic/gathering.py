"""Counts that a process gathers in memory until they are stored. A crash loses them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import TypeVar

from verdicts.traffic.models import MAX_PATH_LENGTH

MAX_KEYS = 2_000

ViewKey = tuple[date, str, str]  # day, path, referrer
SearchKey = tuple[date, str]  # day, text
Key = TypeVar("Key")


@dataclass(frozen=True)
class Batch:
    """What has been counted since the last batch."""

    views: Mapping[ViewKey, int]
    searches: Mapping[SearchKey, int]

    def __bool__(self) -> bool:
        return bool(self.views or self.searches)


class Gatherer:
    """Counts in memory, at most `max_keys` of each kind. Threads share it.

    Anyone can make up referrers, so these get half of the room at most: a page then counts as reached from nowhere.
    """

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._lock = threading.Lock()
        self._views: dict[ViewKey, int] = {}
        self._searches: dict[SearchKey, int] = {}

    def add_view(self, day: date, path: str, referrer: str) -> None:
        with self._lock:
            self._add_views((day, path[:MAX_PATH_LENGTH], referrer), 1)

    def add_search(self, day: date, text: str) -> None:
        with self._lock:
            self._add(self._searches, (day, text), 1)

    def take(self) -> Batch:
        """Return what has been counted, and begin again from zero."""
        with self._lock:
            views, self._views = self._views, {}
            searches, self._searches = self._searches, {}
        return Batch(views, without_beginnings(searches))

    def put_back(self, batch: Batch) -> None:
        """Count again what could not be stored, as far as there is room."""
        with self._lock:
            for view, number in batch.views.items():
                self._add_views(view, number)
            for search, number in batch.searches.items():
                self._add(self._searches, search, number)

    def _add_views(self, key: ViewKey, number: int) -> None:
        if key not in self._views and len(self._views) >= self._max_keys // 2:
            key = (*key[:2], "")
        self._add(self._views, key, number)

    def _add(self, counts: dict[Key, int], key: Key, number: int) -> None:
        if key in counts or len(counts) < self._max_keys:
            counts[key] = counts.get(key, 0) + number


def without_beginnings(searches: Mapping[SearchKey, int]) -> dict[SearchKey, int]:
    """Leave out a search that another one of its day begins with: results are shown as one types."""
    ordered = sorted(searches)
    pairs = zip_longest(ordered, ordered[1:])  # of all that begin with a text, the first comes right after it
    return {key: searches[key] for key, following in pairs if not _continues(following, key)}


def _continues(following: SearchKey | None, key: SearchKey) -> bool:
    return following is not None and following[0] == key[0] and following[1].startswith(key[1])
