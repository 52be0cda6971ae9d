"""`make bench`: measures requests and messages per second, and compares them with the simplest possible program."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks import logins, mail, mixed, proxy, results, serving, signups, sizes
from benchmarks.load import Clients, Load, run
from benchmarks.requests import get, vote
from benchmarks.timing import TRIES
from tests.postgres import PostgresServer, free_port, server_programs
from verdicts import config
from verdicts.cli.serve import prepared_database
from verdicts.curation import sample
from verdicts.extensions import begin_write, db

PAGE = "/compare/huggingface-smolvlm2-2b-vs-mistral-code"
CACHED = "a comparison page, cached"
CACHED_WHILE_VOTING = "a cached page while 16 readers vote"
CONNECTIONS = 16
ROUNDS = 5
SECONDS_PER_ROUND = 2.0


@dataclass
class Measurement:
    """What to measure: requests, and the status that counts as success. `loads` holds the result of each round.

    `asked` is the least ratio to the baseline that the site is meant to reach.
    """

    name: str
    requests: Iterator[bytes]
    asked: float | None = None
    status: int = 200
    connections: int = CONNECTIONS
    background: Clients | None = None
    port: int | None = None  # of another site than the one that is measured
    loads: list[Load] = field(default_factory=list)

    def run_round(self, port: int, seconds: float) -> None:
        self.loads.append(run(self.port or port, Clients(self.requests, self.connections), seconds, self.background))

    @property
    def rate(self) -> float:
        return median(load.rate(self.status) for load in self.loads)

    def figures(self, baseline: "Measurement") -> dict[str, float]:
        ratio = self.rate / baseline.rate
        figures = {"per second": round(self.rate, 1), "ratio": round(ratio, 3), "failed": round(self.failure_share, 4)}
        return figures | ({"asked": self.asked} if self.asked else {})

    @property
    def failure_share(self) -> float:
        return median(load.failure_share(self.status) for load in self.loads)


def list_measurements(settings: config.Settings, baseline_port: int, postgresql_port: int | None) -> list[Measurement]:
    numbers = count()

    def votes() -> Iterator[bytes]:
        return (vote(settings, number) for number in numbers)

    return [
        Measurement("baseline: a Flask view, 12 bytes", (get("/baseline/") for _ in count())),
        Measurement("the same behind gunicorn's own worker", (get("/") for _ in count()), port=baseline_port),
        Measurement(CACHED, (get(PAGE) for _ in count())),
        Measurement("a comparison page, cached, br", (get(PAGE, accept_encoding="br") for _ in count()), 1.1),
        Measurement("a cached page that is due and the same", (get(f"/due{PAGE}") for _ in count()), 0.5),
        Measurement("the same pair after a vote", (get(f"/voted{PAGE}") for _ in count()), 0.1),
        Measurement("a pair never rendered before", (get(f"/new{PAGE}") for _ in count()), 0.07),
        *(
            [Measurement("the same with PostgreSQL", (get(f"/new{PAGE}") for _ in count()), 0.05, port=postgresql_port)]
            if postgresql_port
            else []
        ),
        Measurement("a vote, 1 reader", votes(), 0.12, 303, connections=1),
        Measurement("a vote, 16 readers at once", votes(), 0.12, 303),
        Measurement("a vote, 64 readers at once", votes(), 0.1, 303, connections=64),
        Measurement(
            CACHED_WHILE_VOTING,
            (get(PAGE) for _ in count()),
            0.7,
            background=Clients(votes(), CONNECTIONS),
        ),
    ]


def main(
    rounds: int = ROUNDS,
    seconds: float = SECONDS_PER_ROUND,
    readers: int = mail.READERS,
    tries: int = TRIES,
    server: str = "",
) -> dict[str, dict[str, float]]:
    """Print all measurements, and return those of requests by their names."""
    with tempfile.TemporaryDirectory(prefix="verdicts-bench-") as folder:
        environ = environment(Path(folder))
        settings = config.load(environ)
        fill(settings, tries)
        with (
            served(environ),
            baseline_served(Path(folder)) as baseline_port,
            served_with_postgresql(Path(folder, "postgresql"), server) as postgresql_port,
        ):
            measurements = list_measurements(settings, baseline_port, postgresql_port)
            measure(measurements, settings.port, rounds, seconds)
            print(f"{rounds} alternating rounds of {seconds:g} s, 2 workers, {os.cpu_count()} processors; medians")
            report(measurements)
            proxy.measure(settings.port, PAGE, rounds, seconds)
            signups.measure(settings.port, tries)
            logins.measure(settings.port, tries)
        mail.measure(environ, min(rounds, mail.ROUNDS), readers)
    return {each.name: each.figures(measurements[0]) for each in measurements}


def fill(settings: config.Settings, log_ins: int = 0) -> None:
    """Put the sample into a database, and editors for so many log-ins."""
    with prepared_database(settings):
        begin_write()
        sample.load(datetime.now(UTC))
        logins.prepare(log_ins)
        db.session.commit()


def measure(measurements: list[Measurement], port: int, rounds: int, seconds: float) -> None:
    """Measure in rounds, each of them once a round, so that other load on the machine affects all of them alike."""
    for measurement in measurements:
        measurement.run_round(port, seconds / 4)
        measurement.loads.clear()
    for _ in range(rounds):
        for measurement in measurements:
            measurement.run_round(port, seconds)


def report(measurements: list[Measurement]) -> None:
    print(f"{'':40} {'per second':>10} {'ratio':>7} {'asked':>7} {'failed':>8}")
    for measurement in measurements:
        ratio = measurement.rate / measurements[0].rate
        asked = "" if measurement.asked is None else f"{measurement.asked:.2f}"
        print(
            f"{measurement.name:40} {measurement.rate:10,.1f} {ratio:7.2f} {asked:>7} {measurement.failure_share:8.1%}"
        )
    rates = {measurement.name: measurement.rate for measurement in measurements}
    print(f"{CACHED_WHILE_VOTING}: {rates[CACHED_WHILE_VOTING] / rates[CACHED]:.2f} of its rate while nobody votes")


def environment(folder: Path) -> dict[str, str]:
    port = free_port()
    return {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": secrets.token_hex(32),
        "HASH_KEY": secrets.token_hex(32),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "PROXY_HOPS": "1",
        "WEB_CONCURRENCY": "2",
        "INSTANCE_PATH": str(folder),
    }


@contextmanager
def served(environ: dict[str, str]) -> Iterator[None]:
    log_file, port = Path(environ["INSTANCE_PATH"], "site.log"), int(environ["PORT"])
    with serving.served("gunicorn", "benchmarks.site:app", log_file=log_file, port=port, environ=environ):
        yield


@contextmanager
def baseline_served(folder: Path) -> Iterator[int]:
    """Serve the baseline by gunicorn's own worker, and yield its port."""
    port = free_port()
    arguments = f"--config=benchmarks/baseline.py --bind=127.0.0.1:{port} benchmarks.baseline:app".split()
    log_file, environ = folder / "baseline.log", {"PATH": os.environ["PATH"]}
    with serving.served("gunicorn", *arguments, log_file=log_file, port=port, environ=environ):
        yield port


