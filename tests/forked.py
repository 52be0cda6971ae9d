"""Programs forked from a process that has imported everything already, which takes longer than what most of them do.

As a program that a shell starts, each is a process of its own, with nothing but the given settings in its environment.
What a program itself starts, such as the gunicorn of `make serve`, is Python from its beginning.
"""

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tests.apps import temporary_folder
from verdicts import config

_numbers = count()
_context = get_context("forkserver")
_context.set_forkserver_preload(["gunicorn.app.wsgiapp", "verdicts.web.worker", "verdicts", "tests.digest.sender"])


@dataclass(frozen=True)
class Program:
    """A running program, with the methods of subprocess.Popen that the tests use. Its output goes to a file."""

    process: ForkServerProcess
    output: Path

    @property
    def printed(self) -> str:
        return self.output.read_text()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float) -> int:
        """Return the exit status, as subprocess does: negative for a signal. Raise TimeoutExpired."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout)
        return self.process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, and return the exit status and the output."""
        self.send_signal(number)
        return self.wait(timeout=30), self.printed

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def call(function: Callable[..., None], *arguments: Any, environ: Mapping[str, str]) -> Program:
    """Call a function in a new process, which leads a process group of its own."""
    umask = os.umask(0)
    os.umask(umask)
    output = _outputs() / f"{next(_numbers)}.txt"
    output.touch()
    process = _context.Process(target=_call, args=(function, arguments, output, dict(environ), umask), daemon=True)
    process.start()
    return Program(process, output)


@cache
def _outputs() -> Path:
    return temporary_folder("outputs")


def run_python(arguments: tuple[str, ...]) -> None:
    """Do what `python -m module …` or `python -c code …` does."""
    switch, program, *rest = arguments
    sys.argv = [program, *rest]
    if switch == "-c":
        exec(program, {"__name__": "__main__"})  # noqa: S102  # a test's own code
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)


def _call(
    function: Callable[..., None], arguments: tuple[Any, ...], output: Path, environ: dict[str, str], umask: int
) -> None:
    os.setsid()
    os.umask(umask)
    with output.open("wb") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    path = os.environ["PATH"]
    os.environ.clear()
    os.environ.update({"PATH": path, **environ})
    os.chdir(config.CHECKOUT)
    function(*arguments)
