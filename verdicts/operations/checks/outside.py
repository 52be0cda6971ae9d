"""Requests to BASE_URL as a reader sends them: through DNS, the certificate and every proxy."""

import http.client
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from json import JSONDecodeError, loads
from urllib.parse import urlsplit

from verdicts.operations import probes
from verdicts.operations.probes import Sighting

SECONDS = 10
CLAIMED_ADDRESS = "198.51.100.77"  # of a range for documentation (RFC 5737): nobody has it


@dataclass(frozen=True)
class Answer:
    """`source` is the address that the request was sent from; the certificate's end is None over plain HTTP."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    source: str
    certificate_ends_at: datetime | None


@dataclass(frozen=True)
class Probe:
    """What the site saw of two requests: an ordinary one, and one that claims to come from CLAIMED_ADDRESS."""

    answer: Answer
    seen: Sighting
    claimed: Sighting


@dataclass(frozen=True)
class Unreachable:
    """BASE_URL does not lead to this site, in words."""

    words: str


def ask(base_url: str) -> Probe | Unreachable:
    """Ask the site at BASE_URL what arrives of a request."""
    try:
        answer, seen = _probe(base_url, {})
        _, claimed = _probe(base_url, {"X-Forwarded-For": CLAIMED_ADDRESS})
    except ssl.SSLCertVerificationError as error:
        return Unreachable(f"the certificate is not valid for it: {error.verify_message}")
    except (OSError, http.client.HTTPException) as error:
        return Unreachable(f"it cannot be reached: {error}")
    except WrongAnswer as error:
        return Unreachable(str(error))
    return Probe(answer, seen, claimed)


class WrongAnswer(Exception):
    """What answered is not this site, or not freshly; the message says how."""


def fetch(base_url: str, path: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    """Request a path, and follow no redirect. Raises OSError or HTTPException."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
    )
    with closing(connection):
        connection.connect()
        source, ends_at = connection.sock.getsockname()[0], _certificate_end(connection.sock)
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read(), source, ends_at)


def _certificate_end(sock: socket.socket) -> datetime | None:
    certificate = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def _probe(base_url: str, headers: dict[str, str]) -> tuple[Answer, Sighting]:
    nonce, question = probes.create()
    answer = fetch(base_url, "/livez", headers={**headers, probes.HEADER: question})
    if location := answer.headers.get("Location"):
        raise WrongAnswer(f"it redirects to {location}")
    try:
        sighting = probes.open_answer(loads(answer.body).get("probe", ""))
    except (JSONDecodeError, UnicodeDecodeError, AttributeError, TypeError):
        raise WrongAnswer(f"what answers there, with {answer.status}, is not this site") from None
    if sighting is None:
        raise WrongAnswer(f"a site with another SECRET_KEY answers there, or a proxy drops {probes.HEADER}")
    if sighting.nonce != nonce:
        raise WrongAnswer("a proxy has stored an answer that is marked no-store")
    return answer, sighting
