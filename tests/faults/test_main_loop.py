"""Pages that are kept in memory are sent by gunicorn's main loop: over real connections, whatever the threads do."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.faults import IS_LONG
from tests.faults.conftest import PAGE, Figures, filled_sqlite
from tests.faults.deployment import create_filled_database
from tests.faults.serving import Site, serving, wait_until
from tests.postgres import PostgresServer
from verdicts.app import READERS_AT_ONCE, THREADS_PER_WORKER
from verdicts.web.worker import LINGER_SECONDS, SECONDS_BETWEEN_NOTICES, SEND_SECONDS, THREAD_NICENESS

MOST_BYTES_ON_THE_WAY = 8 * 1024 * 1024  # that the system takes for both ends of a connection
OWN = {"X-Request-ID", "Date"}  # of each response
FEW_FILES = 300  # that each process may open
KEPT_SECONDS = 5  # keepalive of gunicorn.conf.py
LOCK_TIMEOUT_SECONDS = 5  # of engines.engine_options()
READERS = 700  # of a worker at once; more than half of its connections


@pytest.fixture(scope="module")
def kept_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """A site of one worker, which keeps a page."""
    folder = tmp_path_factory.mktemp("kept")
    with serving(filled_sqlite(sqlite_template, folder), folder, WEB_CONCURRENCY="1") as site:
        assert site.get(PAGE).status == 200
        yield site


def request_for(target: str, *fields: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *fields, "", ""]).encode()


def test_a_page_does_not_wait_for_pages_that_wait_for_the_database(postgres: PostgresServer, tmp_path: Path) -> None:
    url = create_filled_database(postgres, tmp_path)
    with serving(url, tmp_path, WEB_CONCURRENCY="1") as site, ExitStack() as stack:
        engine = sa.create_engine(url)
        stack.callback(engine.dispose)
        other = stack.enter_context(engine.begin())
        other.exec_driver_sql("LOCK TABLE review IN ACCESS EXCLUSIVE MODE")
        for number in range(2 * READERS_AT_ONCE["postgresql"]):
            client = stack.enter_context(closing(socket.create_connection(("127.0.0.1", site.port), timeout=10)))
            client.sendall(request_for(f"/tools?q=no{number}", f"X-Forwarded-For: 2001:db8:{number:x}::1"))
        began = time.monotonic()
        assert site.get("/newsletter/subscribe").status == 200
        assert time.monotonic() - began < LOCK_TIMEOUT_SECONDS
        other.rollback()


def test_kept_pages_are_answered_while_every_thread_waits_for_the_database(
    postgres: PostgresServer, tmp_path: Path, figures: Figures
) -> None:
    url = create_filled_database(postgres, tmp_path)
    with serving(url, tmp_path, WEB_CONCURRENCY="1") as site, ExitStack() as stack:
        assert site.get(PAGE).status == 200
        engine = sa.create_engine(url)
        stack.callback(engine.dispose)
        other = stack.enter_context(engine.begin())
        other.exec_driver_sql("LOCK TABLE tool IN ACCESS EXCLUSIVE MODE")
        waiting = []
        for number in range(2 * THREADS_PER_WORKER):
            client = stack.enter_context(closing(socket.create_connection(("127.0.0.1", site.port), timeout=10)))
            client.sendall(request_for(f"/tools?q=no{number}", f"X-Forwarded-For: 2001:db8:{number:x}::1"))
            waiting.append(client)
        time.sleep(0.5)
        began = time.monotonic()
        slowest = 0.0
        while time.monotonic() < began + 2:
            asked = time.monotonic()
            assert site.get(PAGE).status == 200
            slowest = max(slowest, time.monotonic() - asked)
        figures(f"a kept page while {len(waiting)} requests wait: {1000 * slowest:.0f} ms at most")
        assert slowest < 1
        waiting[0].setblocking(False)
        with pytest.raises(BlockingIOError):
            waiting[0].recv(1)  # so they did wait all the time


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_a_page_is_the_same_whoever_sends_it(kept_site: Site, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding, "Cookie": encoding}
    with closing(HTTPConnection("127.0.0.1", kept_site.port, timeout=10)) as connection:
        responses = []
        # A connection that closes needs a thread.
        for fields in ({"Connection": "keep-alive"}, {"Connection": "keep-alive"}, {"Connection": "close"}):
            connection.request("GET", PAGE, headers=headers | fields)
            response = connection.getresponse()
            own = OWN | {"Connection"}
            kept = [field for field in response.getheaders() if field[0] not in own]
            responses.append((response.status, kept, response.read()))
    assert responses[0] == responses[1] == responses[2]
    assert responses[0][0] == 200


def test_responses_of_main_loop_and_threads_follow_each_other_over_one_connection(kept_site: Site) -> None:
    with closing(HTTPConnection("127.0.0.1", kept_site.port, timeout=10)) as connection:
        statuses, sizes = [], []
        for request_ in (f"GET {PAGE}", f"HEAD {PAGE}", "GET /livez", f"GET {PAGE}", "GET /none", f"GET {PAGE}"):
            connection.request(*request_.split())
            response = connection.getresponse()
            statuses.append(response.status)
            sizes.append(len(response.read()))
    assert statuses == [200, 200, 200, 200, 404, 200]
    assert sizes[1] == 0
    assert sizes[0] == sizes[3] == sizes[5] > sizes[2] > 0


def test_no_connection_of_many_readers_is_closed_unless_its_response_says_so(kept_site: Site) -> None:
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(HTTPConnection("127.0.0.1", kept_site.port, timeout=10)))
            for _ in range(READERS)
        ]
        for connection in connections * 2:
            connection.request("GET", PAGE)
            assert connection.getresponse().read()  # one that says that its connection closes has it opened anew


def test_clients_that_never_close_keep_no_reader_waiting(sqlite_url: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        site = stack.enter_context(serving(sqlite_url, tmp_path, most_descriptors=FEW_FILES, WEB_CONCURRENCY="1"))
        assert site.get(PAGE).status == 200
        slowest = 0.0
        for _ in range(2 * FEW_FILES):
            began = time.monotonic()
            client = stack.enter_context(closing(socket.create_connection(("127.0.0.1", site.port), timeout=10)))
            client.sendall(request_for(PAGE))
            assert client.recv(15) == b"HTTP/1.1 200 OK"
            slowest = max(slowest, time.monotonic() - began)
    assert slowest < LINGER_SECONDS - 0.5


@pytest.mark.skipif(not IS_LONG, reason="it waits for the whole time that a connection may be idle")
def test_a_connection_that_stays_idle_is_closed(kept_site: Site) -> None:
    with closing(HTTPConnection("127.0.0.1", kept_site.port, timeout=2 * KEPT_SECONDS)) as connection:
        connection.request("GET", PAGE)
        assert connection.getresponse().read()
        began = time.monotonic()
        assert connection.sock.recv(1) == b""
        assert time.monotonic() - began > KEPT_SECONDS - 1


def test_a_client_that_takes_pages_bit_by_bit_gets_all_of_them_and_holds_up_nobody(kept_site: Site) -> None:
    body = kept_site.get(PAGE).body
    pages = MOST_BYTES_ON_THE_WAY // len(body)
    with slow_client(kept_site) as client:
        ask_for(pages, client, seconds=0.002)
        assert kept_site.get(PAGE).body == body
        received = bytearray()
        while received.count(body) < pages:
            data = client.recv(65536)
            assert data, f"it ended after {received.count(body)} of {pages} pages"
            received += data
    assert received.endswith(body)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == pages


@pytest.mark.skipif(not IS_LONG, reason="it waits for the whole time that a client has")
def test_a_client_that_takes_nothing_is_disconnected(kept_site: Site) -> None:
    with slow_client(kept_site) as client, pytest.raises((BrokenPipeError, ConnectionResetError)):
        ask_for(int(SEND_SECONDS + 10) * 100, client, seconds=0.01)


def ask_for(pages: int, client: socket.socket, *, seconds: float) -> None:
    """Ask for pages one after the other, as what comes together is a thread's."""
    for _ in range(pages):
        client.sendall(request_for(PAGE))
        time.sleep(seconds)


@contextmanager
def slow_client(site: Site) -> Iterator[socket.socket]:
    """Connect a client that takes little at a time."""
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(10)
        client.connect(("127.0.0.1", site.port))
        yield client


def test_threads_leave_the_processor_to_the_main_loop(kept_site: Site) -> None:
    assert kept_site.get("/tools?q=needs-a-thread").status == 200
    (worker,) = kept_site.workers()
    niceness = {int(task.name): os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in tasks_of(worker)}
    main_loop = niceness[worker]
    assert main_loop == os.getpriority(os.PRIO_PROCESS, 0)
    assert min(19, main_loop + THREAD_NICENESS) in niceness.values()


def tasks_of(worker: int) -> list[Path]:
    return list(Path(f"/proc/{worker}/task").iterdir())


def test_a_worker_that_has_nothing_to_do_says_that_it_lives(kept_site: Site) -> None:
    (worker,) = kept_site.workers()
    (notice,) = (each for each in Path(f"/proc/{worker}/fd").iterdir() if "/wgunicorn-" in str(each.readlink()))
    before = notice.stat().st_mtime
    wait_until(lambda: notice.stat().st_mtime > before, 2 * SECONDS_BETWEEN_NOTICES + 1)