@contextmanager
def served_with_postgresql(folder: Path, server: str) -> Iterator[int | None]:
    """Serve the sample from a database on this server, or on one of our own; yield the port, None without any."""
    folder.mkdir()
    with ExitStack() as stack:
        if not server:
            programs = server_programs()
            if programs is None:
                yield None
                return
            server = stack.enter_context(PostgresServer(programs)).url("").rstrip("/")
        environ = environment(folder) | {"DATABASE_URL": stack.enter_context(sizes.database(server))}
        fill(config.load(environ))
        stack.enter_context(served(environ))
        yield int(environ["PORT"])


if __name__ == "__main__":
    server = os.environ.get("POSTGRES", "")
    if tools := int(os.environ.get("SCALE") or 0):
        with results.stored("sizes-postgresql" if server else "sizes") as figures:
            figures.update(sizes.main(environment, tools, int(os.environ.get("VOTES") or 0), server=server))
    elif minutes := float(os.environ.get("MINUTES") or 0):
        with results.stored("mixed") as figures, tempfile.TemporaryDirectory(prefix="verdicts-bench-") as folder:
            environ = environment(Path(folder))
            fill(config.load(environ))
            figures.update(mixed.main(environ, minutes))
    else:
        with results.stored("rates") as figures:
            figures.update(main(server=server))
