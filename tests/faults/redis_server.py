"""A throw-away Redis, which may stop or hang."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.serving import wait_until
from tests.postgres import free_port


class Redis:
    """A throw-away Redis on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.socket_url = f"unix://{folder / 'redis.sock'}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self) -> None:
        self.stop()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        options += ["--unixsocket", str(self._folder / "redis.sock")]
        self._process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        wait_until(self._answers, 10)

    def hang(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(timeout=10)

    def _answers(self) -> bool:
        command = ["redis-cli", "-p", str(self.port), "ping"]
        return subprocess.run(command, capture_output=True, check=False).stdout == b"PONG\n"


@contextmanager
def redis_server() -> Iterator[Redis]:
    """Yield a server that is not started yet, and stop it when the block ends."""
    with tempfile.TemporaryDirectory(prefix="verdicts-redis-") as folder:
        server = Redis(Path(folder))
        try:
            yield server
        finally:
            server.stop()
