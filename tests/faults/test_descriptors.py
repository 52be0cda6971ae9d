"""A site may open few files, or none any more: it answers or refuses in words, and goes on by itself."""

import resource
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.faults.conftest import PAGE, TOOLS, Figures
from tests.faults.readers import NO_RESPONSE, Reader, Response
from tests.faults.serving import highest_descriptor, serving
from tests.faults.slow_clients import HALVES, clients_sending
from verdicts.web.arrivals import HEAD_SECONDS
from verdicts.web.descriptors import OTHER_DESCRIPTORS, raise_descriptor_limit

FEW = 256
TOO_FEW = 100
CLIENTS = 600
SPARE = 3
READERS = 40


def test_slow_clients_beyond_the_descriptors_stop_nobody(sqlite_url: str, tmp_path: Path) -> None:
    with (
        serving(sqlite_url, tmp_path, most_descriptors=FEW) as site,
        clients_sending(site, HALVES["heads"], CLIENTS),
    ):
        reader, began = Reader(site.port, network=1), time.monotonic()
        assert reader.get(PAGE).status == 200
        assert reader.vote(TOOLS[0], "ship").is_acknowledged
        assert time.monotonic() - began < HEAD_SECONDS / 2  # after which the slow ones would be dropped anyway


def test_a_site_that_may_open_too_few_files_says_so_instead_of_starting(sqlite_url: str, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match=f"only {TOO_FEW} files"),
        serving(sqlite_url, tmp_path, most_descriptors=TOO_FEW),
    ):
        pass


def test_where_the_limit_may_not_be_raised_a_worker_accepts_fewer_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("verdicts.web.descriptors.resource.getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr("verdicts.web.descriptors.resource.setrlimit", refuse)
    assert raise_descriptor_limit() == 1024 - OTHER_DESCRIPTORS


def test_without_a_descriptor_left_requests_are_answered_or_refused_in_words(
    sqlite_url: str, tmp_path: Path, figures: Figures
) -> None:
    with serving(sqlite_url, tmp_path) as site:
        workers = site.workers()

        def ask(number: int) -> list[Response]:
            reader = Reader(site.port, number)
            asked = (
                partial(reader.get, f"/tools/{TOOLS[number % 4]}"),
                reader.search_anew,
                partial(reader.vote, TOOLS[0], "ship"),
            )
            answers = []
            for request in asked:
                with suppress(*NO_RESPONSE):
                    answers.append(request())
            return answers

        with (
            site.limited(resource.RLIMIT_NOFILE, lambda worker: highest_descriptor(worker) + SPARE),
            ThreadPoolExecutor(READERS) as readers,
        ):
            answers = [answer for answers in readers.map(ask, range(READERS)) for answer in answers]
        assert site.workers() == workers, site.log
        assert Reader(site.port, 999).vote(TOOLS[0], "ship").is_acknowledged
        assert site.get("/rankings").status == 200
    figures(f"{Counter(answer.status for answer in answers)}")
    assert len(answers) == 3 * READERS
    assert {(answer.status, answer.retry_after > 0) for answer in answers} <= {(200, False), (303, False), (503, True)}
