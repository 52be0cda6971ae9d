"""One line of JSON a request, and no address of anyone in it."""

import json
import logging
import re
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import Flask, request_finished, request_started

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Visitor
from verdicts.extensions import db
from verdicts.mailing.models import outbox_letter
from verdicts.web import logs
from verdicts.web.logs import JsonLines, PlainLines

pytestmark = ON_ONE_DATABASE


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines of requests that have been written."""
    written: list[str] = []
    monkeypatch.setattr(logs, "write_line", written.append)
    return written


def test_a_request_is_one_line_of_json(visitor: Visitor, lines: list[str]) -> None:
    page = visitor.reads("/method?q=secret")
    (line,) = lines
    fields = json.loads(line)
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/method", 200)
    assert fields["request_id"] == page.headers["X-Request-ID"]
    assert fields["ms"] >= 0
    assert "\n" not in line


def test_a_line_holds_no_address_no_cookie_and_no_search(visitor: Visitor, lines: list[str]) -> None:
    make_tool("alpha")
    visitor.address = "203.0.113.77"
    visitor.votes("alpha", "ship", user_agent="Ada Lovelace", referer="https://mail.example/lovelace")
    visitor.reads("/tools?q=lovelace@example.org")
    logged = "\n".join(lines)
    for secret in ("203.0.113", "ovelace", "mail.example", visitor.cookies["voter"].value):
        assert secret not in logged
    assert len(lines) == 4


@pytest.mark.parametrize(
    "path",
    [
        "/newsletter/confirm/token-of-ada",
        "/newsletter/leave/token-of-ada/x",
        "/newsletter/preferences/token-of-ada",
        "/admin/reset/token-of-ada",
        "/newsletter//leave/token-of-ada",
        "/admin//reset//token-of-ada/",
        "/newsletter/leave/%0Atoken-of-ada",
    ],
)
def test_tokens_in_a_path_are_not_written_down(visitor: Visitor, lines: list[str], path: str) -> None:
    visitor.opens("GET", path, htmx=False)
    assert "token-of-ada" not in lines[0]


def test_a_crash_is_logged_with_its_status(
    visitor: Visitor, lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def crash(_app: Flask, **_extra: object) -> None:
        raise RuntimeError("broken for a test")

    with request_started.connected_to(crash, visitor.app):
        visitor.reads("/method", 500)
    assert json.loads(lines[0])["status"] == 500
    assert [record.exc_info is not None for record in caplog.records if record.levelname == "ERROR"] == [True]


def test_a_proxys_request_id_is_kept(visitor: Visitor) -> None:
    assert visitor.reads("/method", x_request_id="abc-123_4.5").headers["X-Request-ID"] == "abc-123_4.5"


def test_what_a_request_causes_names_it_too(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.setFormatter(JsonLines())

    def warn(app: Flask, **_extra: object) -> None:
        app.logger.warning("caused by a request")

    form = {"email": "ada@readers.example"}
    with request_finished.connected_to(warn, visitor.app):
        visitor.opens("POST", "/newsletter/subscribe", form=form, headers={"x_request_id": "abc-123_4.5"})
    assert db.session.scalars(sa.select(outbox_letter.c.headers)).one()["X-Request-ID"] == "abc-123_4.5"
    visitor.app.logger.warning("caused by none")
    caused, other = map(json.loads, caplog.text.splitlines())
    assert (caused["request_id"], other.get("request_id")) == ("abc-123_4.5", None)


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space", "a\u00e9bcdefgh", "{}{}{}{}{}", '"quoted-"'])
def test_anything_else_gets_an_id_of_ours(visitor: Visitor, given: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", visitor.reads("/method", x_request_id=given).headers["X-Request-ID"])


def test_what_the_cache_answers_is_logged_alike(visitor: Visitor, lines: list[str]) -> None:
    visitor.hurried = True
    etag = visitor.reads("/method").headers["ETag"]
    visitor.reads("/method")
    visitor.reads("/method", 304, if_none_match=etag)
    rendered, kept, unchanged = (json.loads(line) for line in lines)
    assert [list(fields) for fields in (kept, unchanged)] == [list(rendered)] * 2
    assert [fields["status"] for fields in (rendered, kept, unchanged)] == [200, 200, 304]


def test_lines_of_requests_look_like_all_others(visitor: Visitor, lines: list[str]) -> None:
    visitor.reads("/method")
    record = logging.LogRecord("verdicts.requests", logging.INFO, "", 0, "request", (), None)
    like, fields = json.loads(JsonLines().format(record)), json.loads(lines[0])
    assert list(fields)[: len(like)] == list(like)
    assert [re.sub("[0-9]", "0", each["at"]) for each in (fields, like)] == ["0000-00-00T00:00:00.000Z"] * 2
    assert [fields[name] for name in ("level", "logger", "message")] == ["info", "verdicts.requests", "request"]


def test_each_request_has_its_own_id_also_from_the_cache(visitor: Visitor) -> None:
    visitor.hurried = True
    ids = {visitor.reads("/method").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_a_path_is_logged_as_it_is_read(visitor: Visitor, lines: list[str]) -> None:
    visitor.reads("/tools/%C3%A9t%C3%A9%0Ax", 404)
    (line,) = lines
    assert json.loads(line)["path"] == "/tools/été\nx"


@pytest.mark.parametrize("path", ["/tools/%C2%9B31m%C2%85x", "/tools/a%E2%80%A8b%E2%80%A9c", "/tools/%E2%80%AEx%7F%0D"])
def test_what_steers_a_terminal_or_ends_a_line_is_escaped(visitor: Visitor, lines: list[str], path: str) -> None:
    visitor.reads(path, 404)
    (line,) = lines
    assert line.isprintable()
    assert json.loads(line)["path"] == unquote(path)


def test_lines_of_gunicorn_itself_are_escaped_too(app: Flask) -> None:
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, "bad \x9b31m \u2028 \r", (), None)
    assert (
        PlainLines(logging.Formatter("[%(levelname)s] %(message)s")).format(record)
        == r"[ERROR] bad \u009b31m \u2028 \r"
    )
