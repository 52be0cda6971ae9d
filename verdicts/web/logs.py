"""One JSON line for each request, with a request id and nobody's address."""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("verdicts.requests")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# PostgreSQL's DETAIL names a key that is taken, which may be somebody's address.
_DETAIL = re.compile(r"^(DETAIL: ).*$", re.MULTILINE)
# A path may hold somebody's token (leave, confirm, reset): what follows these is not logged, however many slashes.
_SECRET_PATHS = re.compile(r"(/+newsletter/+(?:confirm|leave|preferences|bounces)/|/+admin/+reset/).+", re.DOTALL)


class JsonLines(logging.Formatter):
    """Formats every record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = _DETAIL.sub(r"\1…", self.formatException(record.exc_info))
        return escape_unprintable(json.dumps(line, ensure_ascii=False))


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
    """A WSGI layer that gives each request an id and writes one line when it has been answered."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        started = time.perf_counter()
        request_id = _request_id(environ)
        environ["verdicts.request_id"] = request_id
        fields: dict[str, Any] = {
            "request_id": request_id,
            "method": environ["REQUEST_METHOD"],
            "path": _path_of(environ),
        }

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            fields["status"] = int(status[:3])
            return start_response(status, [*headers, ("X-Request-ID", request_id)], exc_info)

        def write_line() -> None:
            fields["ms"] = round(1000 * (time.perf_counter() - started), 1)
            logger.info("request", extra={"fields": fields})

        return ClosingIterator(self._inner(environ, start), write_line)


def configure() -> None:
    """Write this project's log records as JSON lines to standard error, and gunicorn's without control characters.

    Only processes that serve call this.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
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
    return request_id if _REQUEST_ID.fullmatch(request_id) else uuid.uuid4().hex
