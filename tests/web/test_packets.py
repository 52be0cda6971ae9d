"""What is written of a response is held back until all of it is there, and leaves before what is done after it."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

from verdicts.web.packets import CORK, SentBeforeClosed, hold_back

pytestmark = pytest.mark.skipif(CORK is None, reason="only Linux holds packets back")


@pytest.fixture
def site() -> Iterator[socket.socket]:
    """A socket that holds back what is written, as the worker's do."""
    with closing(socket.socket()) as site:
        hold_back(site, True)
        yield site


def holds_back(sock: socket.socket) -> bool:
    # Whether a client has it would show less: after a fifth of a second Linux sends what is held back all the same.
    return bool(sock.getsockopt(socket.IPPROTO_TCP, CORK))


def respond(body: Iterable[bytes], site: socket.socket) -> Any:
    return SentBeforeClosed(lambda _environ, _start: body)({"gunicorn.socket": site}, lambda *_: lambda _data: None)


class Body:
    """A response's body that says whether it is held back when it is closed."""

    held_back_at_last: bool

    def __init__(self, site: socket.socket) -> None:
        self._site = site

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"first", b"second"])

    def close(self) -> None:
        self.held_back_at_last = holds_back(self._site)


def test_a_response_leaves_when_it_is_whole_and_before_its_body_is_closed(site: socket.socket) -> None:
    body = Body(site)
    response = respond(body, site)
    assert [(part, holds_back(site)) for part in response] == [(b"first", True), (b"second", True)]
    response.close()
    assert body.held_back_at_last is False


def test_a_body_that_need_not_be_closed_leaves_too(site: socket.socket) -> None:
    response = respond([b"all"], site)
    assert list(response) == [b"all"]
    response.close()
    assert not holds_back(site)
