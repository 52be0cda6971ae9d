"""A small load generator: keep-alive connections in one thread. Each sends its next request after an answer."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

END_OF_HEAD = b"\r\n\r\n"
LONGEST_WAIT = 30.0  # seconds


@dataclass(frozen=True)
class Load:
    """The result of one round: answers by status, and its duration."""

    answers: Counter[int]
    seconds: float

    def rate(self, status: int) -> float:
        """Return the answers with this status per second."""
        return self.answers[status] / self.seconds

    def failure_share(self, status: int) -> float:
        return 1 - self.answers[status] / max(1, self.answers.total())


@dataclass(frozen=True)
class Clients:
    """Connections that send these requests."""

    requests: Iterator[bytes]
    connections: int


class _Connection:
    def __init__(self, port: int, requests: Iterator[bytes], answers: Counter[int]) -> None:
        self.answers = answers
        self._requests = requests
        self._port = port
        self._received = b""
        self._length: int | None = None
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send_next(self) -> None:
        self._received, self._length = b"", None
        self.socket.sendall(next(self._requests))

    def receive(self) -> int | None:
        """Read what has arrived. Return the status when the answer is complete."""
        chunk = self.socket.recv(262144)
        if not chunk:
            raise ConnectionError("cut off")
        self._received += chunk
        if self._length is None:
            head, end, _ = self._received.partition(END_OF_HEAD)
            if not end:
                return None
            self._length = len(head) + len(end) + _content_length(head)
        return int(self._received[9:12]) if len(self._received) >= self._length else None


def run(port: int, clients: Clients, seconds: float, background: Clients | None = None) -> Load:
    """Let clients send requests, and count the answers. Other clients may send theirs in the background.

    A round on a machine that is too busy to answer at all lasts until the first answer, so that no rate is zero.
    """
    answers: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:
        _start(selector, port, clients, answers)
        if background:
            _start(selector, port, background, Counter())
        started = time.perf_counter()
        deadline = started + seconds
        while (now := time.perf_counter()) < deadline or (not answers and now < started + LONGEST_WAIT):
            for key, _ in selector.select(timeout=1):
                if status := key.data.receive():
                    key.data.answers[status] += 1
                    key.data.send_next()
        elapsed = time.perf_counter() - started
        _drain(selector)
    return Load(answers, elapsed)


def _drain(selector: selectors.BaseSelector) -> None:
    """Wait for the answers that are still to come: what nobody waits for would take the next round's places."""
    deadline = time.perf_counter() + LONGEST_WAIT
    while selector.get_map() and time.perf_counter() < deadline:
        for key, _ in selector.select(timeout=1):
            if key.data.receive():
                selector.unregister(key.fileobj)
                key.data.socket.close()
    for key in list(selector.get_map().values()):
        key.data.socket.close()


def _start(selector: selectors.BaseSelector, port: int, clients: Clients, answers: Counter[int]) -> None:
    for _ in range(clients.connections):
        connection = _Connection(port, clients.requests, answers)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send_next()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    return 0
