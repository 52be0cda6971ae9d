"""Where rate limits are counted without Redis: a file that all of one machine's workers share."""

import hmac
import os
import secrets
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from limits.storage import Storage

from verdicts.extensions import sqlite_driver, sqlite_journal

FILE_NAME = "limits.sqlite3"
BUSY_TIMEOUT_SECONDS = 0.25  # a vote is not kept waiting for its limit
SWEEP_EVERY_SECONDS = 60

_TABLE = "CREATE TABLE IF NOT EXISTS counter (key BLOB PRIMARY KEY, count INTEGER, ends_at REAL) WITHOUT ROWID"
_INCREMENT = """
    INSERT INTO counter VALUES (:key, :amount, :now + :expiry) ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN ends_at <= :now THEN excluded.count ELSE count + excluded.count END,
        ends_at = CASE WHEN ends_at <= :now THEN excluded.ends_at ELSE ends_at END
    RETURNING count
"""


class FileCounters(Storage):
    """Counts under an address such as `counters:///folder/limits.sqlite3`, for Flask-Limiter's fixed windows.

    In memory each worker would count for itself, and two workers would let through twice what the rules say. The file
    is scratch: it is not synced, and one that a crash of the machine has spoiled is begun anew. It names nobody: keys
    stand in it under a hash whose random key only this process and those that it forks know.
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
        """Count `amount` more under a key, for `expiry` seconds from the first; return the count."""
        now = time.time()
        counted = self._ask(_INCREMENT, {"key": self._hash(key), "amount": amount, "expiry": expiry, "now": now})
        if now - self._swept_at > SWEEP_EVERY_SECONDS:
            self._swept_at = now
            self._ask("DELETE FROM counter WHERE ends_at <= :now", {"now": now})
        return int(counted[0][0])

    def get(self, key: str) -> int:
        found = self._ask("SELECT count FROM counter WHERE key = :key AND ends_at > :now", self._at(key))
        return int(found[0][0]) if found else 0

    def get_expiry(self, key: str) -> float:
        """Return when a key's window ends, in seconds since the epoch."""
        found = self._ask("SELECT ends_at FROM counter WHERE key = :key AND ends_at > :now", self._at(key))
        return float(found[0][0]) if found else time.time()

    def check(self) -> bool:
        self._ask("SELECT 1", {})
        return True

    def reset(self) -> int | None:
        return len(self._ask("DELETE FROM counter RETURNING key", {}))

    def clear(self, key: str) -> None:
        self._ask("DELETE FROM counter WHERE key = :key", {"key": self._hash(key)})

    def _at(self, key: str) -> dict[str, Any]:
        return {"key": self._hash(key), "now": time.time()}

    def _hash(self, key: str) -> bytes:
        return hmac.digest(self._hash_key, key.encode(), "sha256")

    def _ask(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._run(statement, values)
            except sqlite_driver().DatabaseError as error:
                self._connection = None
                if isinstance(error, sqlite_driver().OperationalError):  # busy, or the disk is full
                    raise
                self._begin_anew()
                return self._run(statement, values)

    def _run(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        if self._connection is None or self._opened_by != os.getpid():  # SQLite's must not be taken through a fork
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

    def _begin_anew(self) -> None:
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{self._path}{ending}").unlink(missing_ok=True)


def address_in(folder: str | Path) -> str:
    """Return what Flask-Limiter takes as the address of the counters in this folder."""
    return f"counters://{Path(folder, FILE_NAME)}"
