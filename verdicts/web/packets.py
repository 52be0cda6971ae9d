"""A thread holds back what it writes of a response until all of it is there, so that its head goes with its body."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CORK = getattr(socket, "TCP_CORK", None)  # of Linux


def hold_back(sock: socket.socket, is_on: bool) -> None:
    """Send what is written from now on in full packets, or what is held back at once."""
    if CORK is not None:
        with suppress(OSError):  # it is closed
            sock.setsockopt(socket.IPPROTO_TCP, CORK, is_on)


class SentBeforeClosed:
    """A WSGI layer next to gunicorn: nobody waits for what is done once a response is written, such as its log line."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return _Body(self._inner(environ, start_response), environ["gunicorn.socket"])


class _Body:
    def __init__(self, parts: Iterable[bytes], sock: socket.socket) -> None:
        self._parts = parts
        self._socket = sock

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        hold_back(self._socket, False)
        if close := getattr(self._parts, "close", None):
            close()
