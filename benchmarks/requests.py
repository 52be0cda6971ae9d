"""Requests as bytes. They must be cheap to build: a slow load generator measures itself."""

import secrets
from functools import lru_cache
from ipaddress import IPv6Address

from flask import Flask

from verdicts import config
from verdicts.web import voters
from verdicts.web.signatures import TolerantSerializer

BODY = b"verdict=ship"
FIRST_NETWORK = int(IPv6Address("2001:db8::1"))
NETWORKS = 1 << 16


def get(path: str, *, accept_encoding: str = "identity", network: object = "127.0.0.1") -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: {accept_encoding}\r\n"
        f"X-Forwarded-For: {network}\r\n\r\n"
    ).encode()


def vote(settings: config.Settings, number: int, tool: str = "mistral-code") -> bytes:
    """Return the vote of a reader who has a cookie and has never voted, in a network with few readers."""
    head = (
        f"POST /tools/{tool}/vote HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(BODY)}\r\n"
        f"X-Forwarded-For: {network(number)}\r\nCookie: {_cookie(settings)}\r\n\r\n"
    )
    return head.encode() + BODY


def network(number: int) -> IPv6Address:
    """Return an address in the network of this number."""
    return IPv6Address(FIRST_NETWORK + (number % NETWORKS << 80))


def _cookie(settings: config.Settings) -> str:
    name, signer = _signing(settings)
    return f"{name}={signer.dumps(secrets.token_hex(voters.TOKEN_BYTES))}"


@lru_cache(maxsize=1)
def _signing(settings: config.Settings) -> tuple[str, TolerantSerializer]:
    app = Flask("signing")
    app.config["SETTINGS"] = settings
    with app.app_context():
        return voters.cookie_name(), voters.signer()
