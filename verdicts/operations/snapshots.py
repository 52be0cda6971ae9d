"""A database as a file, and back: SQLite by its own online backup, PostgreSQL by pg_dump and psql.

Both are consistent while the site writes, and both replace what is there in one transaction: the site may be running.
"""

import os
import secrets
import shutil
import subprocess  # nosec B404  # PostgreSQL's own programs
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

import sqlalchemy as sa

from verdicts.engines import configure_engine, engine_options, sqlite_driver
from verdicts.operations.archive import CHUNK, ArchiveWriter

NAMES = {"sqlite": "database.sqlite3", "postgresql": "database.sql"}
# What PostgreSQL's programs need not wait for longer than, while the site works.
LOCK_TIMEOUT = "120s"

# pg_dump 17 begins with this whatever the server's version is, and servers before 17 refuse it.
NOT_OF_OLDER_SERVERS = b"SET transaction_timeout = 0;\n"
HEAD_BYTES = 4096  # of a dump: its settings come first
# A dump has no statistics. Until the server gathered them by itself, lists of 50,000 tools took seconds.
ANALYZE = b"\nANALYZE;\n"

# A dump replaces everything: what it does not know of belongs to a newer version.
DROP_EVERYTHING = """
SET lock_timeout = '120s';
SET client_min_messages = warning;
DO $$
DECLARE found record;
BEGIN
  FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE %I CASCADE', found.tablename);
  END LOOP;
  FOR found IN
    SELECT p.oid::regprocedure AS signature FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('DROP FUNCTION %s CASCADE', found.signature);
  END LOOP;
END $$;
"""


class SnapshotFailed(Exception):
    """A database could not be written to a file or read from one; the message has the program's words."""


def kind_of(database_url: str) -> str:
    return sa.make_url(database_url).get_backend_name()


def write(database_url: str, archive: ArchiveWriter, scratch: Path) -> tuple[dict[str, int], str]:
    """Add the database to a backup as it is at one moment. Return the rows of each table, and its migration."""
    if kind_of(database_url) == "sqlite":
        return _write_sqlite(_path_of(database_url), archive, scratch)
    return _write_postgresql(database_url, archive)


def load(database_url: str, file: Path) -> None:
    """Replace all that a database holds by what a file holds, in one transaction."""
    if kind_of(database_url) == "sqlite":
        path = _path_of(database_url)
        path.parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(file, path)
    else:
        with file.open("rb") as script:
            _run_psql(database_url, script)


def describe(database_url: str) -> tuple[dict[str, int], str]:
    """Return the rows of each table, and the migration that the database is at ("" without tables)."""
    engine = engine_for(database_url)
    try:
        with engine.connect() as connection:
            return _describe(connection)
    finally:
        engine.dispose()


@contextmanager
def scratch_database(database_url: str, scratch: Path) -> Iterator[str]:
    """Yield the URL of an empty database beside this one, which is dropped afterwards."""
    if kind_of(database_url) == "sqlite":
        yield f"sqlite:///{scratch / 'scratch.sqlite3'}"
        return
    url, name = sa.make_url(database_url), f"verdicts_scratch_{secrets.token_hex(6)}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            try:
                connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
            except sa.exc.DBAPIError as error:
                raise SnapshotFailed(f"No scratch database could be created: {_first_line(str(error.orig))}") from None
            try:
                yield url.set(database=name).render_as_string(hide_password=False)
            finally:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        engine.dispose()


def _write_sqlite(path: Path, archive: ArchiveWriter, scratch: Path) -> tuple[dict[str, int], str]:
    copy = scratch / "copy.sqlite3"
    _copy_sqlite(path, copy)
    try:
        archive.add(NAMES["sqlite"], copy)
        return describe(f"sqlite:///{copy}")
    finally:
        for file in scratch.glob(f"{copy.name}*"):
            file.unlink()


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy one database over another. Both may be in use; it waits for who writes to the target."""
    driver = sqlite_driver()
    try:
        with (
            closing(driver.connect(f"file:{source}?mode=ro", uri=True)) as reading,
            closing(driver.connect(target)) as writing,
        ):
            reading.backup(writing)
    except driver.Error as error:
        raise SnapshotFailed(f"{source} could not be copied to {target}: {error}") from None


def _write_postgresql(database_url: str, archive: ArchiveWriter) -> tuple[dict[str, int], str]:
    engine = engine_for(database_url)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # while pg_dump works
            moment = connection.scalar(sa.select(sa.func.pg_export_snapshot()))
            with archive.open(NAMES["postgresql"]) as target:
                _run_pg_dump(database_url, str(moment), cast("IO[bytes]", target))
            return _describe(connection)
    finally:
        engine.dispose()


def _run_pg_dump(database_url: str, moment: str, target: IO[bytes]) -> None:
    options = ("--no-owner", "--no-privileges", f"--snapshot={moment}", f"--lock-wait-timeout={LOCK_TIMEOUT}")
    with _started("pg_dump", database_url, *options) as process:
        shutil.copyfileobj(cast("IO[bytes]", process.stdout), target, CHUNK)


def _run_psql(database_url: str, script: IO[bytes]) -> None:
    options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    with _started("psql", database_url, *options) as process, suppress(BrokenPipeError):  # it ends early, and says why
        commands = cast("IO[bytes]", process.stdin)
        with commands:
            commands.write(DROP_EVERYTHING.encode())
            commands.write(script.read(HEAD_BYTES).replace(NOT_OF_OLDER_SERVERS, b"", 1))
            shutil.copyfileobj(script, commands, CHUNK)
            commands.write(ANALYZE)


@contextmanager
def _started(program: str, database_url: str, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one of PostgreSQL's programs on a database. Raises SnapshotFailed with its words where it fails."""
    path = shutil.which(program)
    if path is None:
        raise SnapshotFailed(f"{program} is not installed. It comes with PostgreSQL's client (postgresql-client).")
    url = sa.make_url(database_url)
    address = url.set(drivername="postgresql", password=None).render_as_string()
    environ = {**os.environ, "PGPASSWORD": url.password or "", "PGCONNECT_TIMEOUT": "10"}
    command = [path, "--no-password", *options, f"--dbname={address}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with TemporaryFile() as words:
        process = subprocess.Popen(command, env=environ, stderr=words, **pipes)  # type: ignore[call-overload]  # noqa: S603  # nosec B603
        with process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
        words.seek(0)
        reason = _first_line(words.read(10_000).decode(errors="replace"))
    if process.returncode:
        raise SnapshotFailed(f"{program} failed: {reason}")


def _describe(connection: sa.Connection) -> tuple[dict[str, int], str]:
    names = sorted(sa.inspect(connection).get_table_names())
    counts = {name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0 for name in names}
    if "alembic_version" not in counts:
        return counts, ""
    return counts, connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table("alembic_version"))) or ""


def engine_for(database_url: str) -> sa.Engine:
    engine = sa.create_engine(database_url, **engine_options(database_url))
    configure_engine(engine)
    return engine


def _path_of(database_url: str) -> Path:
    return Path(sa.make_url(database_url).database or "")


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "no reason was given")
