"""Reads a request's body before its view runs: a view that waited for it while it writes would make everybody wait."""

import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected

from verdicts.web import errors
from verdicts.web.origin import SAFE_METHODS

View = TypeVar("View", bound=Callable[..., object])

_READING_VIEWS: set[Callable[..., object]] = set()
TOO_SLOW = "What you sent took too long to arrive, so nothing was saved. Try again."


class BodyTooSlow(TimeoutError):
    """The rest of a body did not come in time."""


class TooManyBodies(OSError):
    """Half of the threads wait for large bodies already."""


def init_app(app: Flask) -> None:
    app.before_request(read_first)
    app.register_error_handler(ClientDisconnected, handle_lost_body)


def reads_body_itself(view: View) -> View:
    """Mark a view that reads its body before it writes, or not at all: it takes larger ones, or any."""
    _READING_VIEWS.add(view)
    return view


def read_first() -> None:
    """Read and parse the body. Raises RequestEntityTooLarge. Admin pages read theirs once it is known who sends it."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.method in SAFE_METHODS or view in _READING_VIEWS or "admin" in request.blueprints:
        return
    _ = request.form


def handle_lost_body(error: ClientDisconnected) -> ResponseReturnValue:
    """Answer a client whose body did not come: there is nobody to read it where the connection is lost."""
    if isinstance(error.__context__, TooManyBodies):
        return errors.handle_overload(error.__context__)
    return errors.render_error(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)


class BoundedSocket:
    """A connection that a thread reads the rest of a large body from: in time, and few threads at once."""

    def __init__(self, sock: socket.socket, deadline: float, slots: threading.Semaphore) -> None:
        self._socket = sock
        self._deadline = deadline
        self._slots = slots
        self._has_slot = False

    def recv(self, size: int) -> bytes:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise BodyTooSlow
        self._has_slot = self._has_slot or self._slots.acquire(blocking=False)
        if not self._has_slot:
            raise TooManyBodies
        before = self._socket.gettimeout()
        self._socket.settimeout(remaining if before is None else min(before, remaining))
        try:
            return self._socket.recv(size)
        except TimeoutError:
            raise BodyTooSlow from None
        finally:
            self._socket.settimeout(before)

    def gettimeout(self) -> float | None:
        return self._socket.gettimeout()

    def settimeout(self, seconds: float | None) -> None:
        self._socket.settimeout(seconds)

    def release(self) -> None:
        """Let others read. What has not been read by now is not waited for."""
        self._deadline = 0
        if self._has_slot:
            self._has_slot = False
            self._slots.release()
