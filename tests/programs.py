"""Runs the project's commands as programs, with only the given settings in their environment."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests import forked
from tests.forked import ForkedProgram
from verdicts import config

SETTINGS = {"SECRET_KEY": "s" * 32, "HASH_KEY": "h" * 32, "BASE_URL": "http://127.0.0.1:8000"}


def start(
    *arguments: str, instance: Path, output: int | IO[str] = subprocess.PIPE, **settings: str
) -> "subprocess.Popen[str]":
    """Start Python in the checkout, with only these settings in its environment."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=config.CHECKOUT,
        env={"PATH": os.environ["PATH"], "INSTANCE_PATH": str(instance), **settings},
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str, instance: Path, **settings: str) -> tuple[int, str]:
    """Do what `python -m module …` or `python -c code …` does, and return its exit status and its output."""
    with tempfile.TemporaryDirectory(prefix="verdicts-run-") as folder:
        environ = {"INSTANCE_PATH": str(instance), **settings}
        program = forked.call(forked.run_python, arguments, output=Path(folder) / "output", environ=environ)
        try:
            return program.wait(timeout=60), program.output.read_text()
        finally:
            program.kill()


def start_gunicorn(instance: Path, output: Path, **settings: str) -> ForkedProgram:
    """Serve a migrated database as operators do."""
    environ = {"INSTANCE_PATH": str(instance), **settings}
    return forked.call(forked.run_python, ("-m", "gunicorn", "wsgi:app"), output=output, environ=environ)


@dataclass(frozen=True)
class ServedProgram:
    """A serving command. Its output goes to a file: it would stop at a full pipe that nobody reads."""

    process: "subprocess.Popen[str]"
    port: int
    log: Path

    def stop(self, signal_number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, and return the exit status and the output."""
        self.process.send_signal(signal_number)
        return self.process.wait(timeout=30), self.log.read_text()


@contextmanager
def served(module: str, port: int, instance: Path, **settings: str) -> Iterator[ServedProgram]:
    """Run a serving command until the block ends. It accepts requests when the block begins."""
    log = instance.with_name(f"{instance.name}-{port}.log")
    with log.open("w") as output:
        process = start("-m", module, instance=instance, output=output, PORT=str(port), **settings)
    try:
        wait_until_serving(process, port, log, settings.get("HOST", "127.0.0.1").strip("[]"))
        yield ServedProgram(process, port, log)
    finally:
        process.kill()
        process.communicate(timeout=30)


def wait_until_serving(
    process: "subprocess.Popen[str] | ForkedProgram", port: int, log: Path, address: str = "127.0.0.1"
) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            get(port, "/livez", address=address)
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"it never answered: {log.read_text()}")


def get(port: int, path: str, host: str | None = None, address: str = "127.0.0.1") -> int:
    """Return the status of a GET over a new connection."""
    with closing(http.client.HTTPConnection(address, port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
