"""A throw-away PostgreSQL server for tests: as user postgres where the tests run as root, which initdb refuses."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

FAST_AND_FORGETFUL = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=120"


def server_programs() -> Path | None:
    """Return the folder that holds initdb and pg_ctl, or None where PostgreSQL's server is not installed."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


class PostgresServer:
    """A server on a free port of the loopback address; entering starts it, leaving removes every trace."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="verdicts-pg-"))
        self._port = free_port()

    def __enter__(self) -> "PostgresServer":
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "verdicts", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if (self._folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://verdicts@127.0.0.1:{self._port}/{name}"

    def create(self, name: str) -> str:
        """Create an empty database and return its address."""
        self._execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    @contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """Create a copy of a database, yield its address, and drop it afterwards."""
        name = f"t{uuid.uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield self.url(name)
        finally:
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder} {FAST_AND_FORGETFUL}"
        log, data = self._folder / "log", self._folder / "data"
        self._run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
