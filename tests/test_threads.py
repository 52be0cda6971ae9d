"""The worker's threads: which one is next, and what becomes of what they are given."""

import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.faults.serving import wait_until
from verdicts.threads import LastIdleFirst


@pytest.fixture
def threads() -> Iterator[LastIdleFirst]:
    with LastIdleFirst(2) as pool:
        yield pool


class Busy:
    """What keeps a thread busy until it is ended."""

    def __init__(self, threads: LastIdleFirst) -> None:
        self._end, self._threads = threading.Event(), threads
        self.thread: Future[threading.Thread] = threads.submit(self._wait)

    def _wait(self) -> threading.Thread:
        assert self._end.wait(10)
        return threading.current_thread()

    def end(self) -> threading.Thread:
        """Let the thread end this, and return it once it is idle."""
        idle = len(self._threads._idle)
        self._end.set()
        wait_until(lambda: len(self._threads._idle) > idle, 10)
        return self.thread.result(timeout=10)


def refuse_to_start(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_the_thread_that_was_busy_last_is_next(threads: LastIdleFirst) -> None:
    first, second = Busy(threads), Busy(threads)
    ended = [second.end(), first.end()]
    again = [threads.submit(threading.current_thread).result(timeout=10) for _ in range(3)]
    assert again == [ended[-1]] * 3


def test_a_thread_starts_only_where_none_is_idle(threads: LastIdleFirst) -> None:
    for _ in range(3):
        Busy(threads).end()
    assert len(threads._threads) == 1


def test_where_no_further_thread_can_start_the_others_do_its_work(
    threads: LastIdleFirst, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Busy(threads)
    monkeypatch.setattr(threading.Thread, "start", refuse_to_start)
    waiting = threads.submit(int, "7")
    busy.end()
    assert waiting.result(timeout=10) == 7


def test_where_no_thread_at_all_can_start_it_is_an_error(
    threads: LastIdleFirst, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", refuse_to_start)
    with pytest.raises(RuntimeError):
        threads.submit(int, "7")


def test_where_all_are_busy_what_comes_first_is_run_first(threads: LastIdleFirst) -> None:
    order: list[int] = []
    busy = [Busy(threads), Busy(threads)]
    waiting = [threads.submit(order.append, number) for number in range(5)]
    busy[0].end()
    for future in waiting:
        future.result(timeout=10)
    assert order == [0, 1, 2, 3, 4]
    busy[1].end()


def test_an_error_is_that_of_its_future_and_ends_no_thread(threads: LastIdleFirst) -> None:
    busy = Busy(threads)
    assert isinstance(threads.submit(int, "x").exception(timeout=10), ValueError)
    assert threads.submit(int, "7").result(timeout=10) == 7
    busy.end()
    assert [thread.is_alive() for thread in threads._threads] == [True, True]


def test_what_was_cancelled_while_it_waited_is_not_run(threads: LastIdleFirst) -> None:
    busy, order = [Busy(threads), Busy(threads)], list[int]()
    cancelled = threads.submit(order.append, 1)
    assert cancelled.cancel()
    for each in busy:
        each.end()
    assert order == []


def test_an_idle_thread_keeps_nothing_of_what_it_did(threads: LastIdleFirst) -> None:
    argument = Busy(threads)
    argument.end()
    kept = weakref.ref(argument)
    threads.submit(id, argument).result(timeout=10)
    del argument
    wait_until(lambda: kept() is None, 10)


def test_each_thread_is_initialized_once() -> None:
    initialized: list[threading.Thread] = []
    with LastIdleFirst(2, lambda: initialized.append(threading.current_thread())) as pool:
        busy = [Busy(pool), Busy(pool)]
        ended = {each.end() for each in busy}
        assert set(initialized) == ended
        assert len(initialized) == 2


def test_what_waits_at_a_shutdown_is_run_and_nothing_after_it() -> None:
    pool = LastIdleFirst(1)
    busy = Busy(pool)
    waiting = pool.submit(int, "7")
    pool.shutdown(wait=False)
    with pytest.raises(RuntimeError):
        pool.submit(int, "8")
    busy._end.set()
    assert waiting.result(timeout=10) == 7
    for thread in pool._threads:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_what_waits_is_left_where_a_shutdown_says_so() -> None:
    pool = LastIdleFirst(1)
    busy = Busy(pool)
    waiting = pool.submit(int, "7")
    pool.shutdown(wait=False, cancel_futures=True)
    busy._end.set()
    busy.thread.result(timeout=10)
    pool.shutdown()
    assert waiting.cancelled()


def test_a_signal_may_shut_the_threads_down_while_one_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, start = LastIdleFirst(1), threading.Thread.start

    def start_amid_signal(thread: threading.Thread) -> None:
        monkeypatch.undo()
        pool.shutdown(wait=False)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_amid_signal)
    assert pool.submit(int, "7").result(timeout=10) == 7
