"""Whether the time of an answer reveals which addresses are known: two kinds of request in turn, and both medians."""

import socket
import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.requests import network

TRIES = 200

TimedRequest = Callable[[int], float | None]  # takes the try's number, returns its seconds; None if the site is busy


def compare(name: str, known: TimedRequest, unknown: TimedRequest, tries: int) -> None:
    """Send both requests in turn and print their medians. A first try, number -1, does not count."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(-1, tries):
        for measured, send_request in zip(times, (known, unknown), strict=True):
            while (seconds := send_request(number)) is None:
                time.sleep(0.5)  # the site still works on requests of an earlier benchmark
            measured += [seconds] if number >= 0 else []
    slower, faster = sorted(map(median, times), reverse=True)
    print(f"\n{name}, {tries} tries each in turn: a known address {1000 * median(times[0]):.2f} ms, an unknown one")
    print(f"{1000 * median(times[1]):.2f} ms in the median; the slower takes {slower / faster - 1:.1%} longer")


def post(port: int, number: int, path: str, body: str, expected: int, cookie: str = "") -> float | None:
    """Send a form from the network of this number and return the seconds until it is answered."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"X-Forwarded-For: {network(number)}\r\n{f'Cookie: {cookie}' if cookie else 'X-None: 0'}\r\n\r\n"
    )
    started_at = time.perf_counter()
    answer = send(port, head.encode() + body.encode())
    seconds = time.perf_counter() - started_at
    if answer.startswith(b"HTTP/1.1 503"):
        return None
    if not answer.startswith(f"HTTP/1.1 {expected}".encode()):
        raise RuntimeError(answer[:200].decode(errors="replace"))
    return seconds


def send(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(_receive_all(connection))


def _receive_all(connection: socket.socket) -> Iterator[bytes]:
    while chunk := connection.recv(65536):
        yield chunk
