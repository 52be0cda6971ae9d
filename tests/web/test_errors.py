"""Every error in our own words, as a page and as a notice for htmx; overload and outages among them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, abort, request, request_finished, request_started, template_rendered

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.postgres import PostgresServer
from tests.web.visitor import Page, Visitor
from verdicts import engines, extensions
from verdicts.app import MAX_WAITING_WRITERS
from verdicts.extensions import db
from verdicts.voting.models import vote, vote_event

BOTH_WAYS = pytest.mark.parametrize("htmx", [False, True], ids=["page", "notice"])
STATUSES = [400, 401, 403, 404, 405, 409, 413, 414, 415, 418, 422, 429, 500, 501, 502, 503]


@pytest.fixture
def faulty(app: Flask) -> Iterator[Visitor]:
    """A visitor to a site where `/livez?fault=418` fails that way and `/livez?fault=crash` crashes."""

    def fail(_app: Flask, **_extra: object) -> None:
        if fault := request.args.get("fault"):
            abort(int(fault)) if fault.isdigit() else _crash()

    with request_started.connected_to(fail, app):
        yield Visitor(app)


def _crash() -> None:
    raise RuntimeError("a secret from inside: /etc/passwd")


def notice_of(page: Page, htmx: bool) -> str:
    """Return an error's words. For htmx, check that they come as a notice alone."""
    if htmx:
        assert [each.tag for each in page.tree] == ["p"]
        assert page.tree[0].get("role") == "alert"
    return page.words


@ON_ONE_DATABASE
@BOTH_WAYS
@pytest.mark.parametrize("status", STATUSES)
def test_every_error_is_told_in_our_own_words(faulty: Visitor, htmx: bool, status: int) -> None:
    words = notice_of(faulty.reads(f"/livez?fault={status}", status, htmx=htmx), htmx)
    assert len(words) > 20
    assert "Werkzeug" not in words
    assert "The server" not in words
    assert "browser (or proxy)" not in words


@ON_ONE_DATABASE
@BOTH_WAYS
def test_a_crash_tells_nothing_from_inside(faulty: Visitor, htmx: bool) -> None:
    page = faulty.reads("/livez?fault=crash", 500, htmx=htmx)
    assert "Something broke on our side." in page.words
    assert "secret" not in page.html
    assert "Traceback" not in page.html


@ON_ONE_DATABASE
def test_an_error_page_may_not_be_kept_nor_indexed(faulty: Visitor) -> None:
    page = faulty.reads("/livez?fault=500", 500)
    assert page.headers["Cache-Control"] == "no-store"
    assert [each.get("content") for each in page.all("meta") if each.get("name") == "robots"] == ["noindex"]


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "path", ["/nothing", "/tools/nothing", "/compare/x-vs-y", "/static/nothing", "/nothing/%0d%0aSet-Cookie:x"]
)
def test_not_found_offers_to_search(visitor: Visitor, path: str) -> None:
    page = visitor.reads(path, 404)
    assert page.by_id("q").get("name") == "q"
    (form,) = page.main.iter("form")
    assert form.get("action") == "/tools"


@ON_ONE_DATABASE
def test_the_directory_beyond_its_last_page_is_not_found(visitor: Visitor) -> None:
    visitor.reads("/tools?page=2", 404)


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=1e3", "page=٣", "page=99999999999", "sort=best", "sort=' OR 1=1"]
)
def test_malformed_input_is_400_in_words(visitor: Visitor, query: str) -> None:
    words = visitor.reads(f"/tools?{query}", 400).words
    assert "A page is a whole number" in words or "is no value of “sort”" in words


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ["/", "/tools", "/method", "/compare", "/livez"])
def test_what_is_only_read_takes_no_post(visitor: Visitor, path: str) -> None:
    page = visitor.sends(path, {"a": "b"}, 405)
    assert "GET" in page.headers["Allow"]


# Hosts and redirects


