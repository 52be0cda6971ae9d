"""Redis holds the limits that all workers share; it may vanish, hang, or never have been there."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import PAGE, TOOLS
from tests.faults.readers import Reader
from tests.faults.serving import WORKERS, Site, serving, wait_until
from tests.postgres import free_port

A_MINUTES_VOTES = 10


class Redis:
    """A throw-away Redis on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.socket_url = f"unix://{folder / 'redis.sock'}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        options += ["--unixsocket", str(self._folder / "redis.sock")]
        self._process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        wait_until(self._answers, 10)

    def hang(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(timeout=10)

    def _answers(self) -> bool:
        command = ["redis-cli", "-p", str(self.port), "ping"]
        return subprocess.run(command, capture_output=True, check=False).stdout == b"PONG\n"


@pytest.fixture
def redis() -> Iterator[Redis]:
    if not shutil.which("redis-server"):
        if os.environ.get("CI"):
            pytest.fail("redis-server is not installed; CI must not skip for want of a service")
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="verdicts-redis-") as folder:
        server = Redis(Path(folder))
        yield server
        server.stop()


def accepted(reader: Reader, tries: int = 3 * A_MINUTES_VOTES) -> int:
    """Vote so often, over connections that reach every worker; return how often that was allowed."""
    answers = [reader.vote(TOOLS[0], "ship") for _ in range(tries)]
    assert {answer.status for answer in answers} == {303, 429}
    assert all(answer.retry_after > 0 for answer in answers if answer.status == 429)
    return sum(answer.is_acknowledged for answer in answers)


def works(site: Site, network: int) -> bool:
    """Say whether pages are served, votes accepted, and limits kept, be it by each worker for itself."""
    assert site.get(PAGE).status == 200
    return A_MINUTES_VOTES <= accepted(Reader(site.port, network)) <= A_MINUTES_VOTES * WORKERS


def test_redis_may_listen_on_a_socket_in_the_file_system(sqlite_url: str, tmp_path: Path, redis: Redis) -> None:
    redis.start()
    with serving(sqlite_url, tmp_path, REDIS_URL=redis.socket_url) as site:
        assert accepted(Reader(site.port, network=1)) == A_MINUTES_VOTES


def test_without_redis_the_site_starts_and_each_worker_keeps_the_limits(
    sqlite_url: str, tmp_path: Path, redis: Redis
) -> None:
    with serving(sqlite_url, tmp_path, REDIS_URL=redis.url) as site:
        assert works(site, network=1)
        assert site.get("/readyz").status == 200


def test_redis_may_stop_and_come_back_while_the_site_serves(sqlite_url: str, tmp_path: Path, redis: Redis) -> None:
    redis.start()
    with serving(sqlite_url, tmp_path, REDIS_URL=redis.url) as site:
        assert accepted(Reader(site.port, network=1)) == A_MINUTES_VOTES, "of all workers together"
        redis.stop()
        assert works(site, network=2)
        redis.start()
        networks = iter(range(3, 1000))
        wait_until(lambda: accepted(Reader(site.port, next(networks))) == A_MINUTES_VOTES, 60)
        assert "Traceback" not in site.log


def test_a_redis_that_hangs_delays_a_vote_by_seconds_at_most(sqlite_url: str, tmp_path: Path, redis: Redis) -> None:
    redis.start()
    with serving(sqlite_url, tmp_path, REDIS_URL=redis.url) as site:
        assert Reader(site.port, network=1).vote(TOOLS[0], "ship").is_acknowledged
        redis.hang()
        began = time.monotonic()
        assert works(site, network=2)
        assert time.monotonic() - began < 15


def test_where_no_redis_is_set_all_workers_keep_a_voters_limit_together(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path) as site:
        assert accepted(Reader(site.port, network=1)) == A_MINUTES_VOTES
