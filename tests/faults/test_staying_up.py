"""A whole deployment under mixed load, of which one part after another fails."""

import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import cycle
from pathlib import Path

import psycopg
import pytest

from tests.digest.mailing_list import make_edition, make_subscribers
from tests.faults import IS_LONG
from tests.faults.ballots import check_votes
from tests.faults.conftest import Figures
from tests.faults.deployment import Deployment, deployed
from tests.faults.mixed_load import MixedLoad
from tests.faults.proxies import HALVES
from tests.faults.serving import app_on_database, wait_until

ROUNDS = 3 if IS_LONG else 1
SUBSCRIBERS = 5_000  # so many that their edition is being sent all the time
SECONDS_TO_RECOVER = 45
CALM_SECONDS = 1.0
SECONDS_OF_FAULT = 10.0
SLOW_CLIENTS = 500
SPARE_DESCRIPTORS = 2
RELOADS, SECONDS_BETWEEN_RELOADS = 20, 4.0
PAUSE = 0.0 if IS_LONG else 0.05  # other tests run too


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with deployed(tmp_path) as deployment:
        yield deployment


@pytest.mark.timeout(1200)
def test_each_part_killed_in_turn_loses_no_vote_and_recovers_by_itself(
    deployment: Deployment, figures: Figures
) -> None:
    kills: dict[str, Callable[[], None]] = {
        "a worker process of a site": lambda: os.kill(deployment.sites[0].children()[0], signal.SIGKILL),
        **{name: part.kill for name, part in deployment.parts.items() if IS_LONG or name != "site 1"},
    }
    with under_load(deployment, figures) as load:
        for _ in range(ROUNDS):
            for name, kill in kills.items():
                kill()
                figures(f"{name} killed: all is well after {seconds_until_well(deployment, load):.1f} s")
                time.sleep(CALM_SECONDS)


@contextmanager
def redis_hanging(deployment: Deployment) -> Iterator[None]:
    deployment.redis.hang()
    yield
    deployment.redis.go_on()


@contextmanager
def votes_locked(deployment: Deployment) -> Iterator[None]:
    """Hold a lock on the votes as a migration does."""
    with psycopg.connect(deployment.database_url.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE vote IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


@contextmanager
def slow_clients(deployment: Deployment) -> Iterator[None]:
    """Let 500 clients send half of a head or of a form."""
    halves = cycle((HALVES["heads"], HALVES["bodies"]))
    with ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            client = stack.enter_context(deployment.proxy.connect())
            client.sendall(next(halves))
        yield


@contextmanager
def descriptors_used_up(deployment: Deployment) -> Iterator[None]:
    """Let the sites' processes open next to nothing more than they have open."""
    workers = [worker for site in deployment.sites for worker in site.children()]
    limits = {worker: resource.prlimit(worker, resource.RLIMIT_NOFILE) for worker in workers}
    for worker, (_, hard) in limits.items():
        highest = max(int(each.name) for each in Path(f"/proc/{worker}/fd").iterdir())
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (highest + 1 + SPARE_DESCRIPTORS, hard))
    yield
    for worker, limit in limits.items():
        resource.prlimit(worker, resource.RLIMIT_NOFILE, limit)


@pytest.mark.skipif(
    not IS_LONG, reason="parts of it run elsewhere: test_redis_away, test_write_lock, test_slow_clients"
)
@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (redis_hanging, {"200", "303"}),
        (votes_locked, {"200", "303", "503"}),
        (slow_clients, {"200", "303"}),
        (descriptors_used_up, {"200", "303", "503"}),
    ],
)
def test_while_a_fault_lasts_requests_are_answered_or_refused_and_then_all_is_well(
    deployment: Deployment,
    figures: Figures,
    fault: Callable[[Deployment], AbstractContextManager[None]],
    statuses: set[str],
) -> None:
    with under_load(deployment, figures) as load:
        time.sleep(CALM_SECONDS)
        with fault(deployment):
            time.sleep(SECONDS_OF_FAULT)
        figures(f"{fault.__name__}: all is well after {seconds_until_well(deployment, load):.1f} s")
        time.sleep(CALM_SECONDS)
    assert load.statuses == statuses


@pytest.mark.skipif(not IS_LONG, reason="test_replacing_workers has a shorter form of it")
def test_replacing_all_workers_again_and_again_fails_no_request(deployment: Deployment, figures: Figures) -> None:
    with under_load(deployment, figures) as load:
        for _ in range(RELOADS):
            for site in deployment.sites:
                os.kill(site.pid, signal.SIGHUP)
            time.sleep(SECONDS_BETWEEN_RELOADS)
        figures(f"{RELOADS} reloads: all is well after {seconds_until_well(deployment, load):.1f} s")
    assert load.statuses == {"200", "303"}


@contextmanager
def under_load(deployment: Deployment, figures: Figures) -> Iterator[MixedLoad]:
    """Let readers, voters and the digest be under way until the block ends, and then check what became of them all."""
    with app_on_database(deployment.database_url, deployment.folder, **deployment.settings):
        make_edition(make_subscribers(SUBSCRIBERS), week=1)  # the worker drafts that of the past week
    load = MixedLoad(deployment.proxy, voters=4, readers=2, pause=PAUSE)
    with load.running():
        yield load
    wait_until(deployment.is_ready, SECONDS_TO_RECOVER)
    recounted, printed = deployment.flask("votes", "recount")
    with app_on_database(deployment.database_url, deployment.folder, **deployment.settings) as app:
        faults = check_votes(app, load.voters)
    letters = Counter(each for each in deployment.smtp.recipients())
    twice = {to for to, copies in letters.items() if copies > 1}
    figures(f"{load}; {faults}; {letters.total()} letters, twice {len(twice)}")
    assert not faults.all
    assert recounted == 0, printed
    assert not twice - load.signed_up  # of the digest
    assert [line for line in deployment.log.splitlines() if "unhandled exception" in line] == []
    assert load.without_retry_after == []
    assert load.statuses <= {"200", "303", "503", "lost"}


def seconds_until_well(deployment: Deployment, load: MixedLoad) -> float:
    """Return how long it takes until all parts run and a vote is taken."""
    began = time.monotonic()
    wait_until(lambda: deployment.is_ready() and load.is_voting_possible(), SECONDS_TO_RECOVER)
    return time.monotonic() - began
