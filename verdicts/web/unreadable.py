"""Responses to requests that no view sees: what cannot be read as HTTP, and what did not arrive in time.

gunicorn's own pages have none of our headers and repeat what was sent, and its log names the client's address.
"""

import logging
from functools import cache
from http import HTTPStatus

from gunicorn.http import errors as faults

from verdicts.web import errors, headers

logger = logging.getLogger("verdicts.requests")

REASONS = {
    HTTPStatus.BAD_REQUEST: "This is not a request that we can read, so nothing was done.",
    HTTPStatus.REQUEST_TIMEOUT: "The request took too long to arrive, so nothing was done. Try again.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "That address is too long.",
    HTTPStatus.EXPECTATION_FAILED: "We cannot do what the request expects first.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The request’s headers are too large. Delete this site’s cookies.",
    HTTPStatus.INTERNAL_SERVER_ERROR: errors.REASONS[500],
    HTTPStatus.SERVICE_UNAVAILABLE: f"{errors.REASONS[503]} Try again in a few seconds.",
    HTTPStatus.NOT_IMPLEMENTED: "We do not know the request’s transfer coding.",
}
_STATUSES: list[tuple[tuple[type[Exception], ...], HTTPStatus]] = [
    (
        (faults.InvalidResponseHeader, faults.InvalidResponseHeaderName, faults.ConfigurationProblem),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    ),
    ((faults.LimitRequestLine,), HTTPStatus.REQUEST_URI_TOO_LONG),
    ((faults.LimitRequestHeaders,), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    ((faults.ExpectationFailed,), HTTPStatus.EXPECTATION_FAILED),
    ((faults.UnsupportedTransferCoding,), HTTPStatus.NOT_IMPLEMENTED),
    ((faults.ParseException,), HTTPStatus.BAD_REQUEST),
]


def status_of(error: Exception) -> HTTPStatus:
    """Return the status that answers an error of gunicorn's parser; 500 for any other error."""
    found = (status for kinds, status in _STATUSES if isinstance(error, kinds))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def log(error: Exception) -> None:
    """Write a line about a request that was not read: the kind of error alone, as its words repeat the request."""
    status = status_of(error)
    fields = {"status": int(status), "error": type(error).__name__}
    is_ours = status == HTTPStatus.INTERNAL_SERVER_ERROR
    logger.log(
        logging.ERROR if is_ours else logging.INFO,
        "a request that was not read",
        extra={"fields": fields},
        exc_info=error if is_ours else None,
    )


@cache
def render(status: HTTPStatus, *, is_https: bool, closes: bool = True) -> bytes:
    """Return a whole response of plain text. It says whether the connection is closed after it."""
    body = f"{REASONS[status]}\n".encode()
    fields = {
        **headers.HEADERS,
        **({"Strict-Transport-Security": headers.HSTS} if is_https else {}),
        **({"Retry-After": str(errors.RETRY_AFTER_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}),
        "Cache-Control": "no-store",
        **({"Connection": "close"} if closes else {}),
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
