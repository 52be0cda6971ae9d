"""Whether the time a sign-up takes tells if an address is known."""

import socket
import time
from collections.abc import Iterator
from itertools import count
from statistics import median
from urllib.parse import quote

from benchmarks.requests import network

TRIES = 200


def measure(port: int, tries: int = TRIES) -> None:
    """Sign up a known and an unknown address in turn, each try from a network of its own, and print both medians."""
    networks = count(1 << 15)

    def taken(address: str) -> float:
        while (seconds := sign_up(port, next(networks), address)) is None:
            time.sleep(0.5)  # the ballots of an earlier course are still being recorded
        return seconds

    taken("known@readers.example")
    known, unknown = [], []
    for number in range(tries):
        known.append(taken("known@readers.example"))
        unknown.append(taken(f"unknown{number}@readers.example"))
    slower, faster = sorted((median(known), median(unknown)), reverse=True)
    print(f"\nA sign-up, {tries} tries each in turn: a known address {1000 * median(known):.2f} ms, an unknown one")
    print(f"{1000 * median(unknown):.2f} ms in the median; the slower takes {slower / faster - 1:.1%} longer")


def sign_up(port: int, number: int, address: str) -> float | None:
    """Send the form and return the seconds until it is answered; None where the site is busy."""
    body = f"email={quote(address)}"
    head = (
        "POST /newsletter/subscribe HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"X-Forwarded-For: {network(number)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        began = time.perf_counter()
        connection.sendall(head.encode() + body.encode())
        answer = b"".join(_all_of(connection))
        seconds = time.perf_counter() - began
    if answer.startswith(b"HTTP/1.1 503"):
        return None
    if not answer.startswith(b"HTTP/1.1 303"):
        raise RuntimeError(answer[:200].decode(errors="replace"))
    return seconds


def _all_of(connection: socket.socket) -> Iterator[bytes]:
    while chunk := connection.recv(65536):
        yield chunk
