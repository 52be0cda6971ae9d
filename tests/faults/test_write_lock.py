"""Another process holds SQLite's write lock: votes are refused in words, readers notice nothing."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier

from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.faults import IS_LONG
from tests.faults.conftest import PAGE, TOOLS, Figures
from tests.faults.locking import holding_write_lock
from tests.faults.readers import Reader, Response
from tests.faults.repeating import repeat_in_threads
from tests.faults.serving import app_on_database, serving
from verdicts.app import MAX_WAITING_WRITERS, THREADS_PER_WORKER
from verdicts.catalog.content_version import content_version
from verdicts.extensions import TooManyWriters, begin_write, db
from verdicts.voting.models import vote

SECONDS_LOCKED = 10 if IS_LONG else 3


def test_a_locked_database_refuses_votes_in_words_and_serves_readers(
    sqlite_url: str, tmp_path: Path, figures: Figures
) -> None:
    votes: list[Response] = []
    pages: list[tuple[Response, float]] = []
    number = count(1)

    with serving(sqlite_url, tmp_path) as site:

        def vote_again_and_again() -> None:
            votes.append(Reader(site.port, network=next(number)).vote(TOOLS[0], "ship"))

        def read_again_and_again() -> None:
            reader = Reader(site.port, network=next(number))
            for read in (lambda: site.get(PAGE), reader.search_anew, lambda: site.get(f"/tools/{TOOLS[0]}/vote")):
                began = time.monotonic()
                pages.append((read(), time.monotonic() - began))

        with holding_write_lock(sqlite_url):
            repeat_in_threads([vote_again_and_again] * 16 + [read_again_and_again] * 4, SECONDS_LOCKED)
        assert Reader(site.port, network=next(number)).vote(TOOLS[0], "ship").is_acknowledged
    figures(
        f"{len(votes)} votes in {SECONDS_LOCKED} s: {Counter(answer.status for answer in votes)}; {len(pages)} pages: "
        f"{Counter(page.status for page, _ in pages)}, slowest {max(seconds for _, seconds in pages):.2f} s"
    )
    assert {(answer.status, answer.retry_after > 0) for answer in votes} == {(503, True)}
    assert {page.status for page, _ in pages} == {200}
    assert len(votes) >= 16
    assert len(pages) > 3 * SECONDS_LOCKED
    with app_on_database(sqlite_url, tmp_path):
        assert db.session.query(vote).count() == 1


def test_as_many_threads_as_may_wait_for_a_locked_database_and_the_others_still_read(
    sqlite_url: str, tmp_path: Path
) -> None:
    with app_on_database(sqlite_url, tmp_path) as app:
        happened: list[str] = []
        barrier = Barrier(THREADS_PER_WORKER, timeout=10)
        with holding_write_lock(sqlite_url), ThreadPoolExecutor(THREADS_PER_WORKER) as threads:
            for _ in range(THREADS_PER_WORKER):
                threads.submit(try_to_write, app, barrier, happened)
        refused = THREADS_PER_WORKER - MAX_WAITING_WRITERS - 1  # one more waits at the file itself
        assert happened[:refused] == ["refused, and read"] * refused
        assert Counter(happened[refused:]) == {"waited in vain": MAX_WAITING_WRITERS + 1}
        begin_write()  # the turn was given back


def try_to_write(app: Flask, barrier: Barrier, happened: list[str]) -> None:
    with app.app_context():
        content_version()
        db.session.rollback()
        barrier.wait()
        began = time.monotonic()
        try:
            begin_write()
            happened.append("wrote")
        except TooManyWriters:
            waited = time.monotonic() - began
            content_version()
            happened.append("refused, and read" if waited < 0.5 else "waited in vain")
        except OperationalError:
            happened.append("waited in vain")
