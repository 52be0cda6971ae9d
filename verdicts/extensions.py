"""The database session, how it writes, and the other Flask extensions. create_app binds them to an application."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from weakref import WeakSet

import sqlalchemy as sa
from flask import Flask
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_mail import Mail
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry
from werkzeug.local import LocalProxy

from verdicts.config import CHECKOUT
from verdicts.engines import configure_engine, engine_options
from verdicts.turns import TooManyWaiting, Turns

logger = logging.getLogger(__name__)

# Longer than PostgreSQL lets a transaction idle (engines.engine_options): a process that was stopped within one keeps
# its locks until then, and the others must outlast it.
RETRY_SECONDS = 90.0
MAX_RETRY_DELAY_SECONDS = 1.0

T = TypeVar("T")
AnyRow = sa.Row[*tuple[Any, ...]]


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
    """The base class of every model. Constraints are named by one convention, so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class FunctionLimiter(Limiter):
    """A limiter of decorated functions. There are no limits of all requests, so it looks for none before each."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
mail = Mail()
csrf = CSRFProtect()
compress = Compress()
limiter = FunctionLimiter(key_func=get_remote_address)


def init_database(app: Flask, database_url: str) -> None:
    """Give an application its database and its migrations."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(database_url)
    db.init_app(app)
    app.teardown_appcontext(end_session)
    with app.app_context():
        configure_engine(db.engine)
        sa.event.listen(db.engine, "checkin", end_turn)
    app.extensions["migrate"] = LocalProxy(partial(_init_migrations, app))


def _init_migrations(app: Flask) -> Any:
    """Let Flask-Migrate replace its place in an application, at first use: it takes 10 MB, and pages do without it."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(CHECKOUT / "migrations"))
    return app.extensions["migrate"]


class TooManyWriters(Exception):
    """As many threads as may wait to write do so already, or one has waited in vain. Answer 503."""


# At once in this process. SQLite has one writer: threads queue here in turn, as at the file the one that polls last may
# starve. PostgreSQL's pool has twice as many connections, so that readers find one.
WRITERS = {"sqlite": 1, "postgresql": 4}
MAX_WAIT_TO_WRITE_SECONDS = 3.0
_TURN = "verdicts.turn_to_write"  # in the info of a connection
_WRITES = {"sqlite_begin": "IMMEDIATE"}
_turns = {dialect: Turns(writers) for dialect, writers in WRITERS.items()}
# The transactions of sessions that may write. A session that held its own would stay until garbage is collected.
_writing: WeakSet[SessionTransaction | None] = WeakSet()


def limit_waiting_writers(threads: int) -> None:
    """Let so many threads of this process wait for their turn to write. Others are refused at once."""
    for turns in _turns.values():
        turns.max_waiting = threads


@contextmanager
def acquire_or_raise(slots: threading.Semaphore, error: type[Exception], timeout: float = 0) -> Iterator[None]:
    """Hold one of these slots. Raises `error` where none gets free within `timeout` seconds."""
    if not slots.acquire(timeout=timeout):
        raise error
    try:
        yield
    finally:
        slots.release()


def begin_write() -> None:
    """Begin the session's transaction as one that may write. Call it before the first statement.

    It waits for its turn, which ends with the transaction. On SQLite it then takes the write lock at once (BEGIN
    IMMEDIATE), for which other processes may make it wait for engines.BUSY_TIMEOUT_MS. A transaction that reads first
    and writes later fails where another one has written in between, whatever the timeout. Raises TooManyWriters, or
    sqlalchemy.exc.OperationalError where the lock stays taken.
    """
    if is_writing():
        return
    turns = _take_turn()
    try:
        session = db.session()
        session.connection(execution_options=_WRITES).info[_TURN] = turns
        _writing.add(session.get_transaction())
    except BaseException:
        turns.end()
        raise


def _take_turn() -> Turns:
    turns = _turns[db.engine.dialect.name]
    try:
        turns.take(MAX_WAIT_TO_WRITE_SECONDS)
    except TooManyWaiting:
        raise TooManyWriters from None
    return turns


def is_writing() -> bool:
    """Say whether the session's transaction is one that may write."""
    return db.session().get_transaction() in _writing


