"""What gunicorn's main loop answers itself, and what it leaves to a thread."""

import re
from types import SimpleNamespace

import pytest
from flask import Flask
from gunicorn.config import Config

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Visitor
from verdicts.catalog.content_version import bump_content_version
from verdicts.extensions import db
from verdicts.web import logs, main_loop
from verdicts.web.arrivals import MAX_SHORT_HEAD_BYTES, Arrival
from verdicts.web.caching import FRESH_SECONDS, MAX_QUEUED_SECONDS, cache_of

KEPT = "/tools/alpha"
pytestmark = ON_ONE_DATABASE


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor who has just read a page."""
    make_tool("alpha", name="Alpha")
    visitor = Visitor(app, hurried=True)
    visitor.reads(KEPT)
    return visitor


def head(target: str = KEPT, *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/{version}", "Host: verdicts.test", *fields, "", ""]).encode()


def respond(visitor: Visitor, request_: bytes, *, closes: bool = False) -> bytes | None:
    """Return what the main loop would send over a connection for a request, None where a thread sees to it."""
    arrival = Arrival(0)
    arrival.add(request_, 0)
    cfg = Config()
    cfg.set("forwarded_allow_ips", "")
    connection = SimpleNamespace(client=("127.0.0.1", 50000), server=("127.0.0.1", 8000))
    response = main_loop.respond(arrival, connection, cfg, visitor.app, closes=closes)
    return None if response is None else b"".join(response)


def test_a_page_that_is_kept_is_sent_whole(visitor: Visitor) -> None:
    response = respond(visitor, head())
    assert response
    fields, _, body = response.partition(b"\r\n\r\n")
    assert fields.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: keep-alive\r\n" in fields
    assert re.search(rb"\r\nX-Request-ID: [0-9a-f]{32}$", fields, re.M)
    assert f"\r\nContent-Length: {len(body)}\r\n".encode() in fields
    assert body.decode() == visitor.reads(KEPT).html


def test_a_page_says_that_its_connection_closes(visitor: Visitor) -> None:
    response = respond(visitor, head(), closes=True)
    assert response
    assert b"\r\nConnection: close\r\n" in response


@pytest.mark.parametrize("target", ["/tools/%61lpha", f"{KEPT}?utm_source=x"])
def test_a_page_is_kept_under_all_spellings_of_its_address(visitor: Visitor, target: str) -> None:
    assert respond(visitor, head(target))


def test_a_head_is_answered_without_the_body(visitor: Visitor) -> None:
    response = respond(visitor, head(method="HEAD"))
    assert response
    assert response.endswith(b"\r\n\r\n")
    assert b"\r\nContent-Length: " in response


def test_a_page_that_the_client_has_is_304(visitor: Visitor) -> None:
    etag = visitor.reads(KEPT).headers["ETag"]
    response = respond(visitor, head(KEPT, f"If-None-Match: {etag}"))
    assert response
    assert response.startswith(b"HTTP/1.1 304 NOT MODIFIED\r\n")
    assert response.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(head("/tools"), id="a page that is not kept"),
        pytest.param(head(KEPT, "Accept-Encoding: br"), id="a content encoding in which it is not kept"),
        pytest.param(head("/admin/"), id="a page that is never kept"),
        pytest.param(head("/\udce4".encode("ascii", "surrogateescape").decode("latin-1")), id="bytes that are no text"),
        pytest.param(head("/%00%ff?%00"), id="a NUL"),
        pytest.param(head(f"http://verdicts.test{KEPT}"), id="an absolute address"),
        pytest.param(head(KEPT, "Host: elsewhere.test"), id="two hosts"),
        pytest.param(head().replace(b"verdicts.test", b"elsewhere.test"), id="another host"),
        pytest.param(head(method="POST"), id="a form"),
        pytest.param(head(KEPT, "Content-Length: 3") + b"a=b", id="a body"),
        pytest.param(head(KEPT, f"Content-Length: {3:016}"), id="a body yet to come, its length with many zeros"),
        pytest.param(head(KEPT, f"Content-Length: {10**20}"), id="a body too long to come"),
        pytest.param(head(KEPT, "Transfer-Encoding: chunked") + b"0\r\n\r\n", id="a body in chunks"),
        pytest.param(head(KEPT, "Content-Length : 0"), id="a field that cannot be read"),
        pytest.param(head(KEPT, "Expect: 100-continue"), id="a client that waits to be asked"),
        pytest.param(head(KEPT, "Connection: close"), id="a connection that closes"),
        pytest.param(head(version="1.0"), id="a connection that closes by its version"),
        pytest.param(head(version="3.0"), id="a version that cannot be"),
        pytest.param(head() + head(), id="two requests at once"),
        pytest.param(head(f"{KEPT}?{'&' * 1000}"), id="a query that takes long to look through"),
        pytest.param(head(KEPT, f"Cookie: a={'x' * MAX_SHORT_HEAD_BYTES}"), id="a long head"),
    ],
)
def test_what_might_have_to_wait_or_cannot_be_read_is_left_to_a_thread(visitor: Visitor, request_: bytes) -> None:
    assert respond(visitor, request_) is None


def test_a_page_that_may_have_changed_is_left_to_a_thread(visitor: Visitor) -> None:
    visitor.clock.now += 2  # what editors publish shows within a second
    assert respond(visitor, head()) is None


def test_while_one_request_waits_for_a_thread_the_others_get_the_old_page(visitor: Visitor) -> None:
    old = visitor.reads(KEPT).html
    visitor.votes("alpha", "ship")
    pass_time(visitor, FRESH_SECONDS + 1)
    assert respond(visitor, head()) is None
    response = respond(visitor, head())
    assert response
    assert response.endswith(old.encode())


def test_where_that_request_never_got_a_thread_another_one_does(visitor: Visitor) -> None:
    visitor.votes("alpha", "ship")
    pass_time(visitor, FRESH_SECONDS + 1)
    assert respond(visitor, head()) is None
    pass_time(visitor, MAX_QUEUED_SECONDS)
    assert respond(visitor, head()) is None


def test_what_editors_have_changed_is_waited_for(visitor: Visitor) -> None:
    bump_content_version()
    db.session.commit()
    pass_time(visitor, 1)
    assert respond(visitor, head()) is None
    assert respond(visitor, head()) is None


def pass_time(visitor: Visitor, seconds: float) -> None:
    """Let time pass, and have what pages depend on read, as a thread of each worker does."""
    visitor.clock.now += seconds
    cache_of(visitor.app).states.current()


def test_the_main_loop_never_asks_the_database(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(db), "engine", property(lambda _: pytest.fail("the database is asked")))
    for later in (0, 2, 10):
        visitor.clock.now += later
        for target in (KEPT, "/tools", "/admin/", "/livez"):
            respond(visitor, head(target))


def test_a_page_with_an_error_is_left_to_a_thread(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_target: str) -> bool:
        raise RuntimeError

    monkeypatch.setattr(cache_of(visitor.app), "holds", fail)
    assert respond(visitor, head()) is None


def test_only_what_the_main_loop_answers_is_logged_by_it(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(logs, "write_line", lines.append)
    respond(visitor, head("/tools"))
    assert lines == []
    respond(visitor, head())
    assert [f'"path": "{KEPT}", "status": 200' in line for line in lines] == [True]
