"""Serving a site as operators do: gunicorn, started as a program, with workers that can be killed."""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from tests.faults.readers import NO_RESPONSE, Response, send
from tests.forked import Program
from tests.postgres import free_port
from tests.programs import SETTINGS, run, start
from verdicts import config, create_app
from verdicts.extensions import db

WORKERS = 2
SECONDS_TO_START = 60
LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({0}, {0}))
sys.argv = ["gunicorn", "wsgi:app"]
runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Site:
    """A running site. `log` holds the output of gunicorn and the application."""

    process: Program
    port: int
    folder: Path
    settings: dict[str, str]

    @property
    def log(self) -> str:
        return self.process.printed

    def workers(self) -> list[int]:
        """Return the process ids of the workers that are alive."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in children.read_text().split()]

    def get(self, path: str, **headers: str) -> Response:
        return send(self.port, "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    @contextmanager
    def limited(self, what: int, limit_of: Callable[[int], int]) -> Iterator[None]:
        """Limit a resource of each worker until the block ends. `limit_of` takes its process id."""
        limits = {worker: resource.prlimit(worker, what) for worker in self.workers()}
        for worker, (_, hard) in limits.items():
            resource.prlimit(worker, what, (limit_of(worker), hard))
        try:
            yield
        finally:
            for worker in set(self.workers()) & set(limits):
                resource.prlimit(worker, what, limits[worker])

    def stop(self) -> int:
        """Stop the site as an operator does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)

    def flask(self, *arguments: str) -> tuple[int, str]:
        """Run a flask command on this site's database. Return its exit status and its output."""
        return run("-m", "flask", "--app", "wsgi", *arguments, instance=self.folder, **self.settings)


@contextmanager
def serving(database_url: str, folder: Path, *, most_descriptors: int = 0, **settings: str) -> Iterator[Site]:
    """Serve until the block ends, then kill what is left. X-Forwarded-For names the client's address.

    `most_descriptors` limits what each process may open, as `ulimit -n` does.
    """
    port = free_port()
    address = {"BASE_URL": f"http://127.0.0.1:{port}", "PORT": str(port), "PROXY_HOPS": "1"}
    environ = SETTINGS | address | {"DATABASE_URL": database_url, "WEB_CONCURRENCY": str(WORKERS)} | settings
    command = ("-c", LIMITED.format(most_descriptors)) if most_descriptors else ("-m", "gunicorn", "wsgi:app")
    site = Site(start(*command, instance=folder, **environ), port, folder, environ)
    try:
        wait_until(lambda: site.process.poll() is not None or _answers(site), SECONDS_TO_START)
        assert site.process.poll() is None, f"the site did not start: {site.log}"
        yield site
    finally:
        with suppress(ProcessLookupError):
            os.killpg(site.process.pid, signal.SIGKILL)
        site.process.wait(timeout=10)


@contextmanager
def app_on_database(database_url: str, folder: Path, **settings: str) -> Iterator[Flask]:
    """Yield another application on the site's database, with its context pushed."""
    environ = {**SETTINGS, "INSTANCE_PATH": str(folder), "DATABASE_URL": database_url, **settings}
    app = create_app(config.load(environ))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def highest_descriptor(process: int) -> int:
    return max(int(each.name) for each in Path(f"/proc/{process}/fd").iterdir())


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"it took more than {seconds} s"
        time.sleep(0.02)


def _answers(site: Site) -> bool:
    try:
        workers = site.workers()
        # The thread that stores page views is the last thing that a worker starts.
        are_started = all(len([*Path(f"/proc/{worker}/task").iterdir()]) > 1 for worker in workers)
        return (
            site.get("/livez").status == 200 and are_started and len(workers) == int(site.settings["WEB_CONCURRENCY"])
        )
    except NO_RESPONSE:
        return False
