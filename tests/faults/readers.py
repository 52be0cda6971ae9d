"""Readers as the site meets them: browsers that keep cookies, each behind a network of its own."""

import http.client
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

TIMEOUT = 30
NO_ANSWER = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def is_acknowledged(self) -> bool:
        """Whether a ballot was accepted: by the page to go to, or by htmx's fragment."""
        return self.status in {200, 303}

    @property
    def retry_after(self) -> int:
        """The seconds that Retry-After names; 0 where it is missing."""
        return int(self.headers.get("Retry-After", "0"))


@dataclass
class Reader:
    """One browser. `network` numbers the /48 it sits in, of the IPv6 range set aside for documentation."""

    port: int
    network: int
    cookies: dict[str, str] = field(default_factory=dict)

    def vote(self, tool: str, verdict: str, *, htmx: bool = False) -> Answer:
        """Send a ballot, following the request to send it again with a cookie; raises NO_ANSWER where none came."""
        answer = self._post(f"/tools/{tool}/vote", verdict, htmx)
        return self._post(answer.headers["Location"], verdict, htmx) if answer.status == 307 else answer

    def tap_twice(self, tool: str, verdict: str) -> list[Answer]:
        """Send the same ballot over two connections at once; return the answers that came, when none is under way."""
        asked, answers = [], []
        for connection in (_connect(self.port), _connect(self.port)):
            with suppress(*NO_ANSWER):
                _ask(connection, "POST", f"/tools/{tool}/vote", self._headers(), _ballot(verdict))
                asked.append(connection)
        for connection in asked:
            with closing(connection), suppress(*NO_ANSWER):
                answers.append(_answer(connection))
        return answers

    def get(self, path: str) -> Answer:
        return send(self.port, "GET", path, self._headers())

    def _post(self, path: str, verdict: str, htmx: bool) -> Answer:
        headers = self._headers() | ({"HX-Request": "true"} if htmx else {})
        answer = send(self.port, "POST", path, headers, _ballot(verdict))
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    def _headers(self) -> dict[str, str]:
        return {
            "X-Forwarded-For": f"2001:db8:{self.network:x}::1",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": self.cookie_header,
        }

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def send(
    port: int, method: str, path: str, headers: Mapping[str, str] | None = None, body: str | None = None
) -> Answer:
    """Send one request over a connection of its own."""
    with closing(_connect(port)) as connection:
        _ask(connection, method, path, headers, body)
        return _answer(connection)


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)


def _ask(
    connection: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: str | None
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body, {**headers, **form})


def _answer(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def _ballot(verdict: str) -> str:
    return urlencode({"verdict": verdict})
