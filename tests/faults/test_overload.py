"""More is asked of a site than it can carry: it does as much as it can, and refuses the rest at once and in words."""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count, islice
from pathlib import Path
from statistics import fmean, median

import psycopg
import pytest

from benchmarks.load import Clients, OpenLoad, run
from benchmarks.requests import get, network, vote
from tests.faults import IS_LONG
from tests.faults.conftest import TOOLS, Figures, fill_database
from tests.faults.deployment import Deployment, deployed
from tests.faults.proxies import caddy_without_tls, caddyfile, find_or_skip, nginx_file, without_tls
from tests.faults.readers import Reader
from tests.faults.serving import serving, wait_until
from tests.postgres import free_port
from verdicts import config
from verdicts.app import THREADS_PER_WORKER
from verdicts.voting.pair_readers import POPULAR_FROM

ROUNDS = 3
CLIENTS_AT_PEAK = 32
SECONDS_AT_PEAK, SECONDS_OF_OVERLOAD = 5.0, 10.0
TIMES = 5
LEAST_OF_PEAK = 0.8
PATIENCE_SECONDS = 10.0
Kind = Callable[[config.Settings, Iterator[int]], Iterator[bytes]]


def votes(settings: config.Settings, numbers: Iterator[int]) -> Iterator[bytes]:
    return (vote(settings, number, TOOLS[number % len(TOOLS)]) for number in numbers)


def searches(_settings: config.Settings, numbers: Iterator[int]) -> Iterator[bytes]:
    """Yield requests for pages that no cache holds."""
    return (get(f"/tools?q=no{number}", network=network(number)) for number in numbers)


def both(settings: config.Settings, numbers: Iterator[int]) -> Iterator[bytes]:
    for pair in zip(votes(settings, numbers), searches(settings, numbers), strict=True):
        yield from pair


@pytest.mark.skipif(not IS_LONG, reason="it measures")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("proxy", "kind"), [("nginx", votes), ("nginx", searches), ("nginx", both), ("caddy", votes), ("caddy", both)]
)
def test_under_five_times_the_load_that_it_carries_a_deployment_does_most_of_its_work_and_refuses_the_rest(
    tmp_path: Path, figures: Figures, proxy: str, kind: Kind
) -> None:
    ratios = []
    with deployed(tmp_path) as deployment, proxied_without_tls(proxy, deployment) as port:
        settings = config.load({**deployment.settings, "INSTANCE_PATH": str(tmp_path)})
        make_popular(port, settings)
        requests = kind(settings, count())
        run(port, Clients(requests, CLIENTS_AT_PEAK), SECONDS_AT_PEAK)  # until each worker has compiled its templates
        before = peak_of(port, requests)
        for _ in range(ROUNDS):
            prepared = list(islice(requests, int((TIMES + 1) * before * SECONDS_OF_OVERLOAD)))
            overload = OpenLoad(port, iter(prepared), PATIENCE_SECONDS)
            overload.run(TIMES * before, lambda elapsed: elapsed < SECONDS_OF_OVERLOAD)
            after = peak_of(port, requests)
            ratios.append(overload.steady_rate(200, 303) / fmean((before, after)))
            figures(
                f"{before:.0f} and {after:.0f} a second at peak, {ratios[-1]:.2f} of it at {TIMES} times: "
                f"{dict(overload.answers)}, late {overload.late}, lost {overload.lost}"
            )
            assert set(overload.answers) <= {200, 303, 503}
            assert (overload.lost, overload.late, overload.refused_without_retry) == (0, 0, 0)
            before = after
        wait_until(deployment.is_ready, 10)
        assert deployment.flask("votes", "recount")[0] == 0
    assert median(ratios) >= LEAST_OF_PEAK


def make_popular(port: int, settings: config.Settings) -> None:
    """Vote until each tool is popular: from then on a vote takes a fifth more, so that before, no two peaks compare."""
    missing = len(TOOLS) * POPULAR_FROM
    requests = votes(settings, count())
    while missing > 0:
        missing -= run(port, Clients(requests, CLIENTS_AT_PEAK), SECONDS_AT_PEAK).answers[303]


def peak_of(port: int, requests: Iterator[bytes]) -> float:
    """Return how many requests a second are answered to so many clients, each of whom waits for its answer."""
    load = run(port, Clients(requests, CLIENTS_AT_PEAK), SECONDS_AT_PEAK)
    return load.rate(200) + load.rate(303)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_while_pages_hang_further_ones_are_refused_at_once_and_forms_and_probes_find_a_thread(
    database_url: str, tmp_path: Path
) -> None:
    fill_database(database_url, tmp_path)
    with (
        serving(database_url, tmp_path, WEB_CONCURRENCY="1") as site,
        psycopg.connect(database_url.replace("+psycopg", "")) as connection,
        ThreadPoolExecutor(2 * THREADS_PER_WORKER) as readers,
    ):
        connection.execute("LOCK TABLE tool IN ACCESS EXCLUSIVE MODE")
        waiting = [readers.submit(Reader(site.port, number).search_anew) for number in range(2 * THREADS_PER_WORKER)]
        time.sleep(2)
        began = time.monotonic()
        refused = Reader(site.port, 999).search_anew()
        seconds = time.monotonic() - began
        again = statuses_over_one_connection(site.port, "/tools?q=once", "/tools?q=twice")
        form = Reader(site.port, 998).vote(TOOLS[0], "perhaps")
        is_alive = site.get("/livez")
        connection.rollback()
        assert {each.result().status for each in waiting} <= {200, 503}
        assert site.get("/tools?q=again").status == 200
    assert (form.status, is_alive.status) == (422, 200)
    assert (refused.status, refused.retry_after) == (503, 2)
    assert b"More is asked of us than we can do right now." in refused.body
    assert seconds < 1
    assert again == [503, 503]


def statuses_over_one_connection(port: int, *paths: str) -> list[int]:
    """Ask for pages one after the other over one connection. Fails where it is closed in between."""
    statuses = []
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        for path in paths:
            connection.sendall(get(path))
            response = http.client.HTTPResponse(connection)
            response.begin()
            response.read()
            statuses.append(response.status)
    return statuses


@contextmanager
def proxied_without_tls(name: str, deployment: Deployment) -> Iterator[int]:
    """Run a documented proxy in front of the sites for a load generator, and yield its port."""
    port, folder, program = free_port(), deployment.folder / "plain", find_or_skip(name)
    folder.mkdir()
    path = folder / "configuration"
    if name == "caddy":
        path.write_text(caddy_without_tls(caddyfile(folder, free_port(), program, *deployment.ports), port))
        command = [program, "run", "--config", str(path), "--adapter", "caddyfile"]
    else:
        path.write_text(without_tls(nginx_file(folder, port, *deployment.ports)))
        command = [program, "-e", str(folder / "log"), "-p", str(folder), "-c", str(path)]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "HOME": str(folder)})
    try:
        wait_until(lambda: process.poll() is not None or _accepts(port), 10)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
