"""Error pages in the site's design: a page for a browser, a notice for htmx. They show nothing internal."""

import errno
import logging
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus

from flask import Flask, Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from verdicts import outages
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.logos import TooManyDecodes
from verdicts.config import Settings, current_settings
from verdicts.extensions import TRANSIENT_ERRORS, TooManyWriters, db, limiter
from verdicts.staff.passwords import TooManyHashes
from verdicts.web.drawing import TooManyPictures
from verdicts.web.htmx import wants_fragment

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2
READ_ONLY_RETRY_AFTER_SECONDS = 30
READ_ONLY = "Nothing can be changed here right now, only read. Nothing was saved. Try again in a minute."
NO_DESCRIPTOR = {errno.EMFILE, errno.ENFILE}
OVERLOAD_ERRORS = (*TRANSIENT_ERRORS, TooManyDecodes, TooManyHashes, TooManyPictures)
VOTE_ENDPOINT = "voting.vote"
MAX_VOTE_BYTES = 1000
MAX_REFUSALS = 256  # that are kept: a few for each tool that is voted on at once
TITLES = {
    400: "That request makes no sense to us.",
    401: "A password first.",
    403: "Not allowed.",
    404: "Nothing here.",
    405: "Not this way.",
    408: "Too slow.",
    409: "Somebody was faster.",
    413: "That is too much at once.",
    414: "That address is too long.",
    422: "Not yet: something to fix.",
    429: "Too many at once.",
    500: "Our mistake.",
    503: "One moment, please.",
}
REASONS = {
    404: "There is no page at this address. It may have moved, or never have been.",
    405: "This address does not take that kind of request.",
    413: "What was sent is larger than anything we ask for.",
    429: "So many requests came from you or your network within a minute that we stopped taking them.",
    500: "Something broke on our side. It has been written down; nothing you did was saved.",
    503: "More is asked of us than we can do right now. Nothing was saved.",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, handle_crash)
    for error in OVERLOAD_ERRORS:
        app.register_error_handler(error, handle_overload)


def read_templates() -> None:
    """Read the templates of error pages, for which no file may be left to open when they are needed."""
    with current_app.test_request_context():
        for is_fragment in (False, True):
            _render(HTTPStatus.SERVICE_UNAVAILABLE, "", 0, "", is_fragment=is_fragment)


def handle_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(_seconds_until_reset())
    return render_error(error.code, _reason(error), headers, _search_for(error))


def handle_overload(error: Exception) -> ResponseReturnValue:
    roll_back(error)
    outage = outages.find_outage(error)
    if outage and outage.is_read_only:
        return render_error(503, READ_ONLY, headers={"Retry-After": str(READ_ONLY_RETRY_AFTER_SECONDS)})
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if request.endpoint != VOTE_ENDPOINT:
        return render_error(503, REASONS[503], headers)
    page = _render_refused_vote(current_settings(), wants_fragment(), request.path, _submitted_verdict())
    return make_response(page, 503, {**headers, "Cache-Control": "no-store"})


@lru_cache(maxsize=MAX_REFUSALS)
def _render_refused_vote(_settings: Settings, is_fragment: bool, _path: str, verdict: str) -> str:
    """Return what a vote that cannot be counted now is answered. It is kept: refusing must cost less than counting."""
    return _render(503, REASONS[503], RETRY_AFTER_SECONDS, verdict, is_fragment=is_fragment)


def roll_back(overload: Exception) -> None:
    """Roll back the request's transaction and log that the request is answered 503."""
    logger.warning("answered 503: %s", type(overload).__name__, exc_info=not isinstance(overload, TooManyWriters))
    db.session.rollback()


def handle_crash(error: Exception) -> ResponseReturnValue:
    if isinstance(error, OSError) and error.errno in NO_DESCRIPTOR:
        return handle_overload(error)
    logger.error("unhandled exception", exc_info=error)
    return render_error(500, REASONS[500])


def render_error(
    status: int, reason: str, headers: Mapping[str, str] | None = None, search: str | None = None
) -> Response:
    """Return an error as a page, or for htmx as a notice beside what caused it.

    A vote that was not counted can be sent again from there. `search` offers a search for these words.
    """
    headers = headers or {}
    verdict = "" if status == HTTPStatus.NOT_FOUND else _submitted_verdict()
    page = _render(status, reason, int(headers.get("Retry-After", 0)), verdict, search, is_fragment=wants_fragment())
    return make_response(page, status, {**headers, "Cache-Control": "no-store"})


def _render(
    status: int, reason: str, retry_after: int, verdict: str, search: str | None = None, *, is_fragment: bool
) -> str:
    return render_template(
        "errors/_notice.html" if is_fragment else "errors/page.html",
        status=status,
        title=TITLES.get(status, f"{HTTPStatus(status).phrase}."),
        reason=reason,
        retry_after=retry_after,
        submitted_verdict=verdict,
        search=search,
    )


def _search_for(error: HTTPException) -> str | None:
    """Return the words that the page offers to search for; a search that was refused keeps what was typed."""
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return request.args.get("q")
    return "" if error.code == HTTPStatus.NOT_FOUND else None


def _submitted_verdict() -> str:
    if request.endpoint != VOTE_ENDPOINT or request.content_length is None or request.content_length > MAX_VOTE_BYTES:
        return ""
    verdict = request.form.get("verdict", "")
    return verdict if verdict in {*Verdict, "none"} else ""


def _seconds_until_reset() -> int:
    """Return how long a rate-limited client should wait: the limit's whole window.

    What is left of the window stands in the limits' storage, which may have become unreachable.
    """
    limit = limiter.current_limit
    return limit.limit.get_expiry() if limit else 60


def _reason(error: HTTPException) -> str:
    # Werkzeug's descriptions are for developers. Ours are in REASONS, or were passed to abort().
    if isinstance(error, (SecurityError, InternalServerError)) or error.description == type(error).description:
        return REASONS.get(error.code or 500, "It cannot be answered as it is.")
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return REASONS[429]
    return str(error.description)
