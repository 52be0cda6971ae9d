"""When a request that arrives in pieces is given to a thread."""

import pytest

from verdicts.config import MAX_REQUEST_BYTES
from verdicts.web.arrivals import BODY_SECONDS, HEAD_SECONDS, MAX_HEAD_BYTES, Arrival

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(length: int) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length


@pytest.mark.parametrize(
    "request_",
    [
        GET,
        GET + GET,
        post(0),
        post(3) + b"a=b",
        b"POST / HTTP/1.1\r\nCONTENT-LENGTH:\t3 \r\nHost: a\r\n\r\na=b",
        CHUNKED + b"3\r\na=b\r\n0\r\n\r\n",
        CHUNKED + b"3;name=value\r\na=b\r\n2\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n",
        CHUNKED + b"0\r\n\r\n",
    ],
)
def test_a_request_is_ready_with_its_last_byte_however_it_is_cut(request_: bytes) -> None:
    whole = Arrival(0)
    whole.add(request_, 0)
    assert whole.is_ready
    size = len(GET) if request_.startswith(GET) else len(request_)
    in_bytes = Arrival(0)
    for at in range(size):
        assert not in_bytes.is_ready, request_[:at]
        in_bytes.add(request_[at : at + 1], 0)
    assert in_bytes.is_ready


@pytest.mark.parametrize(
    "request_",
    [
        post(MAX_REQUEST_BYTES + 1),
        b"x" * (MAX_HEAD_BYTES + 1),
        CHUNKED + b"%x\r\n" % (2 * MAX_REQUEST_BYTES) + b"x" * (MAX_REQUEST_BYTES + 1),
        CHUNKED + b"no number\r\n",
        CHUNKED + b"-1\r\n",
    ],
)
def test_what_is_too_large_or_malformed_is_refused_by_a_thread_at_once(request_: bytes) -> None:
    arrival = Arrival(0)
    arrival.add(request_, 0)
    assert arrival.is_ready


@pytest.mark.parametrize("request_", [GET, post(0), post(3) + b"a=b"])
def test_after_a_request_of_known_size_its_connection_may_stay_open(request_: bytes) -> None:
    assert may_go_on(request_)


@pytest.mark.parametrize(
    "request_",
    [
        GET + GET,
        GET.replace(b"GET", b"HEAD"),  # whose client reads no body
        post(3) + b"a=bc",
        CHUNKED + b"0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 3\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: keep-alive, close\r\n\r\n",
    ],
)
def test_after_any_other_request_its_connection_may_not_stay_open(request_: bytes) -> None:
    assert not may_go_on(request_)


def may_go_on(request_: bytes) -> bool:
    arrival = Arrival(0)
    arrival.add(request_, 0)
    return arrival.may_go_on


def test_a_head_and_a_body_have_a_deadline_that_their_bytes_do_not_extend() -> None:
    arrival = Arrival(100)
    arrival.add(b"POST / HTTP/1.1\r\n", 109)
    assert arrival.deadline == 100 + HEAD_SECONDS
    arrival.add(b"Content-Length: 10\r\n\r\n", 109)
    arrival.add(b"x", 120)
    assert arrival.deadline == 109 + BODY_SECONDS


def test_a_large_upload_has_the_time_that_a_slow_line_needs() -> None:
    arrival = Arrival(0)
    arrival.add(post(8 * 1024 * 1024), 0)
    assert 200 < arrival.deadline < 300


def test_a_client_that_waits_to_be_asked_for_its_body_is_noticed() -> None:
    arrival = Arrival(0)
    arrival.add(post(3).replace(b"Host: a", b"Expect: 100-Continue"), 0)
    assert arrival.is_expecting
    assert not arrival.is_ready


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_a_probe_may_ask_for_the_head_alone(method: str, path: str) -> None:
    arrival = Arrival(0)
    arrival.add(f"{method} {path} HTTP/1.1\r\n\r\n".encode(), 0)
    assert arrival.is_probe
