"""The counters of rate limits: where there is no Redis, in a SQLite file that all workers of one machine share.

Either may be out of reach. Each worker then counts for itself, so that no limit ends and no request fails.
"""

import hmac
import logging
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from limits.storage import MemoryStorage, Storage, storage_from_string

from verdicts.engines import sqlite_driver, sqlite_journal

logger = logging.getLogger(__name__)

FILE_NAME = "limits.sqlite3"
BUSY_TIMEOUT_SECONDS = 0.25  # a vote must not wait for its rate limit
SWEEP_EVERY_SECONDS = 60
RETRY_SECONDS = 5.0
FALLBACK = "fallback+"

T = TypeVar("T")

_TABLE = "CREATE TABLE IF NOT EXISTS counter (key BLOB PRIMARY KEY, count INTEGER, ends_at REAL) WITHOUT ROWID"
_INCREMENT = """
    INSERT INTO counter VALUES (:key, :amount, :now + :expiry) ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN ends_at <= :now THEN excluded.count ELSE count + excluded.count END,
        ends_at = CASE WHEN ends_at <= :now THEN excluded.ends_at ELSE ends_at END
    RETURNING count
"""


class FileCounters(Storage):
    """A storage for Flask-Limiter's fixed windows, under a URI such as `counters:///folder/limits.sqlite3`.

    In memory each worker would count alone, so two workers would allow twice the limit. The file is temporary: it is
    not synced, and a file that a crash has damaged is replaced. It names nobody: it holds hashes of the keys, and the
    random key of that hash is known only to this process and its forks.
    """

    STORAGE_SCHEME = ["counters"]  # noqa: RUF012  # the base class declares it so

    def __init__(self, uri: str = "", wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._path = Path(uri.partition("://")[2])
        self._hash_key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._connection: Any = None
        self._opened_by = 0
        self._swept_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return (sqlite_driver().Error, OSError)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount` to a key's count and return it. The count ends `expiry` seconds after its first increment."""
        now = time.time()
        rows = self._execute(_INCREMENT, {"key": self._hash(key), "amount": amount, "expiry": expiry, "now": now})
        if now - self._swept_at > SWEEP_EVERY_SECONDS:
            self._swept_at = now
            self._execute("DELETE FROM counter WHERE ends_at <= :now", {"now": now})
        return int(rows[0][0])

    def get(self, key: str) -> int:
        return self._window(key)[0]

    def get_expiry(self, key: str) -> float:
        return self._window(key)[1]

    def check(self) -> bool:
        """Say whether counting works again; meanwhile Flask-Limiter counts in memory. Reading may work where writing
        does not.
        """
        try:
            self.incr("check", SWEEP_EVERY_SECONDS)
        except self.base_exceptions:
            return False
        return True

    def reset(self) -> int | None:
        return len(self._execute("DELETE FROM counter RETURNING key", {}))

    def clear(self, key: str) -> None:
        self._execute("DELETE FROM counter WHERE key = :key", {"key": self._hash(key)})

    def _window(self, key: str) -> tuple[int, float]:
        """Return a key's count, and the end of its window in seconds since the epoch."""
        now = time.time()
        values = {"key": self._hash(key), "now": now}
        rows = self._execute("SELECT count, ends_at FROM counter WHERE key = :key AND ends_at > :now", values)
        return rows[0] if rows else (0, now)

    def _hash(self, key: str) -> bytes:
        return hmac.digest(self._hash_key, key.encode(), "sha256")

    def _execute(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._run(statement, values)
            except sqlite_driver().DatabaseError as error:
                self._connection = None
                if isinstance(error, sqlite_driver().OperationalError):  # busy, or the disk is full
                    raise
                self._delete_file()
                return self._run(statement, values)

    def _run(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        if self._connection is None or self._opened_by != os.getpid():  # a fork must not use its parent's connection
            self._connection, self._opened_by = self._open(), os.getpid()
        rows: list[tuple[Any, ...]] = self._connection.execute(statement, values).fetchall()
        return rows

    def _open(self) -> sqlite3.Connection:
        driver = sqlite_driver()
        connection: sqlite3.Connection = driver.connect(
            str(self._path), timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA journal_mode={sqlite_journal()}")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(_TABLE)
        return connection

    def _delete_file(self) -> None:
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{self._path}{ending}").unlink(missing_ok=True)


class FallbackCounters(Storage):
    """Counts in a storage that all workers share, and while that cannot be reached in this process's memory.

    Its URI is that of the shared storage, with "fallback+" before it. Flask-Limiter's own fallback raises where a
    second thread finds the storage away while the first one does.
    """

    STORAGE_SCHEME = [f"{FALLBACK}{scheme}" for scheme in ("counters", "redis", "rediss", "redis+unix")]  # noqa: RUF012

    def __init__(self, uri: str = "", wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._shared: Storage = storage_from_string(uri.removeprefix(FALLBACK), **options)  # type: ignore[assignment]
        self._own = MemoryStorage()
        self._retry_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return self._shared.base_exceptions

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._ask(lambda storage: storage.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._ask(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        return self._ask(lambda storage: storage.get_expiry(key))

    def check(self) -> bool:
        """Say whether the shared storage can be reached."""
        return self._shared.check()

    def reset(self) -> int | None:
        return self._ask(lambda storage: storage.reset())

    def clear(self, key: str) -> None:
        self._ask(lambda storage: storage.clear(key))

    def _ask(self, question: Callable[[Storage], T]) -> T:
        """Ask the shared storage, unless it was away just now, or else this process's own."""
        if time.monotonic() >= self._retry_at:
            try:
                return question(self._shared)
            except self.base_exceptions as error:
                self._retry_at = time.monotonic() + RETRY_SECONDS
                logger.warning("rate limits are counted by each worker for itself: %s", type(error).__name__)
        return question(self._own)


def storage_uri(folder: str | Path) -> str:
    """Return Flask-Limiter's storage URI of the counters in this folder."""
    return f"counters://{Path(folder, FILE_NAME)}"
