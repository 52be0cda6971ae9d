"""The one spelling of an address: other spellings with slashes too many or with capitals redirect to it."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from flask import Flask, redirect, request
from flask.ctx import has_request_context
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from verdicts.comparisons import address
from verdicts.web.caching import PUBLIC

# What a path may hold besides fixed words and still be in lower case. Tokens and files, by other names, have capitals.
_IN_LOWER_CASE = frozenset(["slug", "pair", "name", "id", "kind", "reviewer", "extension"])
_PLAIN = re.compile(r"[\w/.-]+", re.ASCII)
_COMPARISONS = "/compare/"
_SAFE = "/-._~!$&'()*+,;=:@"


def init_app(app: Flask) -> None:
    app.before_request(redirect_to_canonical)


def redirect_to_canonical() -> ResponseReturnValue | None:
    """Redirect (301) a GET to the spelling of its path that leads somewhere, with its query."""
    if request.method not in {"GET", "HEAD"}:
        return None
    path = with_single_slashes(request.path)
    if path == request.path and path == path.lower():
        return None
    arguments = _arguments_of(path.lower()) if _PLAIN.fullmatch(path) else None
    if arguments is not None and arguments.keys() <= _IN_LOWER_CASE:
        path = path.lower()
    if path == request.path:
        return None
    if path.startswith(_COMPARISONS):  # in one step, not in two
        path = _COMPARISONS + address.canonical(path.removeprefix(_COMPARISONS).split(address.JOINT))
    if _arguments_of(path) is None:
        return None
    query = request.query_string.decode("latin-1")
    response = redirect(quote(path, safe=_SAFE) + (f"?{query}" if query else ""), 301)
    response.headers["Cache-Control"] = PUBLIC
    return response


def with_single_slashes(path: str) -> str:
    """Return a path with single slashes and none at its end.

    It begins with one slash, so that no browser reads the name of another host in it.
    """
    return "/" + re.sub(r"/{2,}", "/", path).strip("/")


def _arguments_of(path: str) -> Mapping[str, object] | None:
    """Return what a path holds besides fixed words, by its names in our routes, or None where it leads nowhere."""
    adapter = request_ctx.url_adapter if has_request_context() else None
    try:
        return adapter.match(path, method="GET")[1] if adapter else None
    except HTTPException:
        return None
