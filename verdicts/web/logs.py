"""One JSON line for each request, with a request id and nobody's address."""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from flask import Flask, g, has_app_context, request
from werkzeug.wsgi import ClosingIterator

from verdicts.web.caching import NEEDS_THREAD
from verdicts.web.metric_counts import MetricCounts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = "verdicts.request_id"  # where the environ of a request has its id
_LOGGER_NAME = "verdicts.requests"
_descriptor: int | None = None  # of the file that lines of requests go to

_VALID_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# PostgreSQL's DETAIL names a key that is taken, which may be somebody's address.
DETAIL = re.compile(r"^(DETAIL: ).*$", re.MULTILINE)
# A path may hold somebody's token (leave, confirm, reset): what follows these is not logged, however many slashes.
_SECRET_PATHS = re.compile(r"(/+newsletter/+(?:confirm|leave|preferences|bounces)/|/+admin/+reset/).+", re.DOTALL)


def init_app(app: Flask) -> None:
    """Let the lines, the letters and the error reports that a request causes name its id, by `g.request_id`."""

    @app.before_request
    def note_id() -> None:
        if request_id := request.environ.get(REQUEST_ID):  # not where the log's layer was left out
            g.request_id = request_id

    @app.teardown_request
    def forget_id(_error: BaseException | None) -> None:
        g.pop("request_id", None)


class JsonLines(logging.Formatter):
    """Formats every record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": _moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **({"request_id": g.request_id} if has_app_context() and "request_id" in g else {}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = DETAIL.sub(r"\1…", self.formatException(record.exc_info))
        return escape_unprintable(json.dumps(line, ensure_ascii=False))


def _moment(seconds: float) -> str:
    """Return a moment, in seconds since the epoch, in the format of ISO 8601."""
    return f"{_whole_second(int(seconds))}.{int(seconds % 1 * 1000):03d}Z"


@lru_cache(maxsize=4)
def _whole_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


class PlainLines(logging.Formatter):
    """Another formatter's lines, without control characters: those that gunicorn writes itself."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(escape_unprintable, self._inner.format(record).split("\n")))


def escape_unprintable(text: str) -> str:
    """Return a text of printable characters: others, as in JSON.

    Controls from U+0080 on steer a terminal, and what separates lines or paragraphs makes one line look like two.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


class RequestLog:
    """A WSGI layer that gives each request an id, and writes one line and counts when it has been answered.

    The lines are those of JsonLines, put together by hand: half of the time of a cached page went into the records of
    the logging package.
    """

    def __init__(self, inner: "WSGIApplication", counts: MetricCounts | None = None) -> None:
        self._inner = inner
        self._counts = counts

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        started = time.perf_counter()
        request_id = environ[REQUEST_ID] = _request_id(environ)
        code = "0"

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal code
            code = status[:3]
            return start_response(status, [*headers, ("X-Request-ID", request_id)], exc_info)

        def finish() -> None:
            seconds = time.perf_counter() - started
            write_line(_line_of(environ, request_id, code, 1000 * seconds))
            if self._counts:
                self._counts.count_request(environ.get("PATH_INFO", ""), code, seconds)

        body = self._inner(environ, start)
        if body is NEEDS_THREAD:
            return body
        if isinstance(body, list):  # nothing is left to be done for it
            finish()
            return body
        return ClosingIterator(body, finish)


def write_line(line: str) -> None:
    """Write a line of a request, where configure() has been called.

    It is one write, so that lines of several threads and processes never mix. A full disk fails no request.
    """
    if _descriptor is not None:
        with suppress(OSError):
            os.write(_descriptor, f"{line}\n".encode())


def configure() -> None:
    """Write this project's log records as JSON lines to standard error, and gunicorn's without control characters.

    Only processes that serve call this.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    global _descriptor
    _descriptor = sys.stderr.fileno()
    project = logging.getLogger("verdicts")
    project.handlers[:] = [handler]
    project.setLevel(logging.INFO)
    project.propagate = False
    for server_handler in logging.getLogger("gunicorn.error").handlers:
        server_handler.setFormatter(PlainLines(server_handler.formatter or logging.Formatter()))


def _path_of(environ: "WSGIEnvironment") -> str:
    # WSGI passes a path's bytes as if they were Latin-1 (PEP 3333).
    path = environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace")
    return _SECRET_PATHS.sub(r"\1…", path)[:300]


def _request_id(environ: "WSGIEnvironment") -> str:
    request_id = environ.get("HTTP_X_REQUEST_ID", "")
    return request_id if _VALID_ID.fullmatch(request_id) else os.urandom(16).hex()


def _line_of(environ: "WSGIEnvironment", request_id: str, code: str, milliseconds: float) -> str:
    method, path = encode_basestring(environ["REQUEST_METHOD"]), encode_basestring(_path_of(environ))
    return escape_unprintable(
        f'{{"at": "{_moment(time.time())}", "level": "info", "logger": "{_LOGGER_NAME}", "message": "request", '
        f'"request_id": "{request_id}", "method": {method}, "path": {path}, "status": {code}, '
        f'"ms": {milliseconds:.1f}}}'
    )
