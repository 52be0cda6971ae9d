"""Public pages are the same for everybody, so each is rendered once in a while and kept, before Flask is even asked."""

import hashlib
import threading
import time
from collections import ChainMap, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, make_response
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header
from werkzeug.sansio.utils import host_is_trusted
from werkzeug.wrappers import Response as WsgiResponse

from verdicts.catalog.publishing import content_version
from verdicts.extensions import compress, end_session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Votes do not empty the cache (100 a second would); a page may be this much behind them.
FRESH_SECONDS = 5
STALE_SECONDS = 60
STALE_IF_ERROR_SECONDS = 24 * 3600
VERSION_KEPT_SECONDS = 1
MOST_PAGES = 1024
MOST_PAGES_WITH_QUERY = 256  # kept apart: anyone can make up queries, and must not push out the pages themselves
LARGEST_PAGE_BYTES = 512 * 1024

PUBLIC = (
    f"public, max-age=0, s-maxage={FRESH_SECONDS}, stale-while-revalidate={STALE_SECONDS}, "
    f"stale-if-error={STALE_IF_ERROR_SECONDS}"
)
PACKINGS = ("br", "gzip")
_KEPT_STATUSES = {200, 301}


def public(view: Callable[..., ResponseReturnValue]) -> Callable[..., Response]:
    """Mark a view as public: the same for everybody, without a cookie, to be kept here and by proxies."""

    @wraps(view)
    def marked(*arguments: object, **named: object) -> Response:
        response = make_response(view(*arguments, **named))
        if response.status_code in _KEPT_STATUSES:
            response.headers["Cache-Control"] = PUBLIC
        # Compressed here and not everywhere: a page that carries a secret must not be (BREACH).
        return compress.after_request(response)

    return marked


@dataclass
class _Page:
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    etag: str
    version: int
    made_at: float

    def age(self, now: float) -> float:
        return now - self.made_at


class PageCache:
    """A WSGI layer that answers public GETs from memory.

    A page is fresh for FRESH_SECONDS under one content version; then one request renders it anew while others still
    get the old one. When rendering fails with a 5xx, the old page is served up to STALE_IF_ERROR_SECONDS.
    """

    def __init__(self, app: Flask, inner: "WSGIApplication", clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._inner = inner
        self._hosts: list[str] = app.config["TRUSTED_HOSTS"]
        self._clock = clock
        self._plain: OrderedDict[tuple[str, ...], _Page] = OrderedDict()
        self._with_query: OrderedDict[tuple[str, ...], _Page] = OrderedDict()
        self._pages = ChainMap(self._plain, self._with_query)
        self._rendering: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()
        self._version = 0
        self._version_read_at = float("-inf")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or not self._is_trusted(environ):
            return self._inner(environ, start_response)
        # Flask-Compress knows more packings, and might choose one that another client of the same key cannot read.
        environ["HTTP_ACCEPT_ENCODING"] = _packing_for(environ)
        key = _key_of(environ)
        with self._lock:
            page = self._found(key)
        if page is None:
            return self._render(key, None, environ)(environ, start_response)
        if self._is_fresh(page) or not self._may_render(key, page):
            return _answer(page, environ)(environ, start_response)
        try:
            return self._render(key, page, environ)(environ, start_response)
        finally:
            with self._lock:
                self._rendering.discard(key)

    def _found(self, key: tuple[str, ...]) -> _Page | None:
        shelf = self._plain if key in self._plain else self._with_query
        if key in shelf:
            shelf.move_to_end(key)
        return shelf.get(key)

    def _is_trusted(self, environ: "WSGIEnvironment") -> bool:
        """Leave hosts we do not answer to Flask. Pages are the same under all the others, so the key has no host."""
        return host_is_trusted(environ.get("HTTP_HOST"), self._hosts)

    def _is_fresh(self, page: _Page) -> bool:
        return page.age(self._clock()) < FRESH_SECONDS and page.version == self._current_version()

    def _may_render(self, key: tuple[str, ...], page: _Page) -> bool:
        """Let one request render; the others take the old page, unless an editor has changed something since."""
        with self._lock:
            taken = key in self._rendering
            if not taken:
                self._rendering.add(key)
        return not taken or page.version != self._version or page.age(self._clock()) > STALE_SECONDS

    def _render(self, key: tuple[str, ...], old: _Page | None, environ: "WSGIEnvironment") -> WsgiResponse:
        version, made_at = self._current_version(), self._clock()
        response = WsgiResponse.from_app(self._inner, environ, buffered=True)
        if response.status_code >= 500 and old and old.age(made_at) < STALE_IF_ERROR_SECONDS:
            return _answer(old, environ)
        if response.status_code == HTTPStatus.NOT_FOUND:
            self._forget(key)
        if environ["REQUEST_METHOD"] != "GET" or response.headers.get("Cache-Control") != PUBLIC:
            return response
        page = _page_of(response, version, made_at)
        if len(page.body) <= LARGEST_PAGE_BYTES:
            self._keep(key, page, has_query=bool(environ.get("QUERY_STRING")))
        return _answer(page, environ)

    def _keep(self, key: tuple[str, ...], page: _Page, has_query: bool) -> None:
        shelf, most = (self._with_query, MOST_PAGES_WITH_QUERY) if has_query else (self._plain, MOST_PAGES)
        with self._lock:
            shelf[key] = page
            shelf.move_to_end(key)
            while len(shelf) > most:
                shelf.popitem(last=False)

    def _forget(self, key: tuple[str, ...]) -> None:
        """Drop a page that is there no more, however it was packed: no fault later on may bring it back."""
        with self._lock:
            for shelf in (self._plain, self._with_query):
                for packing in ("identity", *PACKINGS):
                    shelf.pop((*key[:-1], packing), None)

    def _current_version(self) -> int:
        """Return the content version, asked for once a second; the last known one while the database is away."""
        if self._clock() - self._version_read_at >= VERSION_KEPT_SECONDS:
            self._version_read_at = self._clock()
            with self._app.app_context():
                try:
                    self._version = content_version()
                except SQLAlchemyError:
                    self._app.logger.warning("the content version cannot be read; pages are served as they are")
                finally:
                    end_session()
        return self._version


def _key_of(environ: "WSGIEnvironment") -> tuple[str, ...]:
    return (
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        # A page and a fragment differ only in errors, which are not kept; how it is packed differs in all.
        environ["HTTP_ACCEPT_ENCODING"],
    )


def _packing_for(environ: "WSGIEnvironment") -> str:
    """Return the one packing to use for a client: the one it likes best of ours, or none ("identity")."""
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING"), Accept)
    likes = {packing: accepted.quality(packing) for packing in PACKINGS}
    best = max(PACKINGS, key=lambda packing: likes[packing])
    return best if likes[best] else "identity"


def _page_of(response: WsgiResponse, version: int, made_at: float) -> _Page:
    body = response.get_data()
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = [*response.headers.items(), ("ETag", etag)]
    return _Page(response.status, headers, body, etag, version, made_at)


def _answer(page: _Page, environ: "WSGIEnvironment") -> WsgiResponse:
    unchanged = page.etag in environ.get("HTTP_IF_NONE_MATCH", "")
    response = WsgiResponse(b"" if unchanged else page.body, 304 if unchanged else page.status, page.headers)
    if unchanged:
        response.headers.remove("Content-Length")
        response.headers.remove("Content-Type")
    return response
