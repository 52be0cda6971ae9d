"""Does the time of a log-in, or of a request for a new password, reveal which names exist?"""

import re
from datetime import UTC, datetime
from itertools import count
from urllib.parse import quote, urlencode

from benchmarks.timing import compare, post, send
from verdicts.staff import accounts, passwords
from verdicts.staff.models import Role

FIRST_NETWORK = 1 << 14


def known_name(number: int) -> str:
    return f"known{number}"


def prepare(tries: int) -> None:
    """Create an account for each try: a single one would be throttled. The caller calls begin_write() and commits."""
    password_hash, now = passwords.hash_password("plinth mango otter quartz"), datetime.now(UTC)
    for number in range(-1, tries):
        name = known_name(number)
        accounts.create(name, f"{name}@staff.example", Role.EDITOR, password_hash, now)


def measure(port: int, tries: int) -> None:
    """Try wrong passwords of known and unknown names in turn, and request new ones, each from another network."""
    networks = count(FIRST_NETWORK)
    token, cookie = _token(port)

    def log_in(name: str) -> float | None:
        data = {"csrf_token": token, "name": name, "password": "not the one", "code": "", "next": ""}
        return post(port, next(networks), "/admin/login", urlencode(data), 422, cookie)

    def forget(name: str) -> float | None:
        body = f"csrf_token={quote(token)}&email={name}@staff.example"
        return post(port, next(networks), "/admin/forgot", body, 303, cookie)

    compare("A log-in", lambda n: log_in(known_name(n)), lambda n: log_in(f"unknown{n}"), tries)
    compare("A new password", lambda n: forget(known_name(n)), lambda n: forget(f"unknown{n}"), tries)


def _token(port: int) -> tuple[str, str]:
    """Return the CSRF token of the log-in form and its cookie."""
    page = send(port, b"GET /admin/login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    cookie = re.search(r"Set-Cookie: (form=[^;]+)", page)
    if token is None or cookie is None:
        raise RuntimeError(page[:200])
    return token[1], cookie[1]
