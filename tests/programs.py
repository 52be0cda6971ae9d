"""Runs the project's commands as programs, with only the given settings in their environment."""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests import forked
from tests.forked import Program

SETTINGS = {"SECRET_KEY": "s" * 32, "HASH_KEY": "h" * 32, "BASE_URL": "http://127.0.0.1:8000"}


def start(*arguments: str, instance: Path, **settings: str) -> Program:
    """Do what `python -m module …` or `python -c code …` does in the checkout, with these settings alone."""
    return forked.call(forked.run_python, arguments, environ={"INSTANCE_PATH": str(instance), **settings})


def run(*arguments: str, instance: Path, seconds: float = 60, **settings: str) -> tuple[int, str]:
    """Run a program as `start` does, so many seconds at most, and return its exit status and its output."""
    program = start(*arguments, instance=instance, **settings)
    try:
        return program.wait(timeout=seconds), program.printed
    finally:
        program.kill()


@contextmanager
def served(*arguments: str, port: int, instance: Path, **settings: str) -> Iterator[Program]:
    """Run a serving command until the block ends. It accepts requests when the block begins."""
    program = start(*arguments, instance=instance, PORT=str(port), **settings)
    try:
        wait_until_serving(program, port, settings.get("HOST", "127.0.0.1").strip("[]"))
        yield program
    finally:
        program.kill()
        program.wait(timeout=30)


def wait_until_serving(program: Program, port: int, address: str = "127.0.0.1") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and program.poll() is None:
        try:
            get(port, "/livez", address=address)
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"it never answered: {program.printed}")


def get(port: int, path: str, host: str | None = None, address: str = "127.0.0.1") -> int:
    """Return the status of a GET over a new connection."""
    with closing(http.client.HTTPConnection(address, port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
