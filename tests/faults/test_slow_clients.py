"""Clients that send half of a head or a body, or never close: other readers and writers notice nothing."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import IS_LONG
from tests.faults.conftest import PAGE, TOOLS, Figures, filled_sqlite
from tests.faults.readers import Reader
from tests.faults.serving import Site, serving
from tests.faults.slow_clients import CLIENTS, HALVES, clients_sending
from verdicts.web import packets

READS = 1000 if IS_LONG else 60
# Other tests use the cores too. Whoever had to wait for one of these clients would wait for ten seconds at least.
NOISE_SECONDS = 0.005 if IS_LONG else 3


@pytest.fixture(scope="module")
def slow_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("slow")
    with serving(filled_sqlite(sqlite_template, folder), folder) as site:
        yield site


def slowest_percent(act: Callable[[], object], times: int) -> float:
    """Return the 99th percentile of how long an act takes, in seconds."""
    durations = []
    for _ in range(times):
        began = time.monotonic()
        act()
        durations.append(time.monotonic() - began)
    return sorted(durations)[int(0.99 * times) - 1]


@pytest.mark.parametrize("half", HALVES)
def test_half_sent_requests_slow_no_other_reader_and_stop_no_vote(slow_site: Site, half: str, figures: Figures) -> None:
    def read() -> None:
        assert slow_site.get(PAGE).status == 200

    before = slowest_percent(read, READS)
    with clients_sending(slow_site, HALVES[half]):
        during = slowest_percent(read, READS)
        network = 1 + list(HALVES).index(half)
        began = time.monotonic()
        assert Reader(slow_site.port, network).vote(TOOLS[0], "ship").is_acknowledged
        assert time.monotonic() - began < NOISE_SECONDS + 2
    figures(f"{CLIENTS} {half}: p99 {1000 * before:.1f} ms before, {1000 * during:.1f} ms with them")
    assert during < 2 * before + NOISE_SECONDS


def test_a_request_that_comes_in_pieces_is_answered(slow_site: Site) -> None:
    with closing(socket.create_connection(("127.0.0.1", slow_site.port), timeout=10)) as client:
        for piece in (b"GET /livez HT", b"TP/1.1\r\nHost: 127.0.0.1\r\nContent-Le", b"ngth: 4\r\n\r\nab", b"cdGET /li"):
            client.sendall(piece)
            time.sleep(0.05)
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        client.sendall(b"vez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.skipif(packets.CORK is None, reason="only Linux holds packets back")
def test_a_head_and_its_body_come_in_one_packet(slow_site: Site) -> None:
    with closing(socket.create_connection(("127.0.0.1", slow_site.port), timeout=10)) as client:
        for number in (1, 2):
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b"\r\n\r\n{" in client.recv(1000)
            assert packets_received(client) == number


def packets_received(client: socket.socket) -> int:
    """Return how many packets with data a connection has received: tcpi_data_segs_in of Linux's struct tcp_info."""
    information = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    return int(struct.unpack_from("I", information, 152)[0])


def test_a_client_is_asked_for_the_body_that_it_holds_back(slow_site: Site) -> None:
    with closing(socket.create_connection(("127.0.0.1", slow_site.port), timeout=10)) as client:
        client.sendall(HALVES["expectations"])
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"verdict=ship")
        assert b"HTTP/1.1 400 " in client.recv(1000) + client.recv(1000)


def test_what_is_not_there_in_time_is_answered_in_words(slow_site: Site) -> None:
    if not IS_LONG:
        pytest.skip("it waits for the whole time that a head has")
    with closing(socket.create_connection(("127.0.0.1", slow_site.port), timeout=15)) as client:
        client.sendall(HALVES["heads"])
        answer = client.recv(5000)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"Content-Security-Policy" in answer
    assert b"nothing was done" in answer


def test_a_site_that_stops_does_not_wait_for_half_sent_requests(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path) as site, clients_sending(site, HALVES["bodies"]):
        began = time.monotonic()
        assert site.stop() == 0
        assert time.monotonic() - began < 15
