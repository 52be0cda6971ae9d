"""The one spelling of an address: other spellings with slashes too many or with capitals redirect to it."""

import re
from urllib.parse import quote

from flask import Flask, redirect, request
from flask.ctx import has_request_context
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from verdicts.comparisons import address
from verdicts.web.caching import PUBLIC

# Below these all paths are made of slugs, which have no capitals. Tokens elsewhere have.
SLUG_SECTIONS = {"tools", "compare", "categories", "reviewers", "rankings", "digest"}
_OF_SLUGS = re.compile(r"[A-Za-z0-9/.-]+")
_COMPARISONS = "/compare/"
_SAFE = "/-._~!$&'()*+,;=:@"


def init_app(app: Flask) -> None:
    app.before_request(redirect_to_canonical)


def redirect_to_canonical() -> ResponseReturnValue | None:
    """Redirect (301) a GET to the spelling of its path that leads somewhere, with its query."""
    if request.method not in {"GET", "HEAD"}:
        return None
    path = canonical_path(request.path)
    if path == request.path:
        return None
    if path.startswith(_COMPARISONS):  # in one step, not in two
        path = _COMPARISONS + address.canonical(path.removeprefix(_COMPARISONS).split(address.JOINT))
    if not _leads_somewhere(path):
        return None
    query = request.query_string.decode("latin-1")
    response = redirect(quote(path, safe=_SAFE) + (f"?{query}" if query else ""), 301)
    response.headers["Cache-Control"] = PUBLIC
    return response


def canonical_path(path: str) -> str:
    """Return a path with single slashes, none at its end, and slugs in lower case.

    It begins with one slash, so that no browser reads the name of another host in it.
    """
    path = "/" + re.sub(r"/{2,}", "/", path).strip("/")
    is_of_slugs = path[1:].partition("/")[0].lower() in SLUG_SECTIONS and _OF_SLUGS.fullmatch(path)
    return path.lower() if is_of_slugs else path


def _leads_somewhere(path: str) -> bool:
    adapter = request_ctx.url_adapter if has_request_context() else None
    try:
        return adapter is not None and bool(adapter.match(path, method="GET"))
    except HTTPException:
        return False
