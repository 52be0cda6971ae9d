"""What /metrics counts: requests, how long they took, what the page cache did, votes. All workers count together.

gunicorn forks its workers from the process that has loaded the site, so they share a piece of memory with it. Each
counts in a row of its own, and a row stays when its worker ends: what was counted is never lost or counted twice, and
no files are left behind. prometheus_client's own way, a file for each process that ever was, costs a cached page more.
"""

import mmap
from bisect import bisect_left
from collections import Counter as CountsByLabels
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import accumulate

from flask import Flask, current_app

from verdicts.catalog.kinds import Verdict

MAX_WORKERS = 128  # at once; those beyond share row 0, and may lose a count now and then
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
STATUS_CLASSES = ("2xx", "3xx", "4xx", "5xx")
REFUSALS = ("400", "401", "403", "408", "413", "422", "429", "503")
VERDICTS = (*Verdict, "none")

MAX_PATHS = 4096  # whose class is remembered

_EXTENSION = "verdicts-metric-counts"
_WORD_BYTES = 8
MICROSECONDS_PER_SECOND = 1_000_000


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


_SPANS = [str(number) for number in range(len(BOUNDS) + 1)]
ANSWERS, MICROSECONDS, REFUSED, CACHE, VOTES = _COUNTERS = tuple(
    _lay_out(
        [(route, status, span) for route in Route for status in STATUS_CLASSES for span in _SPANS],
        [(route,) for route in Route],
        [(status,) for status in REFUSALS],
        [(outcome,) for outcome in CacheOutcome],
        [(verdict,) for verdict in VERDICTS],
    )
)
_ROW_WORDS = sum(len(counter.places) for counter in _COUNTERS)
_REFUSAL_PLACES = {status: place for (status,), place in REFUSED.places.items()}
CACHE_PLACES = {outcome: CACHE.places[outcome,] for outcome in CacheOutcome}


class _Places(dict[str, tuple[dict[str, int], int]]):
    """Where an answer is counted, by its path: by the first digit of its status, and its time. It keeps some paths."""

    def __init__(self, find_route: Callable[[str], Route]) -> None:
        super().__init__()
        self._find_route = find_route

    def __missing__(self, path: str) -> tuple[dict[str, int], int]:
        route = self._find_route(path)
        first = {status[0]: ANSWERS.places[route, status, "0"] for status in STATUS_CLASSES}
        found = first | {"0": first["5"]}, MICROSECONDS.places[route,]  # 0: there was no answer at all
        if len(self) < MAX_PATHS:
            self[path] = found
        return found


class Totals:
    """What all rows add up to."""

    def __init__(self, words: list[int]) -> None:
        self._words = words

    def of(self, counter: Counter) -> Mapping[Labels, int]:
        return {labels: self._words[place] for labels, place in counter.places.items()}

    def requests(self) -> Mapping[Labels, int]:
        """Return the answers by route and class of status."""
        return self._add_up(lambda route, status, _span: (route, status))

    def durations(self) -> Mapping[Labels, int]:
        """Return the answers by route and the number of the span between two BOUNDS that their time is in."""
        return self._add_up(lambda route, _status, span: (route, span))

    def _add_up(self, group: Callable[[str, str, str], Labels]) -> Mapping[Labels, int]:
        counts: CountsByLabels[Labels] = CountsByLabels()
        for (route, status, span), place in ANSWERS.places.items():
            counts[group(route, status, span)] += self._words[place]
        return counts


class MetricCounts:
    """The counts of all workers. Their parent assigns the rows; each process writes to its own alone.

    A cached page waits for its count, so there is no lock: `row[place] += 1` calls no Python code, and CPython changes
    threads only between such calls. Without its global lock, a count might now and then be lost.
    """

    def __init__(self, app: Flask) -> None:
        self._routes = {rule.rule.split("/", 2)[1]: Route.PUBLIC for rule in app.url_map.iter_rules()} | _ROUTES
        self._memory = mmap.mmap(-1, (1 + MAX_WORKERS) * _ROW_WORDS * _WORD_BYTES)
        self._words = memoryview(self._memory).cast("Q")
        self.row = self._row_of(0)
        self._free_rows = list(range(MAX_WORKERS, 0, -1))
        self._rows_of_workers: dict[int, int] = {}
        self._places = _Places(self._find_route)

    def begin_worker(self, number: int) -> None:
        """Assign a row to the worker that is about to be forked."""
        self._rows_of_workers[number] = row = self._free_rows.pop() if self._free_rows else 0
        self.row = self._row_of(row)

    def end_worker(self, number: int) -> None:
        """Let another worker go on with the row of one that has ended."""
        if row := self._rows_of_workers.pop(number, 0):
            self._free_rows.append(row)

    def count_request(self, path: str, code: str, seconds: float) -> None:
        """Count an answer."""
        first, microseconds = self._places[path]
        row = self.row
        row[first[code[0]] + bisect_left(BOUNDS, seconds)] += 1
        row[microseconds] += int(seconds * MICROSECONDS_PER_SECOND)
        if code in _REFUSAL_PLACES:
            row[_REFUSAL_PLACES[code]] += 1

    def count_unread(self, status: int) -> None:
        """Count a request that did not become one: it cannot be read, or did not arrive in time."""
        self.count_request("", str(status), 0.0)

    def count_vote(self, verdict: str) -> None:
        self.row[VOTES.places[verdict,]] += 1

    def read(self) -> "Totals":
        """Return what all workers have counted, those that have ended too."""
        words = self._words.tolist()
        rows = (words[start : start + _ROW_WORDS] for start in range(0, len(words), _ROW_WORDS))
        used = [row for row in rows if any(row)]
        return Totals([sum(column) for column in zip(*used, strict=True)] or [0] * _ROW_WORDS)

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
