"""A temporary PostgreSQL server for tests, as user postgres where the tests run as root: initdb refuses root."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

FAST_BUT_NOT_DURABLE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=120"
SURVIVES_A_KILL = "-c synchronous_commit=on"  # of its processes, not of the machine
NO_STATISTICS_BY_ITSELF = "-c autovacuum=off"  # they would come at any moment, and change the plans of some tests
MOST_GROWTH = 2_000_000  # bytes of rows, most of them deleted, that a database may hold and be used again

# Idle connections hold no locks, and the next test can use them: a new connection takes milliseconds.
END_BUSY_CONNECTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
RESTART_SEQUENCES = """
    SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
    WHERE last_value IS NOT NULL
"""
SIZE_AND_STATISTICS = """
    SELECT pg_database_size(current_database()), EXISTS (
        SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples > 0
    )
"""


def server_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, or None where PostgreSQL's server is not installed."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


class PostgresServer:
    """A server on a free port of the loopback address. Entering it starts the server, leaving it removes all files."""

    def __init__(self, programs: Path, options: str = "", folder: Path | None = None) -> None:
        self._programs = programs
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="verdicts-pg-", dir=folder))
        self._port = free_port()
        self._idle: list[str] = []
        self._pristine: dict[str, list[tuple[Any, ...]]] = {}
        self._pristine_size = 0
        self._connections: dict[str, psycopg.Connection[tuple[Any, ...]]] = {}

    def __enter__(self) -> "PostgresServer":
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "verdicts", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for connection in self._connections.values():
            connection.close()
        if (self._folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://verdicts@127.0.0.1:{self._port}/{name}"

    def create(self, name: str) -> str:
        """Create an empty database and return its URL."""
        self.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    @contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """Create a copy of a database, yield its URL, and drop it afterwards."""
        name = self._copy(template)
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def pooled(self, template: str) -> Iterator[str]:
        """Yield the URL of a database with the template's content. Other tests may have used it.

        Resetting a database takes a tenth of the time of creating one. A database that cannot be reset, because a test
        changed more than its rows, is dropped. So is one that has grown, as deleted rows keep their space, and one with
        statistics, as they describe rows that are gone. Both would give later tests bad plans.
        """
        name = self._idle.pop() if self._idle else self._new_pooled(template)
        try:
            yield self.url(name)
        finally:
            if self._reset(name):
                self._idle.append(name)
            else:
                self._connections.pop(name).close()
                self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _copy(self, template: str) -> str:
        name = f"t{uuid.uuid4().hex}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def _new_pooled(self, template: str) -> str:
        name = self._copy(template)
        connection = self._connections[name] = self._connect(name)
        with connection.transaction():
            connection.execute("SET session_replication_role = replica")  # deletes rows in any order, without triggers
            if not self._pristine:
                self._pristine = {table: _rows_of(connection, table) for table in _tables(connection)}
                self._pristine_size, _ = _size_and_statistics(connection)
        return name

    def _reset(self, name: str) -> bool:
        """Restore the rows that the database had at first. Return whether it can be used again."""
        connection = self._connections[name]
        try:
            with connection.transaction():
                connection.execute(END_BUSY_CONNECTIONS)
                size, has_statistics = _size_and_statistics(connection)
                if has_statistics or size > self._pristine_size + MOST_GROWTH:
                    return False
                if _tables(connection) != list(self._pristine):
                    return False
                for (table,) in connection.execute(_tables_with_rows(tuple(self._pristine))):
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                for table, rows in self._pristine.items():
                    for row in rows:
                        connection.execute(_insert(table, len(row)), row)
                connection.execute(RESTART_SEQUENCES)
        except psycopg.Error:
            return False
        return True

    def _connect(self, name: str) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(self.url(name).replace("+psycopg", ""))

    def start(self) -> None:
        address = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder}"
        options = f"{address} {FAST_BUT_NOT_DURABLE} {NO_STATISTICS_BY_ITSELF} {self._options}"
        log, data = self._folder / "log", self._folder / "data"
        self._run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-o", options, "start")

    @property
    def pid(self) -> int:
        """The process id of the server's main process, or of the last one."""
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")

    def execute(self, statement: str) -> None:
        """Execute a statement of the whole server's."""
        with self._connect("postgres") as connection:
            connection.autocommit = True
            connection.execute(statement)  # type: ignore[call-overload]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")


def _tables(connection: "psycopg.Connection[tuple[Any, ...]]") -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    return [name for (name,) in connection.execute(query)]


@cache
def _insert(table: str, columns: int) -> bytes:
    values = sql.SQL(", ").join(sql.Placeholder() * columns)
    return sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(table), values).as_bytes()


@cache
def _tables_with_rows(tables: tuple[str, ...]) -> bytes:
    """Return a query for the names of those tables that hold rows. To put it together takes longer than its answer."""
    query = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    queries = [query.format(sql.Literal(table), sql.Identifier(table)) for table in tables]
    return sql.SQL(" UNION ALL ").join(queries).as_bytes()


def _size_and_statistics(connection: "psycopg.Connection[tuple[Any, ...]]") -> tuple[int, bool]:
    """Return a database's size in bytes, and whether its tables were ever analysed."""
    [(size, has_statistics)] = connection.execute(SIZE_AND_STATISTICS)
    return size, has_statistics


def _rows_of(connection: "psycopg.Connection[tuple[Any, ...]]", table: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
