"""gunicorn's worker: which requests for pages it hands over to its threads, and when."""

import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import PollableMethodQueue, ThreadWorker

from verdicts.web.arrivals import Arrival
from verdicts.web.worker import MAX_QUEUE_SECONDS, QUICK_SECONDS, BufferingWorker

PAGES = ["first", "second", "third", "fourth"]


class Worker(BufferingWorker):
    """A worker whose threads never end what they are given, unless it says so."""

    max_reading, quick_readers = 3, 1

    def __init__(self) -> None:
        super().__init__(1, 1, [], None, 30, Config(), None)
        self.handed_over: list[Any] = []

    def ask_for(self, *pages: str) -> None:
        self._queued.extend((time.monotonic(), page, Arrival(0)) for page in pages)
        self._read_queued()

    def write(self, form: str) -> None:
        self._writing.add(form)

    def refuses(self, seconds: float) -> bool:
        """Say whether a further page would be refused, if those that wait had waited for so much longer."""
        self._queued = deque((since - seconds, page, arrival) for since, page, arrival in self._queued)
        return self._is_overloaded(Arrival(0))

    def end(self, page: str) -> None:
        outcome: Future[bool] = Future()
        outcome.set_result(False)
        self.finish_request(page, outcome)

    def wait(self) -> None:
        """Let so much time pass that what is being rendered has taken long."""
        self._reading = {page: began - QUICK_SECONDS for page, began in self._reading.items()}
        self._read_queued()

    def _submit(self, conn: Any, arrival: Arrival) -> None:
        self.handed_over.append(conn)

    def _linger(self, conn: Any) -> None:
        pass


@pytest.fixture
def worker() -> Iterator[Worker]:
    with closing((worker := Worker()).tmp):
        yield worker


def test_pages_are_rendered_one_after_the_other_in_the_order_of_their_requests(worker: Worker) -> None:
    worker.ask_for(*PAGES)
    for number, page in enumerate(PAGES):
        assert worker.handed_over == PAGES[: number + 1]
        worker.end(page)
    assert worker.handed_over == PAGES


def test_nobody_waits_for_a_page_that_takes_long(worker: Worker) -> None:
    worker.ask_for(*PAGES)
    worker.wait()
    assert worker.handed_over == PAGES[:2]
    worker.end("second")
    assert worker.handed_over == PAGES[:3]


def test_pages_that_take_long_leave_threads_to_forms(worker: Worker) -> None:
    worker.ask_for(*PAGES)
    for _ in PAGES:
        worker.wait()
    assert worker.handed_over == PAGES[: worker.max_reading]
    worker.end("first")
    assert worker.handed_over == PAGES


def test_where_pages_wait_for_a_server_several_are_rendered_at_once(worker: Worker) -> None:
    worker.quick_readers = 2
    worker.ask_for(*PAGES)
    assert worker.handed_over == PAGES[:2]


def test_beside_a_crowd_of_forms_pages_are_rendered_one_after_the_other_wherever_they_wait(worker: Worker) -> None:
    worker.quick_readers = 2
    for form in ("one", "two", "three"):
        worker.write(form)
    worker.ask_for(*PAGES)
    assert worker.handed_over == PAGES[:1]
    worker.end("one")
    assert worker.handed_over == PAGES[:2]


def test_a_few_forms_hold_no_page_back(worker: Worker) -> None:
    worker.quick_readers = 2
    for form in ("one", "two"):
        worker.write(form)
    worker.ask_for(*PAGES)
    assert worker.handed_over == PAGES[:2]


def test_pages_are_refused_once_one_has_waited_for_long_that_finds_no_thread(worker: Worker) -> None:
    worker.ask_for(*PAGES)
    assert not worker.refuses(0)
    assert worker.refuses(MAX_QUEUE_SECONDS)


def test_no_page_is_refused_while_those_that_wait_will_find_threads(worker: Worker) -> None:
    worker.ask_for(*PAGES[:3])
    assert not worker.refuses(MAX_QUEUE_SECONDS)


def test_a_thread_that_ends_after_its_worker_writes_to_no_file_that_was_opened_since(
    worker: Worker, tmp_path: Path
) -> None:
    worker.method_queue.init()
    worker.method_queue.close()
    with ExitStack() as stack:
        stack.callback(PollableMethodQueue.close, worker.method_queue)
        files = [stack.enter_context((tmp_path / str(number)).open("wb")) for number in range(10)]
        worker.method_queue.defer(print)
        assert [os.fstat(file.fileno()).st_size for file in files] == [0] * 10


def test_a_worker_that_stops_waits_for_what_its_threads_still_do(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ThreadWorker, "run", lambda _worker: None)
    worker.tpool = worker.get_thread_pool()
    running = worker.tpool.submit(time.sleep, 0.1)
    worker.run()
    assert running.done()
