"""Does the time of a sign-up reveal whether an address is known?"""

from itertools import count
from urllib.parse import quote

from benchmarks.timing import compare, post

KNOWN = "known@readers.example"


def measure(port: int, tries: int) -> None:
    """Sign up a known and an unknown address in turn, each time from another network."""
    networks = count(1 << 15)

    def sign_up(address: str) -> float | None:
        return post(port, next(networks), "/newsletter/subscribe", f"email={quote(address)}", 303)

    compare("A sign-up", lambda _try: sign_up(KNOWN), lambda number: sign_up(f"unknown{number}@readers.example"), tries)
