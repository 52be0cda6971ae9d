"""What is written of a response leaves together, and before what is done after it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from verdicts.web.packets import CORK, SentBeforeClosed, hold_back

pytestmark = pytest.mark.skipif(CORK is None, reason="only Linux holds packets back")


class Body:
    """A response's body that reads what the client has when it is closed."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.had = b""

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"first", b"second"])

    def close(self) -> None:
        self.had = self.client.recv(100)


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection: the site's and the client's."""
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        client = stack.enter_context(closing(socket.create_connection(listener.getsockname(), timeout=5)))
        yield stack.enter_context(closing(listener.accept()[0])), client


def test_a_client_has_a_response_before_its_body_is_closed(connection: tuple[socket.socket, socket.socket]) -> None:
    site, client = connection
    body = Body(client)
    response = SentBeforeClosed(lambda _environ, _start: body)({"gunicorn.socket": site}, lambda *_: site.sendall)
    hold_back(site, True)
    for part in response:
        site.sendall(part)
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(100)
    client.settimeout(5)
    response.close()  # type: ignore[attr-defined]  # WSGI's
    assert body.had == b"firstsecond"


def test_a_body_that_need_not_be_closed_is_sent(connection: tuple[socket.socket, socket.socket]) -> None:
    site, client = connection
    response = SentBeforeClosed(lambda _environ, _start: [b"all"])({"gunicorn.socket": site}, lambda *_: site.sendall)
    hold_back(site, True)
    site.sendall(b"".join(response))
    response.close()  # type: ignore[attr-defined]  # WSGI's
    assert client.recv(100) == b"all"
