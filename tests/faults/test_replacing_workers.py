"""Workers are replaced and told to stop while readers read and vote: nobody notices, nothing half done is left."""

import http.client
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.faults import IS_LONG
from tests.faults.conftest import PAGE, TOOLS, Figures
from tests.faults.locking import holding_write_lock
from tests.faults.readers import Reader, Response
from tests.faults.repeating import repeat_in_threads
from tests.faults.serving import app_on_database, serving, wait_until
from verdicts.extensions import db
from verdicts.voting.models import vote

RELOADS, SECONDS_BETWEEN = (10, 3.0) if IS_LONG else (2, 2.0)


def test_replacing_the_workers_fails_no_request(sqlite_url: str, tmp_path: Path, figures: Figures) -> None:
    statuses: Counter[str] = Counter()
    number = count(1)

    with serving(sqlite_url, tmp_path) as site:

        def note(what: str, answer: Response) -> None:
            statuses[f"{what} {answer.status}"] += 1

        def read() -> None:
            note("page", site.get(PAGE))
            note("page", Reader(site.port, network=next(number)).search_anew())

        def cast() -> None:
            note("vote", Reader(site.port, network=next(number)).vote(TOOLS[0], "ship"))

        def reload() -> None:
            time.sleep(SECONDS_BETWEEN)
            site.process.send_signal(signal.SIGHUP)

        # Two who vote never fill the places to wait, so that every vote must be accepted.
        first = site.workers()
        repeat_in_threads([read] * 6 + [cast] * 2 + [reload], RELOADS * SECONDS_BETWEEN)
        wait_until(lambda: len(site.workers()) == len(first) and not set(first) & set(site.workers()), 30)
    figures(f"{RELOADS} reloads: {dict(statuses)}, failed 0")
    assert set(statuses) == {"page 200", "vote 303"}
    assert min(statuses.values()) >= RELOADS


def test_replacing_the_workers_cuts_off_no_kept_alive_connection_while_it_is_used(
    sqlite_url: str, tmp_path: Path
) -> None:
    statuses: Counter[int] = Counter()

    with serving(sqlite_url, tmp_path) as site:

        def read_over_one_connection() -> None:
            with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)) as connection:
                will_close = False
                while not will_close:
                    connection.request("GET", PAGE)
                    answer = connection.getresponse()
                    answer.read()
                    statuses[answer.status] += 1
                    will_close = answer.will_close or statuses.total() > 200_000

        def reload() -> None:
            time.sleep(1)
            site.process.send_signal(signal.SIGHUP)

        repeat_in_threads([read_over_one_connection] * 4 + [reload], 0.5)
    assert set(statuses) == {200}


@pytest.mark.parametrize("lock_comes_free", [True, False])
def test_a_vote_under_way_at_a_stop_is_either_recorded_and_acknowledged_or_neither(
    sqlite_url: str, tmp_path: Path, lock_comes_free: bool
) -> None:
    with serving(sqlite_url, tmp_path) as site, ThreadPoolExecutor(1) as thread:
        reader = Reader(site.port, network=1)
        with holding_write_lock(sqlite_url):
            answer = thread.submit(reader.vote, TOOLS[0], "ship")
            wait_until(lambda: bool(reader.cookies), 10)
            time.sleep(0.3)  # the ballot itself now waits for the lock, for a second at most
            site.process.send_signal(signal.SIGTERM)
            if not lock_comes_free:
                assert answer.result().status == 503
        status = answer.result().status
        assert site.process.wait(timeout=40) == 0
    assert status == (303 if lock_comes_free else 503)
    with app_on_database(sqlite_url, tmp_path):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(vote)) == (1 if lock_comes_free else 0)
