"""The client's address: cleaned once, after the trusted proxies were believed, for everything that uses it.

Proxies write it in many ways: with a port, in brackets, with a zone, as IPv4 in IPv6. Rate limits, votes that wait and
the throttle of log-ins all read `request.remote_addr`, so this is the one place where it is made plain.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from verdicts.voting.networks import UNREADABLE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::[0-9]{1,5})?")
_PORT = re.compile(r":[0-9]{1,5}$")


class CleanClientAddress:
    """A WSGI layer that replaces REMOTE_ADDR with what `clean_address` makes of it."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = clean_address(environ.get("REMOTE_ADDR") or "")
        return self._inner(environ, start_response)


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