def end_turn(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    """Let the next one write, when the connection of one who wrote goes back to its pool."""
    if turns := record.info.pop(_TURN, None):
        turns.end()


def begin_write_after_read() -> None:
    """End the transaction in which something was read, and begin one that may write: see begin_write()."""
    db.session.rollback()
    begin_write()


TRANSIENT_ERRORS = (OperationalError, InterfaceError, PendingRollbackError, PoolTimeout, TooManyWriters)


def commit_or_retry(step: Callable[[], T], *, tries: int | None = None) -> T:
    """Begin a transaction that writes, run `step`, commit, and return what the step returned.

    While the database is busy or away, the step runs again: at most `tries` times in all, or without `tries` for
    RETRY_SECONDS. So a step changes nothing but the database. Then raises the last error; any other error at once.
    """

    def run_in_session() -> T:
        try:
            begin_write()
            result = step()
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        return result

    return _retry(run_in_session, tries)


def connect_to_write() -> AbstractContextManager[sa.Connection]:
    """Begin a transaction as begin_write() does, and commit it after the block. It has no session, which costs as much
    as three statements.
    """
    return _begin_on(db.engine.connect)


@contextmanager
def _begin_on(connect: Callable[[], AbstractContextManager[sa.Connection]]) -> Iterator[sa.Connection]:
    """Connect once it is one's turn, so that who waits needs no connection."""
    turns = _take_turn()
    try:
        with connect() as connection, connection.execution_options(**_WRITES).begin():
            yield connection
    finally:
        turns.end()


class KeptConnections:
    """Connections that write again and again. To take one from its pool and give it back costs as much as an UPDATE.

    Threads may share this. close() gives them back.
    """

    def __init__(self) -> None:
        self._free: list[sa.Connection] = []

    def commit_or_retry(self, step: Callable[[sa.Connection], T]) -> T:
        """Run `step` as commit_or_retry() does, on a connection without a session, which would cost as much again."""

        def run_on_connection() -> T:
            with _begin_on(self._acquire) as connection:
                return step(connection)

        return _retry(run_on_connection)

    @contextmanager
    def _acquire(self) -> Iterator[sa.Connection]:
        """Hold a connection. One that fails is not kept, nor are the others, which may have been lost with it."""
        try:
            connection = self._free.pop()
        except IndexError:
            connection = db.engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            self.close()
            raise
        self._free.append(connection)

    def close(self) -> None:
        with suppress(IndexError):  # another thread may close them too
            while True:
                self._free.pop().close()


def _retry(transaction: Callable[[], T], tries: int | None = None) -> T:
    deadline, delay, attempt = time.monotonic() + RETRY_SECONDS, 0.02, 0
    while True:
        attempt += 1
        try:
            return transaction()
        except BaseException as error:
            is_last = attempt == tries if tries else time.monotonic() > deadline
            if is_last or not (isinstance(error, TRANSIENT_ERRORS) or getattr(error, "connection_invalidated", False)):
                raise
        time.sleep(delay)
        delay = min(2 * delay, MAX_RETRY_DELAY_SECONDS)


def end_reading() -> None:
    """Commit a transaction in which nothing may have been written.

    On a rollback psycopg forgets which statements it has prepared, and PostgreSQL plans each of them again, which takes
    longer than to run it. What a session holds is let go first, so that nothing is written now.
    """
    with suppress(sa.exc.SQLAlchemyError):  # something failed, or the connection is lost: end_session() rolls back
        if db.session.registry.has() and db.session().in_transaction() and not is_writing():
            db.session.expunge_all()
            db.session.commit()


def end_session(_error: BaseException | None = None) -> None:
    """End the request's session and give its connection back, even where the connection is lost.

    Rolling back a lost connection fails. That must not turn an answer, whose data may be committed, into a 500, so
    this runs before Flask-SQLAlchemy's own teardown.
    """
    try:
        db.session.remove()
    except sa.exc.DBAPIError as lost:
        logger.warning("a connection was lost by the end of a request: %s", type(lost).__name__)
        db.session().invalidate()
        db.session.remove()


MAX_COUNTED = 1_000  # rows of a list; where there are more, pages say so
PAGES_AHEAD = 4  # that a list leads to, where its pages go on behind those


def limit_to(count: int | str) -> sa.ColumnElement[int]:
    """Return how many rows a statement reads at most, or the name of the parameter that holds it, for limit().

    It becomes a part of the text. PostgreSQL supposes that a limit it does not know is a tenth of all rows: of many,
    such a plan seems so dear that it keeps none, and plans the statement each time.
    """
    if isinstance(count, int):
        return sa.literal_column(str(count), sa.Integer)
    return sa.bindparam(count, type_=sa.Integer, literal_execute=True)


def count_up_to(matching: sa.Select[Any], most: int = MAX_COUNTED) -> int:
    """Return how many rows a statement selects, `most` + 1 where there are more. One statement, which stops there."""
    some = matching.order_by(None).limit(limit_to("most")).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some), {"most": most + 1}) or 0


