"""Error pages in our own design: a page for a browser, a notice for htmx, and never a word from inside."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, current_app, make_response, render_template, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.logos import TooManyDecodes
from verdicts.extensions import TooManyWriters, db, limiter
from verdicts.staff.passwords import TooManyHashes
from verdicts.web.htmx import wants_fragment

logger = logging.getLogger(__name__)

TRY_AGAIN_AFTER_SECONDS = 2
OVERLOADS = (OperationalError, InterfaceError, PoolExhausted, TooManyDecodes, TooManyHashes, TooManyWriters)
LONGEST_BALLOT = 1000
TITLES = {
    400: "That request makes no sense to us.",
    403: "Refused.",
    404: "Nothing here.",
    405: "Not this way.",
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
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_crash)
    for overload in OVERLOADS:
        app.register_error_handler(overload, answer_overload)


def answer_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(_seconds_until_reset())
    return answer(
        error.code, _reason(error), headers=headers, search="" if error.code == HTTPStatus.NOT_FOUND else None
    )


def answer_overload(error: Exception) -> ResponseReturnValue:
    give_up(error)
    return answer(503, REASONS[503], headers={"Retry-After": str(TRY_AGAIN_AFTER_SECONDS)})


def give_up(overload: Exception) -> None:
    """Note that a request is answered 503, and end its transaction."""
    logger.warning("answered 503: %s", type(overload).__name__, exc_info=not isinstance(overload, TooManyWriters))
    db.session.rollback()


def answer_crash(error: Exception) -> ResponseReturnValue:
    logger.error("unhandled exception", exc_info=error)
    return answer(500, REASONS[500])


def answer(status: int, reason: str, headers: Mapping[str, str] | None = None, search: str | None = None) -> Response:
    """Return an error as a page, or for htmx as a notice to stand beside what caused it.

    A ballot that was refused stays at hand, to be sent again; `search` offers to look for these words.
    """
    headers = headers or {}
    _let_templates_link()
    page = render_template(
        "errors/_notice.html" if wants_fragment() else "errors/page.html",
        status=status,
        title=TITLES.get(status, f"{HTTPStatus(status).phrase}."),
        reason=reason,
        retry_after=int(headers.get("Retry-After", 0)),
        tried="" if status == HTTPStatus.NOT_FOUND else _ballot_tried(),
        search=search,
    )
    return make_response(page, status, {**headers, "Cache-Control": "no-store"})


def _let_templates_link() -> None:
    """Let an error page link to our own: a host that is not trusted leaves the request without addresses."""
    if request_ctx.url_adapter is None:
        request_ctx.url_adapter = current_app.url_map.bind("")


def _ballot_tried() -> str:
    if request.endpoint != "voting.vote" or request.content_length is None or request.content_length > LONGEST_BALLOT:
        return ""
    tried = request.form.get("verdict", "")
    return tried if tried in {*Verdict, "none"} else ""


def _seconds_until_reset() -> int:
    """Return how long a client that asked too often should wait: the limit's whole window.

    Not the rest of it: that would ask the store of the limits again, which may have gone away meanwhile.
    """
    limit = limiter.current_limit
    return limit.limit.get_expiry() if limit else 60


def _reason(error: HTTPException) -> str:
    # Werkzeug's own words are for developers; ours stand in REASONS or were given to abort().
    if isinstance(error, (SecurityError, InternalServerError)) or error.description == type(error).description:
        return REASONS.get(error.code or 500, "It cannot be answered as it is.")
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return REASONS[429]
    return str(error.description)
