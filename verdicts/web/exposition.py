"""What Prometheus reads: the workers' counts, and what the database says of queues and jobs, as metrics."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from flask import current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from verdicts.config import current_settings
from verdicts.operations import jobs, queues
from verdicts.operations.jobs import JobState
from verdicts.operations.queues import Queues
from verdicts.web import metric_counts
from verdicts.web.metric_counts import (
    BOUNDS,
    MICROSECONDS,
    MICROSECONDS_PER_SECOND,
    Counter,
    Labels,
    MetricCounts,
    Route,
    Totals,
)

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
COUNTERS: tuple[tuple[str, str, str, Counter], ...] = (
    ("refusals", "Answers that refused a request, by status.", "status", metric_counts.REFUSED),
    ("page_cache_answers", "Answers of the page cache.", "outcome", metric_counts.CACHE),
    ("votes", "Votes stored; none is one taken back.", "verdict", metric_counts.VOTES),
)


def render(counts: MetricCounts, now: datetime) -> bytes:
    """Return everything in the text format of Prometheus. Five statements, of which each reads few rows."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(counts, now))
    return generate_latest(registry)


@dataclass(frozen=True)
class _Scrape(Collector):
    counts: MetricCounts
    now: datetime

    def collect(self) -> Iterator[Metric]:
        totals = self.counts.read()
        words = "Answers, by class of address and of status."
        yield _counter("requests", words, ("route", "status"), totals.requests())
        for name, words, label, counter in COUNTERS:
            yield _counter(name, words, (label,), totals.of(counter))
        yield _durations(totals)
        free = shutil.disk_usage(current_settings().instance_path).free
        yield _gauge("disk_free_bytes", "Free space where the instance folder is.", free)
        try:
            waiting, states = queues.load(self.now), jobs.load_states()
        except SQLAlchemyError as error:
            current_app.logger.warning("/metrics goes without the database: %s", type(error).__name__)
            waiting, states = None, {}
        yield _gauge("database_up", "Whether the database answers.", waiting is not None)
        yield from _describe_queues(waiting) if waiting else ()
        yield from _describe_jobs(states)


def _counter(name: str, words: str, labels: tuple[str, ...], values: Mapping[Labels, int]) -> Metric:
    family = CounterMetricFamily(f"verdicts_{name}", words, labels=labels)
    for each, count in values.items():
        family.add_metric(each, count)
    return family


def _durations(totals: Totals) -> Metric:
    family = HistogramMetricFamily(
        "verdicts_request_seconds", "Seconds until an answer was ready, by class of address.", labels=("route",)
    )
    counted, sums = totals.durations(), totals.of(MICROSECONDS)
    bounds = [*map(str, BOUNDS), "+Inf"]
    for route in Route:
        counts = accumulate(counted[route, str(number)] for number in range(len(bounds)))
        seconds = sums[route,] / MICROSECONDS_PER_SECOND
        family.add_metric((route,), list(zip(bounds, counts, strict=True)), seconds)
    return family


def _describe_queues(waiting: Queues) -> Iterator[Metric]:
    votes = waiting.undecided_votes
    yield _gauge("outbox_letters", "Single letters that wait.", waiting.outbox.count)
    overdue = {"outbox": waiting.outbox, "digest": waiting.schedule}
    overdue |= {f"votes-{standing}": queue for standing, queue in votes.items()}
    yield _gauges(
        "queue_overdue_seconds",
        "How long the first in a queue has waited beyond its time; of votes, since they were given.",
        "queue",
        [(name, queue.overdue.total_seconds()) for name, queue in overdue.items()],
    )
    undecided = [(standing, queue.count) for standing, queue in votes.items()]
    yield _gauges("undecided_votes", "Votes that do not count yet.", "standing", undecided)
    yield _gauges("digest_editions", "Editions of the digest, by state.", "state", waiting.editions.items())
    deliveries = waiting.deliveries.items()
    yield _gauges("digest_deliveries", "Deliveries of editions that are being sent.", "state", deliveries)


def _describe_jobs(states: Mapping[str, JobState]) -> Iterator[Metric]:
    done = [(name, state.done_at.timestamp()) for name, state in states.items() if state.done_at]
    yield _gauges("job_done_timestamp_seconds", "When a job was last done.", "job", done)
    failing = [(name, bool(state.problem)) for name, state in states.items()]
    yield _gauges("job_failing", "Whether a job's last run met a problem.", "job", failing)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"verdicts_{name}", words, value=value)


def _gauges(name: str, words: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"verdicts_{name}", words, labels=(label,))
    for each, value in values:
        family.add_metric((each,), value)
    return family
