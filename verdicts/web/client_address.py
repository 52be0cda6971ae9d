"""The client's address: cleaned once, after the trusted proxies were believed, for everything that uses it.

Proxies write it in many ways: with a port, in brackets, with a zone, as IPv4 in IPv6. Rate limits, votes that wait and
the throttle of log-ins all read `request.remote_addr`, so this is the one place where it is made plain.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from flask import request
from werkzeug.http import parse_list_header

from verdicts.voting.networks import UNREADABLE, network_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::[0-9]{1,5})?")
_NETWORK = "verdicts.client_network"
_PORT = re.compile(r":[0-9]{1,5}$")


class CleanClientAddress:
    """A WSGI layer that replaces REMOTE_ADDR with what `clean_address` makes of it.

    Where proxies have stated too few addresses, ProxyFix leaves that of the nearest proxy: it is no client's.
    """

    def __init__(self, inner: "WSGIApplication", proxy_hops: int) -> None:
        self._inner = inner
        self._proxy_hops = proxy_hops

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = clean_address(self._stated_address(environ))
        return self._inner(environ, start_response)

    def _stated_address(self, environ: "WSGIEnvironment") -> str:
        stated = environ.get("HTTP_X_FORWARDED_FOR")
        if self._proxy_hops and stated is not None:
            addresses = parse_list_header(stated)
            return addresses[-self._proxy_hops] if len(addresses) >= self._proxy_hops else ""
        return environ.get("REMOTE_ADDR") or ""


def clean_address(text: str) -> str:
    """Return a client's address without port, brackets and zone, or UNREADABLE where there is none in the text."""
    text = text.strip().strip('"')
    bracketed = _BRACKETED.fullmatch(text)
    # An IPv6 address may end in what looks like a port, so the whole text is tried first.
    for candidate in [bracketed[1]] if bracketed else [text, _PORT.sub("", text)]:
        try:
            address = ip_address(candidate.partition("%")[0])
        except ValueError:
            continue
        return str(getattr(address, "ipv4_mapped", None) or address)
    return UNREADABLE


def client_network() -> str | None:
    """Return the network of the current request's client (voting.networks.network_of). It is found once a request."""
    environ = request.environ
    if _NETWORK not in environ:
        environ[_NETWORK] = network_of(request.remote_addr or "")
    network: str | None = environ[_NETWORK]
    return network
