"""The database and the other extensions, made once and tied to an app by create_app."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 1000
# Longer than PostgreSQL lets a transaction idle (engine_options): a process that was stopped within one keeps its locks
# until then, and the others must outlast it.
RETRY_SECONDS = 90.0
MAX_RETRY_DELAY_SECONDS = 1.0

T = TypeVar("T")


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware UTC datetime, on databases that keep time zones and on those that do not."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactDecimal(sa.TypeDecorator[Decimal]):
    """A Decimal that comes back digit for digit: NUMERIC, or text on SQLite, whose numbers are floats."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.String(40) if dialect.name == "sqlite" else sa.Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Decimal | str | None, dialect: Dialect) -> Decimal | None:
        return Decimal(value) if value is not None else None


class Base(DeclarativeBase):
    """What every table's class inherits; constraint names follow one convention so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
mail = Mail()
migrate = Migrate()
csrf = CSRFProtect()
compress = Compress()
limiter = Limiter(key_func=get_remote_address)


class TooManyWriters(Exception):
    """Half of this process's threads wait to write already; the caller should answer 503."""


_waiting_writers = threading.BoundedSemaphore(1)


def bound_waiting_writers(threads: int) -> None:
    """Let at most half of a process's `threads` wait for SQLite's write lock, so that readers always find one."""
    global _waiting_writers
    _waiting_writers = threading.BoundedSemaphore(max(1, threads // 2))


@contextmanager
def _a_place_to_wait() -> Iterator[None]:
    if not _waiting_writers.acquire(blocking=False):
        raise TooManyWriters
    try:
        yield
    finally:
        _waiting_writers.release()


def begin_write() -> None:
    """Begin the session's transaction as one that may write; call it before the first statement.

    On SQLite it takes the write lock at once (BEGIN IMMEDIATE), waiting at most BUSY_TIMEOUT_MS: a transaction
    that reads first and writes later fails as soon as another one has written in between, whatever the timeout.
    Raises TooManyWriters, or sqlalchemy.exc.OperationalError when the lock did not come free.
    """
    if db.engine.dialect.name != "sqlite":
        return
    with _a_place_to_wait():
        db.session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


TRANSIENT_ERRORS = (OperationalError, InterfaceError, PoolTimeout, TooManyWriters)
# SQLite has one writer. Threads queue here in turn; at the file, the one that polls last may starve.
_sqlite_writer = threading.Lock()


def commit_or_retry(step: Callable[[], T], *, tries: int | None = None) -> T:
    """Begin a transaction that writes, run `step`, commit, and return what the step returned.

    While the database is busy or away, the step runs again: at most `tries` times in all, or without `tries` for
    RETRY_SECONDS. So a step changes nothing but the database. Then raises the last error; any other error at once.
    """
    give_up_at, delay, attempt = time.monotonic() + RETRY_SECONDS, 0.02, 0
    while True:
        attempt += 1
        try:
            with _sqlite_turn():
                begin_write()
                result = step()
                db.session.commit()
                return result
        except BaseException as error:
            db.session.rollback()
            is_last = attempt == tries if tries else time.monotonic() > give_up_at
            if is_last or not _is_transient(error):
                raise
        time.sleep(delay)
        delay = min(2 * delay, MAX_RETRY_DELAY_SECONDS)


def _sqlite_turn() -> AbstractContextManager[object]:
    return _sqlite_writer if db.engine.dialect.name == "sqlite" else nullcontext()


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, TRANSIENT_ERRORS) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def end_session(_error: BaseException | None = None) -> None:
    """End the session, and give its connection back, whatever has become of the server meanwhile.

    Rolling back on a connection that is lost fails. What was answered, and perhaps committed, must not become a 500 by
    that: so this ends a request's session, before Flask-SQLAlchemy would.
    """
    try:
        db.session.remove()
    except sa.exc.DBAPIError as lost:
        logger.warning("a connection was lost by the end of a request: %s", type(lost).__name__)
        db.session().invalidate()
        db.session.remove()


def insert(table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that takes on_conflict_do_update and on_conflict_do_nothing, on both databases."""
    return sqlite.insert(table) if db.engine.dialect.name == "sqlite" else postgresql.insert(table)


def sqlite_driver() -> ModuleType:
    """Return pysqlite3, which brings a current SQLite, or the standard library's driver where it is missing."""
    try:
        import pysqlite3
    except ImportError:
        return sqlite3
    return pysqlite3  # type: ignore[no-any-return]


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Say whether this SQLite is free of the WAL-reset fault (sqlite.org/wal.html#walresetbug)."""
    return version >= (3, 51, 3) or version in {(3, 50, 7), (3, 44, 6)}


def sqlite_warning() -> str | None:
    """Return what an operator should know of this SQLite, in words; None where it is sound."""
    if wal_is_safe(sqlite_driver().sqlite_version_info):
        return None
    return (
        f"SQLite {sqlite_driver().sqlite_version} can corrupt a database in WAL mode, so a rollback journal is used: "
        "readers wait while someone votes. Install pysqlite3, or a SQLite of at least 3.51.3."
    )


def sqlite_journal() -> str:
    """Return the journal mode to use: WAL, where this SQLite is sound."""
    return "DELETE" if sqlite_warning() else "WAL"


# A server that vanishes without a word (a machine that lost its power) must not keep a thread for ever.
_NOTICE_A_LOST_SERVER = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 12_000,  # ms; longer than statement_timeout, which answers first where the server lives
}


# What a statement was given may be an address or a message: an error that is logged must not tell it.
_NO_ADDRESSES_IN_LOGS = {"hide_parameters": True}


def engine_options(database_url: str) -> dict[str, Any]:
    """Return the options that SQLAlchemy's create_engine takes for this database."""
    if database_url.startswith("sqlite"):
        return {
            **_NO_ADDRESSES_IN_LOGS,
            "module": sqlite_driver(),
            "pool_size": 16,
            "max_overflow": 0,
            "pool_timeout": 5,
        }
    limits = "-c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
    return {
        **_NO_ADDRESSES_IN_LOGS,
        "pool_size": 8,
        "max_overflow": 0,
        "pool_timeout": 5,
        "pool_pre_ping": True,
        "connect_args": {"connect_timeout": 3, "options": f"{limits} -c timezone=UTC", **_NOTICE_A_LOST_SERVER},
    }


def watch_engine(engine: sa.Engine) -> None:
    """Make a SQLite engine keep foreign keys, sync every commit, and begin transactions as `begin_write` asks."""
    if engine.dialect.name == "sqlite":
        if warning := sqlite_warning():
            logger.warning(warning)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling begins too late and never IMMEDIATE; _begin_sqlite does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute(f"PRAGMA journal_mode={sqlite_journal()}")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', '')}")
