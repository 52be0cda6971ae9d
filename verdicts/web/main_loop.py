"""Responses that gunicorn's main loop sends itself: to requests for pages that are kept in memory.

To hand such a request over to a thread takes more time than all the rest: the thread is woken, waits for Python's lock,
and wakes the main loop again.
"""

from collections.abc import Sequence
from typing import Any

from flask import Flask
from gunicorn.http import wsgi
from gunicorn.http.body import LengthReader
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

from verdicts.web.arrivals import Arrival
from verdicts.web.caching import IN_MAIN_LOOP, NEEDS_THREAD, cache_of


class _Collected(list[bytes]):
    """A socket's place, for what would be sent over it."""

    sendall = list.append


def respond(arrival: Arrival, conn: Any, cfg: Any, site: Flask, *, closes: bool = False) -> list[bytes] | None:
    """Return the parts of a whole response, or None where a thread must see to the request.

    gunicorn reads the request and writes the response, and the site's layers see both, as in a thread. With `closes`
    the response says that its connection is closed after it.
    """
    response = _Collected()
    try:
        if not arrival.target or not cache_of(site).holds(arrival.target):
            return None
        request = Request(cfg, IterUnreader(iter([bytes(arrival.data)])), conn.client)
        if request.should_close() or _has_body(request):
            return None
        answer, environ = wsgi.create(request, response, conn.client, conn.server, cfg)
        if closes:
            answer.force_close()
        environ[IN_MAIN_LOOP] = True
        body = site(environ, answer.start_response)
        if body is NEEDS_THREAD:
            return None
        for part in body:
            answer.write(part)
        answer.close()
    except Exception:  # the thread that gets the request meets the error too, answers and logs it
        return None
    return response


def _has_body(request: Request) -> bool:
    """Say whether gunicorn reads a body after the head, which an Arrival may have overlooked: it is no next request."""
    reader = request.body.reader
    return not isinstance(reader, LengthReader) or reader.length > 0


def rest_of(parts: Sequence[bytes | memoryview], sent: int) -> list[memoryview]:
    """Return what remains of these parts after so many bytes of them, without a copy."""
    rest = []
    for part in parts:
        if sent < len(part):
            rest.append(memoryview(part)[sent:])
        sent = max(0, sent - len(part))
    return rest
