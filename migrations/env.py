"""Runs migrations on the application's own engine, one transaction for all of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import context

import verdicts.catalog.models
import verdicts.comparisons.models
import verdicts.curation.transfer.models
import verdicts.digest.models
import verdicts.feedback.models
import verdicts.mailing.models
import verdicts.newsletter.models
import verdicts.operations.models
import verdicts.staff.models
import verdicts.traffic.models
import verdicts.voting.models  # noqa: F401  # each brings its tables into Base.metadata
from verdicts import outages
from verdicts.engines import gather_statistics
from verdicts.extensions import Base, db

# Whoever waits for a table keeps all who come later from it, so the wait is short, and all is tried again.
LOCK_TIMEOUT = "1s"
PAUSE_SECONDS = 1.0
MAX_TRIES = 60
# Full-text tables are written by hand, differently for each database: comparing them would only confuse.
BY_HAND = "tool_search"


def belongs_to_the_models(name: str | None, kind: str, parents: object) -> bool:
    return kind != "table" or not (name or "").startswith(BY_HAND)


def run(connection: sa.Connection) -> None:
    applied: list[dict[str, Any]] = []
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_name=belongs_to_the_models,
        transactional_ddl=True,
        on_version_apply=lambda **version: applied.append(version),
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # The limit that protects pages would end a migration of a large table.
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            refuse_to_leave_orphans(connection)
        if applied:
            gather_statistics(connection)


def refuse_to_leave_orphans(connection: sa.Connection) -> None:
    if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise RuntimeError(f"The migration would leave rows that refer to nothing: {orphans[:3]}")


@contextmanager
def without_foreign_keys(connection: sa.Connection) -> Iterator[None]:
    """Let a migration of SQLite make a table anew: dropping the old one would delete what refers to it.

    It can only be said between transactions. PostgreSQL changes tables where they are.
    """
    driver = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
    if driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database only; writing them out as SQL is not supported.")


for tries_left in reversed(range(MAX_TRIES)):
    connecting = db.engine.connect().execution_options(sqlite_begin="IMMEDIATE")
    try:
        with connecting as connection, without_foreign_keys(connection):
            run(connection)
        break
    except sa.exc.OperationalError as error:
        if not tries_left or outages.find_outage(error) is not outages.BUSY:
            raise
        time.sleep(PAUSE_SECONDS)
