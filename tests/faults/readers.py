"""Readers as the site meets them: browsers that keep cookies, each behind a network of its own."""

import http.client
from collections.abc import Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

TIMEOUT = 30
NO_RESPONSE = (OSError, http.client.HTTPException)  # the latter where a server is killed amid a response


@dataclass(frozen=True)
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def is_acknowledged(self) -> bool:
        """Whether a vote was accepted: with a redirect, or with htmx's fragment."""
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

    def vote(self, tool: str, verdict: str, *, htmx: bool = False) -> Response:
        """Send a vote, following the request to send it again with a cookie; raises NO_RESPONSE if none comes."""
        response = self._post(f"/tools/{tool}/vote", verdict, htmx)
        return self._post(response.headers["Location"], verdict, htmx) if response.status == 307 else response

    def vote_twice_at_once(self, tool: str, verdict: str) -> list[Response]:
        """Send the same vote over two connections at once, and return the responses once none is pending."""
        waiting, responses = [], []
        with ExitStack() as stack:
            for connection in (_connect(self.port), _connect(self.port)):
                stack.callback(connection.close)
                with suppress(*NO_RESPONSE):
                    _send_request(connection, "POST", f"/tools/{tool}/vote", self._headers(), _vote_form(verdict))
                    waiting.append(connection)
            for connection in waiting:
                with suppress(*NO_RESPONSE):
                    responses.append(_read_response(connection))
        return responses

    def get(self, path: str) -> Response:
        return send(self.port, "GET", path, self._headers())

    def search_anew(self) -> Response:
        """Open a search of this network's own, which no cache holds. A network may open only so many."""
        return self.get(f"/tools?q=no{self.network}")

    def _post(self, path: str, verdict: str, htmx: bool) -> Response:
        headers = self._headers() | ({"HX-Request": "true"} if htmx else {})
        response = send(self.port, "POST", path, headers, _vote_form(verdict))
        for line in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return response

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
) -> Response:
    """Send one request over a connection of its own."""
    with closing(_connect(port)) as connection:
        _send_request(connection, method, path, headers, body)
        return _read_response(connection)


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)


def _send_request(
    connection: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: str | None
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body, {**headers, **form})


def _read_response(connection: http.client.HTTPConnection) -> Response:
    response = connection.getresponse()
    return Response(response.status, response.headers, response.read())


def _vote_form(verdict: str) -> str:
    return urlencode({"verdict": verdict})
