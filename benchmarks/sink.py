"""An SMTP server that accepts and discards everything, and delays each reply as a long way there would: commands that
are sent together are answered together.

As a program, `python -m benchmarks.sink LATENCY [--pipelining]` prints its port and serves until it is killed.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from verdicts import config

PIPELINING = "--pipelining"
END_OF_MESSAGE = b"\r\n.\r\n"
EXTENSIONS = [b"250-sink", b"250-SIZE 33554432", b"250-PIPELINING", b"250 SMTPUTF8"]
REPLIES = {b"DATA": b"354 go on", b"QUIT": b"221 goodbye"}


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self, latency: float, offers_pipelining: bool) -> None:
        self._latency = latency
        offered = [each for each in EXTENSIONS if offers_pipelining or b"PIPELINING" not in each]
        self._replies = REPLIES | {b"EHLO": b"\r\n".join(offered)}
        self._received = b""
        self._in_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._reply(b"220 sink")

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._process_next():
            pass

    def _process_next(self) -> bool:
        """Process one command, or a message to its final dot. Say whether one was complete."""
        received, end, rest = self._received.partition(END_OF_MESSAGE if self._in_message else b"\r\n")
        if not end:
            return False
        self._received = rest
        word = b"" if self._in_message else received[:4].upper()
        self._in_message = word == b"DATA"
        self._reply(self._replies.get(word, b"250 2.0.0 taken"))
        if word == b"QUIT":
            asyncio.get_running_loop().call_later(self._latency, self._transport.close)
        return True

    def _reply(self, words: bytes) -> None:
        asyncio.get_running_loop().call_later(self._latency, self._transport.write, words + b"\r\n")


@contextmanager
def sink(latency: float, *options: str) -> Iterator[int]:
    """Run a sink in another process, and yield the port it listens on."""
    command = [sys.executable, "-m", "benchmarks.sink", str(latency), *options]
    process = subprocess.Popen(command, cwd=config.CHECKOUT, stdout=subprocess.PIPE)
    try:
        yield int(cast(IO[bytes], process.stdout).readline())
    finally:
        process.kill()
        process.communicate()


async def serve(latency: float, *options: str) -> None:
    def connected() -> Sink:
        return Sink(latency, PIPELINING in options)

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    os.write(1, f"{server.sockets[0].getsockname()[1]}\n".encode())
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), *sys.argv[2:]))
