"""gunicorn's worker, so that slow clients occupy none of its threads.

gunicorn's own gives a thread to each connection at once: a thread waits for the rest of a head or a body for as long
as the client likes, and the main loop, which serves everybody, waits two seconds for each client that does not close.
"""

import errno
import os
import selectors
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.workers.gthread import PollableMethodQueue, ThreadWorker

from verdicts.config import Settings
from verdicts.threads import LastIdleFirst
from verdicts.web import main_loop, metric_counts, unreadable
from verdicts.web.arrivals import Arrival
from verdicts.web.bodies import BoundedSocket
from verdicts.web.packets import SentBeforeClosed, hold_back

MAX_ARRIVING_BYTES = 32 * 1024 * 1024
MAX_QUEUE_SECONDS = 1.0  # that pages wait for which no thread is left; while they do, further ones are refused
LINGER_SECONDS = 2.0
CLOSED_AT_ONCE = 20  # of connections that linger, where a worker has no room for others
STOP_SECONDS = 1.0  # what has not come by then is not waited for when a worker stops
SEND_SECONDS = 10  # without a byte taken
SEND_BUFFER_BYTES = 400 * 1024  # a page fits, so that its thread need not wait for a slow reader
SECONDS_BETWEEN_LOOKS = 0.02  # at what has not come or gone in time
QUICK_SECONDS = 0.1  # who renders a page for longer waits for something, and others go on meanwhile
SECONDS_BETWEEN_NOTICES = 1.0  # to gunicorn that a worker lives: each is a system call, and it allows for `timeout`
RECEIVE_BYTES = 64 * 1024
THREAD_NICENESS = 12  # above the main loop's
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _QueueUntilExit(PollableMethodQueue):  # type: ignore[misc]
    """What threads tell the main loop, through a pipe that stays open until the process ends.

    A thread that is busy for longer than a worker that stops waits for it would write to what was opened since under
    the pipe's number: the database, where the last page views are stored.
    """

    def close(self) -> None:
        pass


class BufferingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A threaded worker whose main loop collects requests, and gives a thread only to those that have come.

    A body larger than a form goes to its view at once, which may refuse it unread. Where the view reads it, at most
    half of the threads wait for such bodies.

    A page that is kept in memory needs no thread: the main loop answers it.

    What is more than the threads can answer soon is refused by the main loop: rendering a refusal takes a third of the
    time of a vote, so under five times more load than it carries a site would do little else.

    Pages are rendered one after the other, or as many at once as `quick_readers` where no more forms are seen to. None
    waits for those that take long.
    """

    wsgi: Any  # the site, as gunicorn's threads call it
    max_writing: int  # forms that may be handed over at once; gunicorn.conf.py says how many
    max_reading: int  # and of what else
    quick_readers: int  # of these, that may be rendered at once for less than QUICK_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method_queue = _QueueUntilExit()
        self._arriving: dict[Any, Arrival] = {}
        self._lingering: dict[Any, float] = {}
        self._sending: dict[Any, float] = {}  # until when their clients must take more of a response of the main loop
        self._idle: dict[Any, float] = {}  # until when connections that had one are kept, whoever waits longest first
        self._looked_at = self._notified_at = float("-inf")
        self._queued: deque[tuple[float, Any, Arrival]] = deque()  # what waits to be handed over, and since when
        self._writing: set[Any] = set()  # connections whose form has been handed over
        self._reading: dict[Any, float] = {}  # when requests for pages were handed over, by their connections
        self._slots = threading.BoundedSemaphore(max(1, self.cfg.threads // 2))
        self._max_arriving = self.cfg.worker_connections // 2  # beyond it, who has waited longest is dropped
        self._max_idle: int = self.max_keepalived

    def get_thread_pool(self) -> Executor:
        """Return threads that leave the processor to the main loops: who reads a kept page does not wait for votes."""
        return LastIdleFirst(self.cfg.threads, initializer=_give_way)

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = SentBeforeClosed(self.wsgi)

    def run(self) -> None:
        """Serve until this worker is to stop, and then until its threads have ended what they do."""
        super().run()
        self.tpool.shutdown()

    def notify(self) -> None:
        """Tell gunicorn that this worker lives."""
        now = time.monotonic()
        if now - self._notified_at >= SECONDS_BETWEEN_NOTICES:
            self._notified_at = now
            super().notify()

    def accept(self, listener: Any) -> None:
        try:
            super().accept(listener)
        except OSError as error:  # out of files: those that are open must still be served
            if error.errno not in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}:
                raise

    def enqueue_req(self, conn: Any) -> None:
        """Collect the first request over a connection."""
        _bound_sending(conn.sock)
        self._watch(conn)
        self._begin(conn)
        self._receive(conn)

    def _watch(self, conn: Any) -> None:
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._receive, conn))

    def _begin(self, conn: Any) -> None:
        arrival = self._arriving[conn] = Arrival(time.monotonic())
        if conn.parser:  # it may have read more than the last request
            arrival.add(conn.parser.unreader.take_buffered(), time.monotonic())

    def _receive(self, conn: Any, _socket: Any = None) -> None:
        if self._idle.pop(conn, None):
            self._begin(conn)
        arrival = self._arriving[conn]
        if not arrival.is_ready:
            try:
                data = conn.sock.recv(RECEIVE_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                data = b""
            if not data:
                self._forget(conn)
                self._close(conn)
                return
            arrival.add(data, time.monotonic())
        if arrival.is_expecting:
            arrival.is_expecting = False
            _send_at_once(conn.sock, CONTINUE)
        if arrival.is_ready:
            self._hand_over(conn)

    def _hand_over(self, conn: Any) -> None:
        arrival = self._arriving[conn]
        closes = len(self._idle) >= self._max_idle
        if self.alive and (response := main_loop.respond(arrival, conn, self.cfg, self.app.wsgi(), closes=closes)):
            del self._arriving[conn]
            self._send(conn, response, closes)
            return
        if self._is_overloaded(arrival):
            if self.alive and arrival.may_go_on:
                self._refuse_and_keep(conn)
            else:
                self._refuse(conn, HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._forget(conn)
        if arrival.is_form:
            self._writing.add(conn)
            self._submit(conn, arrival)
        elif arrival.is_probe:
            self._submit(conn, arrival)
        else:
            self._queued.append((time.monotonic(), conn, arrival))
            self._read_queued()

    def _read_queued(self) -> None:
        """Hand over the pages that have waited longest.

        Threads that render at once take Python's lock from each other: eight of them took a sixth longer for each page
        than one after the other. They take it from votes too, which give it up at every statement: beside three that
        render, half as many are cast as beside one.
        """
        if not self._queued:
            return
        now = time.monotonic()
        quick = sum(now - began < QUICK_SECONDS for began in self._reading.values())
        # Fewer forms may only wait for a lock of the database, and take none from pages.
        at_once = 1 if len(self._writing) > self.quick_readers else self.quick_readers
        while self._queued and quick < at_once and len(self._reading) < self.max_reading:
            _, conn, arrival = self._queued.popleft()
            self._reading[conn] = now
            self._submit(conn, arrival)
            quick += 1

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for what comes, no longer than until another page may be handed over."""
        super().wait_for_and_dispatch_events(min(timeout, QUICK_SECONDS) if self._queued else timeout)
        self._read_queued()

    def _submit(self, conn: Any, arrival: Arrival) -> None:
        conn.data_ready = True
        conn.init()
        conn.parser.unreader.unread(bytes(arrival.data))
        conn.parser.unreader.sock = BoundedSocket(conn.sock, arrival.deadline, self._slots)
        self.max_keepalived = self._max_idle - len(self._idle)  # where none is left, gunicorn says that it closes
        super().enqueue_req(conn)

    def _is_overloaded(self, arrival: Arrival) -> bool:
        """Say whether this request would wait too long: for its turn to write, or for a thread."""
        if arrival.is_form:
            return len(self._writing) >= self.max_writing
        threads_left = self.max_reading - len(self._reading)
        if arrival.is_probe or len(self._queued) <= threads_left:
            return False
        return time.monotonic() - self._queued[threads_left][0] > MAX_QUEUE_SECONDS

    def handle(self, conn: Any) -> Any:
        hold_back(conn.sock, True)
        try:
            return super().handle(conn)
        finally:
            hold_back(conn.sock, False)
            conn.parser.unreader.sock.release()

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Keep a connection only where the rest of its body is here: gunicorn would have the thread wait for it."""
        conn.parser.unreader.sock.release()
        return bool(super()._keepalive_after(conn, keepalive))

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer a request that cannot be read, with our headers, and log it without its client's address."""
        unreadable.log(exc)
        client.setblocking(False)
        _send_at_once(client, self._answer_unread(unreadable.status_of(exc)))

    def _answer_unread(self, status: HTTPStatus, *, closes: bool = True) -> bytes:
        site = self.app.wsgi()
        settings: Settings = site.config["SETTINGS"]
        if counts := metric_counts.counts_of(site):
            counts.count_unread(status)
        return unreadable.render(status, is_https=settings.is_https, closes=closes)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Await the next request over a connection, or close it without waiting for its client in the main loop."""
        self._writing.discard(conn)
        self._reading.pop(conn, None)
        self._read_queued()
        is_kept = not fs.cancelled() and not fs.exception() and fs.result()
        if not is_kept:
            self._linger(conn)
            return
        self._watch(conn)
        self._idle[conn] = time.monotonic() + self.cfg.keepalive
        if conn.parser.unreader.buf.getvalue():  # the next request has come with the last one
            self._receive(conn)

    def murder_pending(self) -> None:
        """Answer what did not arrive in time with 408, and close what has lingered."""
        super().murder_pending()
        now = time.monotonic()
        is_full = self.nr_conns >= self.worker_connections
        if not is_full and now - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = now
        if is_full:  # nobody is accepted, and the main loop may sleep for a second before it looks again
            self._make_room()
        self._drop_oldest()
        if not self.alive:
            self._wait_no_longer_than(now + STOP_SECONDS)
        for conn in _overdue(self._sending, now):
            self._end_sending(conn)
        for conn in _overdue(self._idle, now):
            self._end_idleness(conn)
        for conn in [conn for conn, arrival in self._arriving.items() if arrival.deadline <= now]:
            self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT)
        for conn in _overdue(self._lingering, now):
            self._end_lingering(conn)

    def _wait_no_longer_than(self, deadline: float) -> None:
        """Shorten the time that requests have to come."""
        for arrival in self._arriving.values():
            arrival.deadline = min(arrival.deadline, deadline)
        self._idle = {conn: min(until, deadline) for conn, until in self._idle.items()}

    def _refuse(self, conn: Any, status: HTTPStatus) -> None:
        arrival = self._forget(conn)
        if arrival.data:
            _send_at_once(conn.sock, self._answer_unread(status))
        self._linger(conn)

    def _refuse_and_keep(self, conn: Any) -> None:
        """Refuse a request, and wait for the next one: to connect anew costs proxy and site more than the refusal."""
        del self._arriving[conn]  # the new one is the last that is dropped
        self._arriving[conn] = Arrival(time.monotonic())
        _send_at_once(conn.sock, self._answer_unread(HTTPStatus.SERVICE_UNAVAILABLE, closes=False))

    def _send(self, conn: Any, parts: Sequence[bytes | memoryview], closes: bool, _socket: Any = None) -> None:
        """Send a response of the main loop, what its client does not take yet as it takes it; then await a request.

        Where it says that the connection closes after it, none is awaited.
        """
        try:
            sent = conn.sock.sendmsg(parts)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._end_sending(conn)
            return
        now = time.monotonic()
        if rest := main_loop.rest_of(parts, sent):
            self._sending[conn] = now + SEND_SECONDS
            self.poller.modify(conn.sock, selectors.EVENT_WRITE, partial(self._send, conn, rest, closes))
            return
        if self._sending.pop(conn, None):
            self.poller.modify(conn.sock, selectors.EVENT_READ, partial(self._receive, conn))
        self._idle[conn] = now + self.cfg.keepalive
        if closes:
            self._end_idleness(conn)

    def _end_sending(self, conn: Any) -> None:
        self._sending.pop(conn, None)
        self.poller.unregister(conn.sock)
        self._close(conn)

    def _end_idleness(self, conn: Any) -> None:
        del self._idle[conn]
        self.poller.unregister(conn.sock)
        self._linger(conn)

    def _linger(self, conn: Any) -> None:
        """Close a connection so that its client reads the whole response first (RFC 9112, section 9.6)."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):
            self._close(conn)
            return
        self._lingering[conn] = time.monotonic() + LINGER_SECONDS

    def _drain(self, conn: Any, _socket: Any) -> None:
        try:
            is_open = bool(conn.sock.recv(RECEIVE_BYTES))
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            is_open = False
        if not is_open:
            self._end_lingering(conn)

    def _end_lingering(self, conn: Any) -> None:
        del self._lingering[conn]
        self.poller.unregister(conn.sock)
        self._close(conn)

    def _make_room(self) -> None:
        """Close at once what lingers for longest: others wait to be accepted."""
        for conn in list(self._lingering)[:CLOSED_AT_ONCE]:
            self._end_lingering(conn)

    def _drop_oldest(self) -> None:
        """Keep within what may arrive at once, whoever sends it."""
        size = sum(len(arrival.data) for arrival in self._arriving.values())
        while self._arriving and (len(self._arriving) > self._max_arriving or size > MAX_ARRIVING_BYTES):
            oldest = next(iter(self._arriving))
            size -= len(self._forget(oldest).data)
            self._close(oldest)

    def _forget(self, conn: Any) -> Arrival:
        self.poller.unregister(conn.sock)
        return self._arriving.pop(conn)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()


def _give_way() -> None:
    """Let this thread have less of the processor than a main loop that wants it too: about a fifteenth."""
    if sys.platform == "linux":  # elsewhere a whole process is as nice as its threads
        with suppress(OSError):  # a sandbox may forbid it
            os.nice(THREAD_NICENESS)


def _overdue(deadlines: dict[Any, float], now: float) -> list[Any]:
    """Return the connections whose deadline is over."""
    return [conn for conn, until in deadlines.items() if until <= now]


def _bound_sending(sock: socket.socket) -> None:
    """Let no thread wait for a client that takes nothing of its response."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


def _send_at_once(sock: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # it takes nothing, or is gone
        sock.send(data)