def execute_page(
    statement: sa.Select[Any], id: sa.ColumnElement[int], number: int, page_size: int
) -> tuple[Sequence[AnyRow], int]:
    """Return the rows of a page, counted from 1, and how many rows all pages hold (0 past the last). Three statements.

    `id` tells the rows apart; each has it as its last column. They are counted up to MAX_COUNTED or, on later pages, a
    few pages ahead. The ids of a page are read before its rows, so that what is skipped or sorted is narrow.
    """
    ids = statement.with_only_columns(id)
    total = count_pages_ahead(ids, number, page_size)
    skipped = (number - 1) * page_size
    if skipped >= total:
        return [], 0
    page = db.session.scalars(ids.limit(page_size).offset(skipped)).all()
    return rows_of(page, statement, id), total


def count_pages_ahead(matching: sa.Select[Any], number: int, page_size: int) -> int:
    """Return how many rows a statement selects, as far as a list counts them that is read at this page."""
    return count_up_to(matching, max(MAX_COUNTED, (number + PAGES_AHEAD) * page_size))


def rows_of(ids: Sequence[int], statement: sa.Select[Any], id: sa.ColumnElement[int]) -> list[AnyRow]:
    """Return the rows with these ids, in their order; one may have been deleted since. One statement."""
    found = db.session.execute(statement.order_by(None).add_columns(id).where(id.in_(ids)))
    rows = {row[-1]: row for row in found}
    return [rows[each] for each in ids if each in rows]


def is_one_of(column: sa.ColumnElement[int], ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Say whether a column is one of hundreds of numbers, which are one parameter: a thousand take a millisecond."""
    if db.engine.dialect.name == "sqlite":
        numbers = sa.func.json_each(json.dumps(list(ids))).table_valued("value")
        return column.in_(sa.select(numbers.c.value))
    return column == sa.any_(sa.literal(list(ids), postgresql.ARRAY(sa.Integer)))


def exists_one_by_one(rows: sa.Select[Any]) -> sa.Exists:
    """Say whether a row has such rows. PostgreSQL would gather those of all rows where it expects to ask often."""
    return (rows.offset(sa.literal_column("0")) if db.engine.dialect.name == "postgresql" else rows).exists()


def asked_of_each(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return a condition that is asked of row after row: no planner begins with all rows that meet it."""
    return sa.case((condition, 1), else_=0) == 1


def insert(table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that takes on_conflict_do_update and on_conflict_do_nothing, on both databases."""
    return sqlite.insert(table) if db.engine.dialect.name == "sqlite" else postgresql.insert(table)
