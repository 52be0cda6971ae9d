"""Redis holds the limits that all workers share; it may vanish, hang, or never have been there."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.conftest import PAGE, TOOLS
from tests.faults.proxies import find_or_skip
from tests.faults.readers import Reader
from tests.faults.redis_server import Redis, redis_server
from tests.faults.serving import WORKERS, Site, serving, wait_until

A_MINUTES_VOTES = 10


@pytest.fixture
def redis() -> Iterator[Redis]:
    find_or_skip("redis-server")
    with redis_server() as server:
        yield server


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


def test_readers_who_find_at_once_that_redis_hangs_are_all_answered(
    sqlite_url: str, tmp_path: Path, redis: Redis
) -> None:
    redis.start()
    with serving(sqlite_url, tmp_path, REDIS_URL=redis.url) as site, ThreadPoolExecutor(16) as readers:
        redis.hang()
        answers = readers.map(lambda network: Reader(site.port, network).search_anew(), range(16))
        assert {answer.status for answer in answers} == {200}


def test_where_no_redis_is_set_all_workers_keep_a_voters_limit_together(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path) as site:
        assert accepted(Reader(site.port, network=1)) == A_MINUTES_VOTES
