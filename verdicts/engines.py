"""How SQLite and PostgreSQL are connected to: drivers, pools, time limits, pragmas."""

import logging
import math
import sqlite3
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from verdicts import outages

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 1000
MAX_INTEGER = 2**31 - 1
_MODE = "verdicts.sqlite_begin"  # in the info of a connection that is to begin so


def sqlite_driver() -> ModuleType:
    """Return pysqlite3, which brings a current SQLite, or the standard library's driver without it."""
    try:
        import pysqlite3
    except ImportError:
        return sqlite3
    return pysqlite3  # type: ignore[no-any-return]


def is_wal_safe(version: tuple[int, int, int]) -> bool:
    """Say whether this SQLite is free of the WAL reset bug (sqlite.org/wal.html#walresetbug)."""
    return version >= (3, 51, 3) or version in {(3, 50, 7), (3, 44, 6)}


def sqlite_warning() -> str | None:
    """Return a warning about this SQLite for operators, or None where it is sound."""
    if is_wal_safe(sqlite_driver().sqlite_version_info):
        return None
    return (
        f"SQLite {sqlite_driver().sqlite_version} can corrupt a database in WAL mode, so a rollback journal is used: "
        "readers wait while someone votes. Install pysqlite3, or a SQLite of at least 3.51.3."
    )


def sqlite_journal() -> str:
    """Return the journal mode to use: WAL where this SQLite is sound."""
    return "DELETE" if sqlite_warning() else "WAL"


def gather_statistics(connection: sa.Connection) -> None:
    """Let SQLite look again at tables that have a new index or grew tenfold: it plans statements by what it knows.

    It needs a transaction that writes. Where nothing is new it takes less than a millisecond; of a table with ten
    million votes, half a second. PostgreSQL gathers its own.
    """
    if connection.dialect.name == "sqlite":
        for pragma in _STATISTICS[sqlite_driver().sqlite_version_info >= (3, 46, 0)]:
            connection.exec_driver_sql(pragma)


# An older SQLite asks only about tables that the same connection has read, and sets itself no limit.
_STATISTICS = {True: ("PRAGMA optimize=0x10012",), False: ("PRAGMA analysis_limit=1000", "ANALYZE")}

# A server that vanishes (its machine lost power) must not block a thread for ever.
_KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 12_000,  # ms; longer than statement_timeout, which answers first where the server lives
}


def engine_options(database_url: str) -> dict[str, Any]:
    """Return the options of SQLAlchemy's create_engine for this database."""
    # A statement's parameters may be an address or a message. Errors are logged, so they must not hold them.
    options = {"hide_parameters": True, "pool_size": 8, "max_overflow": 0, "pool_timeout": 5}
    if database_url.startswith("sqlite"):
        # Each connection keeps a megabyte of pages and statements: more than two are closed once a crowd is over.
        # One reads statistics when it begins, and housekeeping gathers them every hour.
        pool = {"pool_size": 2, "max_overflow": 6, "pool_use_lifo": True, "pool_recycle": 3600}
        # All pages and votes together make some ninety statements: with 128, a round over them took up to 3 % less.
        return {**options, **pool, "module": sqlite_driver(), "connect_args": {"cached_statements": 64}}
    limits = "-c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
    # The defaults are for rotating disks and long reports: tools were all read where an index led to a few of them.
    # A scan that joins another one in the middle of its table finds other tools first: pages of a search must agree.
    plans = "-c random_page_cost=1.1 -c jit=off -c synchronize_seqscans=off"
    return {
        **options,
        "pool_pre_ping": True,
        "connect_args": {"connect_timeout": 3, "options": f"{limits} {plans} -c timezone=UTC", **_KEEPALIVES},
    }


def configure_engine(engine: sa.Engine) -> None:
    """Make an engine raise outages in one way; and one of SQLite enforce foreign keys, sync every commit, know
    capitals of all scripts and square roots as PostgreSQL does, and begin transactions as begin_write() asks; and one
    of PostgreSQL send whole numbers as one type.
    """
    sa.event.listen(engine, "handle_error", outages.unify)
    if engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", _prepare_postgresql)
        _plan_as_asked(engine.dialect)
    if engine.dialect.name == "sqlite":
        if warning := sqlite_warning():
            logger.warning(warning)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        _begin_as_asked(engine.dialect)


# The execution option of a statement that PostgreSQL is to plan each time, for the values that it is sent with. Others
# are prepared by psycopg once they have run five times, and PostgreSQL then keeps one plan for all values.
PLANNED_EACH_TIME = {"postgresql_prepare": False}


def _plan_as_asked(dialect: Dialect) -> None:
    def execute(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        is_planned_each_time = context is not None and context.execution_options.get("postgresql_prepare") is False
        # A cursor on the server, from which a result is read in parts, prepares nothing and takes no such argument.
        cursor.execute(statement, parameters, **({"prepare": False} if is_planned_each_time else {}))

    vars(dialect).update(do_execute=execute)


def _prepare_postgresql(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.adapters.register_dumper(int, _integer_dumper())


@cache
def _integer_dumper() -> type[Any]:
    """Return what sends a whole number as an integer where psycopg would send a smallint.

    PostgreSQL prepares and plans a statement for each combination of types: that of two tools for four, as each id may
    be small or not.
    """
    from psycopg.types.numeric import IntDumper

    class IntegerDumper(IntDumper):
        def upgrade(self, obj: int, format_: Any) -> Any:
            return super().upgrade(obj if abs(obj) > MAX_INTEGER else MAX_INTEGER, format_)

    return IntegerDumper


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # SQLite's own lower() knows the letters of ASCII alone.
    connection.create_function("lower", 1, _lower, deterministic=True)
    # Some are built without functions of mathematics. Ours has the name and the outcome of theirs.
    connection.create_function("sqrt", 1, _sqrt, deterministic=True)
    # The driver begins transactions too late, and never IMMEDIATE. _begin_as_asked does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute(f"PRAGMA journal_mode={sqlite_journal()}")
    cursor.execute("PRAGMA synchronous=FULL")
    # A quarter of a megabyte for each of a process's connections: with eight times as much no page was faster.
    cursor.execute("PRAGMA cache_size=-256")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _lower(value: object) -> str | None:
    return None if value is None else str(value).lower()


def _sqrt(value: float | None) -> float | None:
    return None if value is None or value < 0 else math.sqrt(value)


def _begin_as_asked(dialect: Dialect) -> None:
    """Let a dialect of SQLite begin each transaction, and the next one by the execution option `sqlite_begin`.

    A listener to the engine's "begin" would do, but with any such listener SQLAlchemy looks for others around each
    statement, which took a tenth of a vote.
    """
    set_options = dialect.set_connection_execution_options

    def remember_mode(connection: sa.Connection, options: Mapping[str, Any]) -> None:
        set_options(connection, options)
        if mode := options.get("sqlite_begin"):
            connection.info[_MODE] = mode

    def begin(connection: PoolProxiedConnection) -> None:
        connection.cursor().execute(f"BEGIN {connection.info.pop(_MODE, '')}")

    vars(dialect).update(set_connection_execution_options=remember_mode, do_begin=begin)
