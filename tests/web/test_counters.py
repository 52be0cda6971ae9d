"""The file in which one machine's workers count together, and what counts while that cannot be reached."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from limits.storage import MemoryStorage

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Visitor
from verdicts.engines import sqlite_driver
from verdicts.web.counters import RETRY_SECONDS, FallbackCounters, FileCounters, storage_uri

Later = Callable[[timedelta], None]
PROCESSES, TIMES = 4, 100
A_DAY = 24 * 3600


@pytest.fixture
def counters(tmp_path: Path) -> FileCounters:
    return FileCounters(storage_uri(tmp_path))


def test_a_count_grows_until_its_window_ends(counters: FileCounters, later: Later) -> None:
    assert [counters.incr("a", 60) for _ in range(3)] == [1, 2, 3]
    later(timedelta(seconds=59))
    assert (counters.get("a"), counters.incr("a", 60, amount=2)) == (3, 5)
    later(timedelta(seconds=1))
    assert (counters.get("a"), counters.incr("a", 60)) == (0, 1)


def test_keys_count_for_themselves(counters: FileCounters) -> None:
    counters.incr("a", 60)
    assert (counters.incr("b", 60), counters.get("a"), counters.get("c")) == (1, 1, 0)


def test_a_windows_end_is_reported(counters: FileCounters, later: Later) -> None:
    began = counters.get_expiry("a")
    counters.incr("a", 60)
    later(timedelta(seconds=30))
    assert counters.get_expiry("a") - began == pytest.approx(60, abs=5)


def test_counts_are_taken_back_one_by_one_and_all_at_once(counters: FileCounters) -> None:
    for key in "abc":
        counters.incr(key, 60)
    counters.clear("a")
    assert (counters.get("a"), counters.reset(), counters.get("b")) == (0, 2, 0)


def test_what_has_ended_does_not_fill_the_file(counters: FileCounters, tmp_path: Path, later: Later) -> None:
    for number in range(50):
        counters.incr(f"voter:{number}", 60)
    later(timedelta(seconds=61))
    counters.incr("one more", 60)
    with sqlite_driver().connect(tmp_path / "limits.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM counter").fetchall() == [(1,)]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_the_workers_of_a_process_lose_no_count(counters: FileCounters) -> None:
    counters.incr("a", A_DAY)  # by a connection that the workers must not go on with
    workers = [fork_to_count(counters) for _ in range(PROCESSES)]
    assert [os.waitpid(worker, 0)[1] for worker in workers] == [0] * PROCESSES
    assert counters.get("a") == PROCESSES * TIMES + 1


def fork_to_count(counters: FileCounters) -> int:
    if worker := os.fork():
        return worker
    try:
        for _ in range(TIMES):
            counters.incr("a", A_DAY)
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_the_file_names_nobody(counters: FileCounters, tmp_path: Path) -> None:
    counters.incr("network:203.0.113.0/24", 60)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"counter" in written
    assert b"203.0.113" not in written
    assert FileCounters(storage_uri(tmp_path)).get("network:203.0.113.0/24") == 0


@pytest.mark.parametrize("damaged", [b"no database at all", b"SQLite format 3\0" + bytes(4080)])
def test_a_damaged_file_is_replaced(counters: FileCounters, tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "limits.sqlite3").write_bytes(damaged)
    assert [counters.incr("a", 60) for _ in range(2)] == [1, 2]


def test_a_file_that_cannot_be_written_is_an_error_and_does_not_pass_for_zero(tmp_path: Path) -> None:
    with pytest.raises(sqlite_driver().OperationalError):
        FileCounters(storage_uri(tmp_path / "missing")).incr("a", 60)


def lock(file: Path) -> None:
    connection = sqlite_driver().connect(file, isolation_level=None)
    connection.execute("CREATE TABLE IF NOT EXISTS other (id)")
    connection.execute("BEGIN EXCLUSIVE")
    LOCKING.append(connection)


LOCKING: list[object] = []
OBSTACLES: dict[str, Callable[[Path], object]] = {
    "a folder in its place": lambda file: file.mkdir(),
    "no folder": lambda file: file.parent.rmdir(),
    "a file for a folder": lambda file: (file.parent.rmdir(), file.parent.write_text("")),
    "locked": lock,
    "no way to write": lambda file: file.symlink_to("/dev/full"),
}


@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=OBSTACLES)
def test_counters_that_cannot_be_written_say_so_and_work_again_later(
    tmp_path: Path, obstacle: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verdicts.web.counters.BUSY_TIMEOUT_SECONDS", 0)
    folder = tmp_path / "instance"
    folder.mkdir()
    counters = FileCounters(storage_uri(folder))
    obstacle(folder / "limits.sqlite3")
    assert counters.check() is False
    with pytest.raises(counters.base_exceptions):
        counters.incr("a", 60)
    LOCKING.clear()
    folder.rename(tmp_path / "gone") if folder.exists() else None
    folder.mkdir()
    assert counters.check() is True


@ON_ONE_DATABASE
def test_votes_are_limited_and_never_500_while_counters_cannot_be_written(app: Flask, later: Later) -> None:
    make_tool("alpha")
    Path(app.instance_path, "limits.sqlite3").mkdir()
    visitor = Visitor(app)
    visitor.votes("alpha", "ship")
    statuses = [visitor.opens("POST", "/tools/alpha/vote", form={"verdict": "ship"}).status_code for _ in range(11)]
    assert statuses == [303] * 9 + [429] * 2
    for _ in range(3):  # when Flask-Limiter looks whether they work again
        later(timedelta(seconds=90))
        assert visitor.votes("alpha", "ship").status == 200


class SharedCounters(MemoryStorage):
    """Counters that may be away. `asked` is how often they were."""

    STORAGE_SCHEME = ["fallback-test"]  # noqa: RUF012  # the base class declares it so
    is_away = False
    asked = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ConnectionError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.asked += 1
        if self.is_away:
            raise ConnectionError
        return super().incr(key, expiry, amount)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> SharedCounters:
    shared = SharedCounters()
    monkeypatch.setattr("verdicts.web.counters.storage_from_string", lambda _uri: shared)
    return shared


def test_a_process_counts_alone_while_the_shared_counters_are_away(shared: SharedCounters) -> None:
    counters = FallbackCounters()
    assert counters.incr("a", 60) == 1
    shared.is_away = True
    assert [counters.incr("a", 60), counters.incr("a", 60)] == [1, 2]
    assert counters.get("a") == 2


def test_counters_that_are_away_are_asked_again_only_after_a_while(
    shared: SharedCounters, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters, shared.is_away = FallbackCounters(), True
    counters.incr("a", 60)
    counters.incr("a", 60)
    assert shared.asked == 1
    shared.is_away = False
    later = time.monotonic() + RETRY_SECONDS
    monkeypatch.setattr("verdicts.web.counters.time.monotonic", lambda: later)
    counters.incr("a", 60)
    assert shared.asked == 2
