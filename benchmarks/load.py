"""A small load generator: keep-alive connections in one thread. Each sends its next request after an answer."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

END_OF_HEAD = b"\r\n\r\n"
LONGEST_WAIT = 30.0  # seconds
SECONDS_UNTIL_STEADY = 2.0
MOST_SENT_AT_ONCE = 50  # a generator that falls behind must still receive, or it connects anew for each request


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
        self.answered = False
        self._requests = requests
        self._port = port
        self._received = b""
        self._length: int | None = None
        self._prepared: bytes | None = None
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_open(self) -> bool:
        """Whether an idle connection is open: nothing comes over it, not even its end."""
        timeout = self.socket.gettimeout()
        self.socket.setblocking(False)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.socket.settimeout(timeout)
        return False

    @property
    def is_closing(self) -> bool:
        return b"connection: close" in self._head()

    @property
    def says_when_to_retry(self) -> bool:
        return b"\r\nretry-after: " in self._head()

    def _head(self) -> bytes:
        return self._received.partition(END_OF_HEAD)[0].lower()

    def prepare(self) -> None:
        """Build the next request while an answer is awaited: to sign a cookie takes a tenth of a vote."""
        self._prepared = next(self._requests)

    def send_next(self) -> None:
        self._received, self._length = b"", None
        request, self._prepared = self._prepared or next(self._requests), None
        self.socket.sendall(request)

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
                    if key.data.is_closing:  # as what an overloaded worker refuses
                        selector.unregister(key.data.socket)
                        key.data.socket.close()
                        key.data.connect()
                        selector.register(key.data.socket, selectors.EVENT_READ, key.data)
                    key.data.send_next()
                    key.data.prepare()
        elapsed = time.perf_counter() - started
        _drain(selector)
    return Load(answers, elapsed)


class OpenLoad:
    """Requests that are sent at a rate, however slowly they are answered, and what became of them.

    An answer counts if it comes within `patience` seconds. `steady_rate` leaves out the first seconds, in which a queue
    grows, and what came when no more requests were sent.
    """

    def __init__(self, port: int, requests: Iterator[bytes], patience: float) -> None:
        self.answers: Counter[int] = Counter()
        self._steady: Counter[int] = Counter()
        self.seconds = 0.0
        self.sent = self.late = self.lost = self.refused_without_retry = 0
        self._port = port
        self._requests = requests
        self._patience = patience
        self._idle: list[_Connection] = []
        self._sent_at: dict[_Connection, float] = {}
        self._selector = selectors.DefaultSelector()

    def run(self, rate: float, goes_on: Callable[[float], bool]) -> None:
        """Send so many requests a second, over as many connections as that takes, and then wait for all answers.

        `goes_on` says whether to send more, after so many seconds.
        """
        started = time.perf_counter()
        elapsed = 0.0
        while goes_on(elapsed):
            for _ in range(min(MOST_SENT_AT_ONCE, int(elapsed * rate) - self.sent)):
                self._send()
            self._receive_all(is_steady=elapsed > SECONDS_UNTIL_STEADY)
            elapsed = time.perf_counter() - started
        self.seconds = elapsed
        give_up = time.perf_counter() + LONGEST_WAIT
        while self._sent_at and time.perf_counter() < give_up:
            self._receive_all(is_steady=False)
        self.lost += len(self._sent_at)
        for connection in [*self._idle, *self._sent_at]:
            connection.socket.close()
        self._selector.close()

    def _receive_all(self, *, is_steady: bool) -> None:
        for key, _ in self._selector.select(timeout=0.002):
            self._receive(key.data, is_steady=is_steady)

    def steady_rate(self, *statuses: int) -> float:
        """Return the answers with one of these statuses per second."""
        return sum(self._steady[status] for status in statuses) / (self.seconds - SECONDS_UNTIL_STEADY)

    def _connection(self) -> _Connection:
        """Return a connection that is open: the server may have closed one that was idle."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
            connection.socket.close()
        return _Connection(self._port, self._requests, self.answers)

    def _send(self) -> None:
        self.sent += 1
        try:
            connection = self._connection()
            connection.send_next()
        except OSError:
            self.lost += 1
            return
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._sent_at[connection] = time.perf_counter()

    def _receive(self, connection: _Connection, *, is_steady: bool) -> None:
        try:
            status = connection.receive()
        except OSError:
            status = 0
        if status is None:
            return
        self._selector.unregister(connection.socket)
        is_late = time.perf_counter() - self._sent_at.pop(connection) > self._patience
        if not status or connection.is_closing:
            connection.socket.close()
        else:
            connection.answered = True
            self._idle.append(connection)
        if not status and connection.answered:
            self.sent -= 1  # the server has closed an idle connection meanwhile: browsers send again, and so does this
        elif not status:
            self.lost += 1
        elif is_late:
            self.late += 1
        else:
            self.answers[status] += 1
            self._steady[status] += is_steady
            self.refused_without_retry += status == 503 and not connection.says_when_to_retry


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
        connection.prepare()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    return 0