@ON_ONE_DATABASE
@BOTH_WAYS
@pytest.mark.parametrize(
    "host", ["evil.example", "verdicts.test.evil.example", "verdicts.test@evil.example", "x:99999"]
)
@pytest.mark.parametrize("path", ["/", "/tools/alpha", "/nothing", "/static/css/base.css"])
def test_an_untrusted_host_is_400_and_not_repeated(visitor: Visitor, host: str, path: str, htmx: bool) -> None:
    page = visitor.reads(path, 400, htmx=htmx, host=host)
    assert "evil" not in page.html
    assert "makes no sense" in page.words or "cannot be answered" in page.words


@ON_ONE_DATABASE
def test_a_ballot_to_an_untrusted_host_is_refused_and_recorded_nowhere(visitor: Visitor) -> None:
    make_tool("alpha")
    visitor.votes("alpha", "ship")
    for sent in ({"host": "evil.example"}, {"host": "evil.example", "origin": "http://evil.example"}):
        response = visitor.opens("POST", "/tools/alpha/vote", form={"verdict": "skip"}, headers=sent)
        assert response.status_code in {400, 403}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(vote_event)) == 1


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "header",
    ["x_forwarded_host", "x_forwarded_proto", "forwarded", "x_original_url", "x_rewrite_url", "x_http_method_override"],
)
def test_forwarded_headers_change_nothing_without_a_proxy(visitor: Visitor, header: str) -> None:
    make_tool("alpha", aliases=("alpha-old",))
    page = visitor.reads("/tools/alpha-old", 301, **{header: "evil.example"})
    assert page.headers["Location"] == "/tools/alpha"
    assert "evil" not in visitor.reads("/tools/alpha", **{header: "host=evil.example"}).html


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "///evil.example/x",
        "/\\evil.example",
        "/tools//alpha",
        "/tools/%2f%2fevil.example",
        "/%2e%2e/tools",
        "/tools/..%2f..",
        "/http://evil.example",
        "//evil.example/compare/b-vs-a",
    ],
)
def test_no_address_leads_off_the_site(visitor: Visitor, path: str) -> None:
    status = visitor.opens("GET", path).status_code
    assert status in {200, 301, 308, 400, 404}
    visitor.reads(path, status)


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "path",
    [
        "/compare?tool=a%0d%0aSet-Cookie:x=1&tool=b",
        "/tools/a%0d%0aSet-Cookie:x=1",
        "/compare/b%0d%0ax:1-vs-a",
        "/tools/a%0d%0ax/vote",
    ],
)
def test_a_line_break_in_an_address_makes_no_header(visitor: Visitor, path: str) -> None:
    response = visitor.opens("GET", path)
    assert response.status_code in {302, 400, 404}
    assert "Set-Cookie" not in response.headers
    assert all("\n" not in value and "\r" not in value for value in response.headers.values())


@ON_ONE_DATABASE
def test_a_line_break_in_a_ballots_address_makes_no_header(visitor: Visitor) -> None:
    response = visitor.opens("POST", "/tools/a%0d%0aSet-Cookie:x=1/vote", form={"verdict": "ship"})
    assert all("\n" not in value and "\r" not in value for value in response.headers.values())


# Overload and outages


def assert_try_again(page: Page, *, htmx: bool) -> None:
    words = notice_of(page, htmx)
    assert "Nothing was saved" in words
    assert int(page.headers["Retry-After"]) >= 1
    buttons = [(each.get("name"), each.get("value")) for each in page.all("button") if each.get("value")]
    assert buttons == [("verdict", "skip")]


@contextlib.contextmanager
def nobody_may_wait() -> Iterator[None]:
    """Have another thread write, and none wait, until the block ends."""
    extensions.limit_waiting_writers(0)
    turns = extensions._turns["sqlite"]
    turns.take(timeout=0)
    try:
        yield
    finally:
        turns.end()
        extensions.limit_waiting_writers(MAX_WAITING_WRITERS)


