"""gunicorn's settings.

gunicorn reads every name in this file that is also one of its settings (`config` is one), so imports must avoid them.
"""

import gc
import os
import sys
import time
from typing import Any

from sqlalchemy import make_url

from verdicts import private_files
from verdicts.app import MAX_READERS, MAX_WAITING_WRITERS, READERS_AT_ONCE, THREADS_PER_WORKER
from verdicts.config import load
from verdicts.operations import readiness
from verdicts.web import caching, errors, logs, metric_counts, traffic
from verdicts.web.descriptors import TooFewDescriptors, raise_descriptor_limit
from verdicts.web.worker import BufferingWorker

SECONDS_UNTIL_REPLACED = 1.0


class DrainingWorker(BufferingWorker):
    """A worker that loses no connection when it is stopped or replaced.

    With reuse_port each worker has its own queue of connections. A worker that stops leaves its queue open but
    unserved until it ends, and connections in the queue are cut off: 105 of 43,000 requests in ten reloads. This
    worker goes on accepting until its successor has opened a queue. Then it accepts what still waits, and closes.
    """

    max_writing = MAX_WAITING_WRITERS
    max_reading = MAX_READERS

    def set_accept_enabled(self, enabled: bool) -> None:
        is_last_time = self._accepting and not enabled and not self.alive
        if is_last_time:
            self._serve_for(SECONDS_UNTIL_REPLACED)
        super().set_accept_enabled(enabled)
        if is_last_time:
            for listener in self.sockets:
                self._accept_all(listener)
                listener.close()

    def _serve_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (remaining := until - time.monotonic()) > 0:
            self.notify()
            self.wait_for_and_dispatch_events(timeout=remaining)

    def _accept_all(self, listener: Any) -> None:
        before = -1
        while before < self.nr_conns:
            before = self.nr_conns
            self.accept(listener)


_settings = load(os.environ)
DrainingWorker.quick_readers = READERS_AT_ONCE[make_url(_settings.database_url).get_backend_name()]
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

bind = f"{_host}:{_settings.port}"
try:
    worker_connections = raise_descriptor_limit()
except TooFewDescriptors as error:
    sys.exit(str(error))
workers = _settings.web_concurrency
worker_class = DrainingWorker
threads = THREADS_PER_WORKER
reuse_port = True  # otherwise keep-alive connections gather on one worker
preload_app = True  # a wrong setting stops the start once, in words, not in every worker
control_socket_disable = True
forwarded_allow_ips = ""  # PROXY_HOPS alone decides whose X-Forwarded-… headers count
umask = private_files.PRIVATE_UMASK
timeout = 30
graceful_timeout = 20
keepalive = 5
limit_request_line = 4094
limit_request_fields = 60


def on_starting(server: Any) -> None:
    """Log a line of JSON for each request, and read what the workers must not need to open a file for."""
    logs.configure()
    with server.app.wsgi().app_context():
        readiness.newest_migration()
        errors.read_templates()


def when_ready(_server: Any) -> None:
    """Let garbage collection pass over what has been imported: to look through it stops all threads of a worker.

    That takes 30 ms, and nothing of it is ever freed.
    """
    gc.collect()
    gc.freeze()


def pre_fork(server: Any, worker: Any) -> None:
    """Assign each worker where it counts for /metrics."""
    if counts := metric_counts.counts_of(server.app.wsgi()):
        counts.begin_worker(worker.age)


def child_exit(server: Any, worker: Any) -> None:
    """Let another worker go on counting where this one did."""
    if counts := metric_counts.counts_of(server.app.wsgi()):
        counts.end_worker(worker.age)


def post_fork(_server: Any, worker: Any) -> None:
    """Give each worker its own database connections: those opened before the fork belong to the parent."""
    from verdicts.extensions import db

    with worker.app.wsgi().app_context():
        db.engine.dispose(close=False)


def post_worker_init(worker: Any) -> None:
    """Start each worker's own threads: one stores page views, one reads what pages depend on."""
    site = worker.app.wsgi()
    traffic.recorder_of(site).start()
    caching.cache_of(site).states.start()


def worker_exit(_server: Any, worker: Any) -> None:
    """Store what a worker has counted before it ends."""
    caching.cache_of(worker.app.wsgi()).states.stop()
    traffic.recorder_of(worker.app.wsgi()).stop()
