"""Which errors of a database say that it cannot work now, rather than that a statement is wrong.

They become OperationalError, whatever class the driver gives them, so that all who wait, retry or answer 503 know them.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

MIN_FREE_BYTES = 64 * 1024  # a transaction of SQLite writes some pages of 4 KiB


@dataclass(frozen=True)
class Outage:
    """Why the database cannot work now, in words for operators.

    Where it only takes no changes, pages can be served. A connection that will not recover is not used again.
    """

    words: str
    is_read_only: bool = False
    ends_connection: bool = False


READ_ONLY = Outage("The database is read-only", is_read_only=True, ends_connection=True)
FULL = Outage("The disk of the database is full", is_read_only=True)
AWAY = Outage("The database is away", ends_connection=True)
BUSY = Outage("The database is busy")

# PostgreSQL's SQLSTATEs: whole classes by two characters, single ones by five (PostgreSQL's manual, appendix A).
SQLSTATES = {
    "08": AWAY,  # connection exceptions: the server, or what stands before it, has gone
    "25006": READ_ONLY,  # read_only_sql_transaction: a standby after a failover. A new connection may find the primary
    "25P02": BUSY,  # in_failed_sql_transaction: what follows on any of these within one transaction
    "25P03": AWAY,  # idle_in_transaction_session_timeout: the server has closed the connection
    "25P04": AWAY,  # transaction_timeout: likewise
    "28": AWAY,  # invalid authorization: a server that is being set up again, or a changed password
    "3D000": AWAY,  # invalid_catalog_name: a database that is being restored
    "40": BUSY,  # serialization failures and deadlocks: nothing is wrong, but nothing was done
    "53": BUSY,  # insufficient resources: connections, memory
    "53100": FULL,  # disk_full
    "55006": BUSY,  # object_in_use: a migration or a backup holds it
    "55P03": BUSY,  # lock_not_available
    "57": AWAY,  # operator intervention: shutdown, crash, starting up, database dropped
    "57014": BUSY,  # query_canceled: the statement's time was up
    "57P05": AWAY,  # idle_session_timeout
    "58": BUSY,  # system errors: input and output, files
    "72": BUSY,  # snapshot_too_old
    "XX000": BUSY,  # internal_error: poolers send it when no server is to be had
}

# SQLite has these as words in every version of Python; the names of its codes only since 3.11, and not in each driver.
SQLITE_WORDS = (
    (re.compile("readonly database"), READ_ONLY),
    (re.compile("disk is full"), FULL),
    (re.compile("locked|busy"), BUSY),
    (re.compile("disk I/O error|unable to open database|out of memory|locking protocol"), AWAY),
)


def find_outage(error: BaseException | None) -> Outage | None:
    """Return what keeps the database from working; None where the statement, or our code, is wrong."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if sqlstate := getattr(original, "sqlstate", None):
        return SQLSTATES.get(sqlstate) or SQLSTATES.get(sqlstate[:2])
    if type(original).__module__.startswith(("sqlite3", "pysqlite3")):
        return next((outage for words, outage in SQLITE_WORDS if words.search(str(original))), None)
    return AWAY if isinstance(error, OperationalError) else None


def reason_of(error: BaseException) -> str:
    """Return one line that the database gives as the reason, without the statement and its values."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return str(original or "").strip().partition("\n")[0] or type(error).__name__


def is_disk_full(database: Path) -> bool:
    """Return whether SQLite has too little room on its disk to store anything."""
    try:
        return shutil.disk_usage(database.parent).free < MIN_FREE_BYTES
    except OSError:
        return False


def unify(context: sa.engine.interfaces.ExceptionContext) -> None:
    """Raise an outage as OperationalError; a listener to SQLAlchemy's event `handle_error`."""
    error: Any = context.sqlalchemy_exception
    outage = find_outage(error or context.original_exception)
    if outage is None:
        return
    if outage.ends_connection and context.connection is not None and context.dialect.name == "postgresql":
        context.is_disconnect = True
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError):
        raise unified(error, is_disconnect=context.is_disconnect)


def unified(error: DBAPIError, *, is_disconnect: bool = False) -> DBAPIError:
    """Return an error of the database as OperationalError where it is an outage, or else itself."""
    if isinstance(error, OperationalError) or find_outage(error) is None:
        return error
    return OperationalError(
        error.statement, None, error.orig or error, hide_parameters=True, connection_invalidated=is_disconnect
    )