@contextlib.contextmanager
def writing_lock(app: Flask) -> Iterator[None]:
    """Hold SQLite's write lock over a connection of one's own."""
    path = app.config["SETTINGS"].database_url.removeprefix("sqlite:///")
    with contextlib.closing(engines.sqlite_driver().connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@ON_ONE_DATABASE
@BOTH_WAYS
def test_a_locked_database_is_503_and_the_ballot_is_kept_at_hand(app: Flask, visitor: Visitor, htmx: bool) -> None:
    make_tool("alpha")
    visitor.votes("alpha", "ship")
    with writing_lock(app):
        page = visitor.sends("/tools/alpha/vote", {"verdict": "skip"}, 503, htmx=htmx)
        assert visitor.reads("/tools/alpha").status == 200
    assert_try_again(page, htmx=htmx)
    assert db.session.scalars(sa.select(vote.c.verdict)).all() == ["ship"]
    assert "Your vote: SKIP" in visitor.votes("alpha", "skip").words


@ON_ONE_DATABASE
def test_too_many_waiting_writers_are_503_at_once(app: Flask, visitor: Visitor) -> None:
    make_tool("alpha")
    visitor.votes("alpha", "ship")
    with nobody_may_wait():
        page = visitor.sends("/tools/alpha/vote", {"verdict": "skip"}, 503)
        assert visitor.reads("/tools/alpha").status == 200
    assert_try_again(page, htmx=False)
    assert visitor.votes("alpha", "skip").status == 200


@ON_ONE_DATABASE
def test_a_refused_vote_renders_no_page_the_second_time(app: Flask, visitor: Visitor) -> None:
    make_tool("alpha")
    visitor.votes("alpha", "ship")
    with nobody_may_wait():
        first = visitor.sends("/tools/alpha/vote", {"verdict": "skip"}, 503)
        with template_rendered.connected_to(lambda *_, **__: pytest.fail("a page was rendered"), app):
            second = visitor.sends("/tools/alpha/vote", {"verdict": "skip"}, 503)
    assert second.html == first.html


@ON_ONE_DATABASE
def test_a_transaction_that_may_write_already_needs_no_other_turn(app: Flask) -> None:
    extensions.begin_write()
    extensions.begin_write()
    db.session.commit()
    with nobody_may_wait():  # the turn was given back
        pass


def test_a_connection_that_the_driver_finds_closed_is_a_database_that_is_away(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that restarts leaves connections that the driver refuses to use, and says so in an error of its own."""
    make_tool("alpha")

    def closed(*_: object, **__: object) -> None:
        raise sa.exc.InterfaceError("SELECT 1", {}, Exception("the connection is closed"))

    monkeypatch.setattr("verdicts.web.voting.ballot.cast", closed)
    page = visitor.votes("alpha", "skip", 503)
    assert page.headers["Retry-After"] == "2"


@BOTH_WAYS
def test_a_database_that_is_away_is_503_and_pages_are_served_as_they_were(
    postgres: PostgresServer, tmp_path: Path, htmx: bool
) -> None:
    with contextlib.ExitStack() as stack:
        with postgres.copy_of("template") as url:
            visitor = Visitor(stack.enter_context(pooled_app(url)), hurried=True)
            make_tool("alpha")
            visitor.votes("alpha", "ship")
            before = visitor.reads("/tools/alpha").html
            db.session.remove()
        # The database is dropped now, and its connections with it.
        page = visitor.sends("/tools/alpha/vote", {"verdict": "skip"}, 503, htmx=htmx)
        assert_try_again(page, htmx=htmx)
        visitor.clock.now += 600
        assert visitor.reads("/tools/alpha").html == before
        assert visitor.reads("/tools", 503).headers["Retry-After"]
        assert visitor.reads("/readyz", 503).response.get_json()["reason"] == "The database does not answer."
        assert visitor.reads("/livez").status == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_is_lost_when_all_is_said_changes_no_answer(app: Flask) -> None:
    def lose_the_connection(_app: Flask, **_extra: object) -> None:
        mine = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
        with db.engine.connect() as another:
            another.execute(sa.text("SELECT pg_terminate_backend(:mine)"), {"mine": mine})

    make_tool("alpha", name="Alpha")
    visitor = Visitor(app)
    with request_finished.connected_to(lose_the_connection, app):
        for _ in range(2):
            assert visitor.reads("/tools/alpha?x=1").texts("h1") == ["Alpha"]
            visitor.reads("/tools/nobody", 404)
