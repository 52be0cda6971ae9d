"""What /metrics counts: requests, how long they took, what the page cache did, votes. All workers count together.

gunicorn forks its workers from the process that has loaded the site, so they share a piece of memory with it. Each
counts in a row of its own, and a row stays when its worker ends: what was counted is never lost or counted twice, and
no files are left behind. prometheus_client's own way, a file for each process that ever was, costs a cached page more.
"""

import mmap
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

from flask import Flask, current_app

from verdicts.catalog.kinds import Verdict

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_WORKERS = 256  # at once; those beyond share row 0, and may lose a count now and then
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
STATUS_CLASSES = ("2xx", "3xx", "4xx", "5xx")
REFUSALS = ("400", "401", "403", "408", "413", "422", "429", "503")
VERDICTS = (*Verdict, "none")

_EXTENSION = "verdicts-metric-counts"
_WORD_BYTES = 8
_MICROSECONDS = 1_000_000


class Route(StrEnum):
    """The classes of addresses that are told apart."""

    PUBLIC = "public"
    VOTE = "vote"
    ADMIN = "admin"
    NEWSLETTER = "newsletter"
    STATIC = "static"
    OTHER = "other"


class CacheOutcome(StrEnum):
    """How the page cache answered. A rendered page and one that was waited for are misses, the others are hits."""

    HIT = "hit"
    OLD = "old"  # from memory, though it was due: another request renders it, or rendering failed
    WAITED = "waited"  # another request rendered it
    RENDERED = "rendered"


_ROUTES = {
    "admin": Route.ADMIN,
    "newsletter": Route.NEWSLETTER,
    **dict.fromkeys(("static", "assets", "favicon.ico", "manifest.webmanifest"), Route.STATIC),
    **dict.fromkeys(("livez", "readyz", "metrics", "dev"), Route.OTHER),
}

Labels = tuple[str, ...]


class Counter:
    """Where in a row a counter has its numbers: one for each combination of labels."""

    def __init__(self, first: int, labels: list[Labels]) -> None:
        self.places = {each: first + number for number, each in enumerate(labels)}


def _lay_out(*counters: list[Labels]) -> Iterator[Counter]:
    starts = accumulate(map(len, counters), initial=0)
    return (Counter(first, labels) for first, labels in zip(starts, counters, strict=False))


_DURATIONS = [str(number) for number in range(len(BOUNDS) + 1)]
REQUESTS, DURATIONS, MICROSECONDS, REFUSED, CACHE, VOTES = _COUNTERS = tuple(
    _lay_out(
        [(route, status) for route in Route for status in STATUS_CLASSES],
        [(route, number) for route in Route for number in _DURATIONS],
        [(route,) for route in Route],
        [(status,) for status in REFUSALS],
        [(outcome,) for outcome in CacheOutcome],
        [(verdict,) for verdict in VERDICTS],
    )
)
_ROW_WORDS = sum(len(counter.places) for counter in _COUNTERS)
_REQUEST_PLACES = {(route, status[0]): place for (route, status), place in REQUESTS.places.items()}
_REQUEST_PLACES |= {(route, "0"): REQUESTS.places[route, "5xx"] for route in Route}  # no answer at all
_FIRST_DURATIONS = {route: DURATIONS.places[route, "0"] for route in Route}
_MICROSECOND_PLACES = {route: MICROSECONDS.places[route,] for route in Route}
_REFUSAL_PLACES = {status: place for (status,), place in REFUSED.places.items()}
_CACHE_PLACES = {outcome: CACHE.places[outcome,] for outcome in CacheOutcome}


class MetricCounts:
    """The counts of all workers. Their parent assigns the rows; each process writes to its own alone."""

    def __init__(self, app: Flask) -> None:
        self._routes = {rule.rule.split("/", 2)[1]: Route.PUBLIC for rule in app.url_map.iter_rules()} | _ROUTES
        self._memory = mmap.mmap(-1, (1 + MAX_WORKERS) * _ROW_WORDS * _WORD_BYTES)
        self._words = memoryview(self._memory).cast("Q")
        self._row = self._row_of(0)
        self._free_rows = list(range(MAX_WORKERS, 0, -1))
        self._rows_of_workers: dict[int, int] = {}
        self._lock = threading.Lock()

    def begin_worker(self, number: int) -> None:
        """Assign a row to the worker that is about to be forked."""
        self._rows_of_workers[number] = row = self._free_rows.pop() if self._free_rows else 0
        self._row = self._row_of(row)

    def end_worker(self, number: int) -> None:
        """Let another worker go on with the row of one that has ended."""
        if row := self._rows_of_workers.pop(number, 0):
            self._free_rows.append(row)

    def count_request(self, environ: "WSGIEnvironment", code: str, seconds: float) -> None:
        """Count an answer. A cached page waits for this, so it does little."""
        route = self._find_route(environ.get("PATH_INFO", ""))
        row = self._row
        with self._lock:
            row[_REQUEST_PLACES[route, code[0]]] += 1
            row[_FIRST_DURATIONS[route] + bisect_left(BOUNDS, seconds)] += 1
            row[_MICROSECOND_PLACES[route]] += int(seconds * _MICROSECONDS)
            if code in _REFUSAL_PLACES:
                row[_REFUSAL_PLACES[code]] += 1

    def count_unread(self, status: int) -> None:
        """Count a request that did not become one: it cannot be read, or did not arrive in time."""
        self.count_request({}, str(status), 0.0)

    def count_cached(self, outcome: CacheOutcome) -> None:
        with self._lock:
            self._row[_CACHE_PLACES[outcome]] += 1

    def count_vote(self, verdict: str) -> None:
        with self._lock:
            self._row[VOTES.places[verdict,]] += 1

    def read(self, counter: Counter) -> Mapping[Labels, int]:
        """Return what all workers have counted, those that have ended too."""
        return {labels: sum(self._words[place::_ROW_WORDS]) for labels, place in counter.places.items()}

    def _row_of(self, number: int) -> "memoryview[int]":
        return self._words[number * _ROW_WORDS : (number + 1) * _ROW_WORDS]

    def _find_route(self, path: str) -> Route:
        if path.endswith("/vote") or path == "/votes/mine":
            return Route.VOTE
        parts = path.split("/", 2)
        return self._routes.get(parts[1], Route.OTHER) if len(parts) > 1 else Route.OTHER


def create(app: Flask) -> MetricCounts | None:
    """Return where an application counts; None where nobody may read it, and so nothing is counted."""
    counts = MetricCounts(app) if app.config["SETTINGS"].metrics_token else None
    app.extensions[_EXTENSION] = counts
    return counts


def counts_of(app: Flask) -> MetricCounts | None:
    counts: MetricCounts | None = app.extensions[_EXTENSION]
    return counts


def count_vote(verdict: str) -> None:
    """Count a vote that has been stored."""
    if counts := counts_of(current_app):
        counts.count_vote(verdict)
