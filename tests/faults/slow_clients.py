"""Clients that send half of a request, or never close."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from tests.faults.serving import Site

CLIENTS = 30
SAME_SITE = b"Host: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
VOTE = b"POST /tools/claude-code/vote?voter=new HTTP/1.1\r\n" + SAME_SITE
HALVES = {
    "nothing": b"",
    "heads": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-",
    "bodies": VOTE + b"Content-Length: 12\r\n\r\nverdict",
    "confirmations": b"POST /newsletter/confirm/x HTTP/1.1\r\n" + SAME_SITE + b"Content-Length: 12\r\n\r\n",
    "preferences": b"POST /newsletter/preferences/x HTTP/1.1\r\n" + SAME_SITE + b"Content-Length: 12\r\n\r\n",
    "chunks": VOTE + b"Transfer-Encoding: chunked\r\n\r\nc\r\nverdict",
    "uploads": VOTE + b"Content-Length: 9000000\r\n\r\nverdict",
    "expectations": VOTE + b"Content-Length: 12\r\nExpect: 100-continue\r\n\r\n",
    "hooks": b"POST /newsletter/bounces/x HTTP/1.1\r\n" + SAME_SITE + b"Content-Length: 900000\r\n\r\n{",
    "answers not closed": b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
}


@contextmanager
def clients_sending(site: Site, data: bytes, count: int = CLIENTS) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        clients = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", site.port)))) for _ in range(count)
        ]
        for client in clients:
            client.sendall(data)
        time.sleep(0.1)
        yield clients
