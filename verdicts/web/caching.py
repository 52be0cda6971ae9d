"""The page cache: public pages are the same for everybody, so they are cached before a request reaches Flask."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, wraps
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from flask import Flask, Response, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as WsgiResponse

from verdicts.extensions import compress, limiter
from verdicts.web import limits, metric_counts, traffic
from verdicts.web.hosts import is_trusted
from verdicts.web.known_arguments import KnownArguments
from verdicts.web.metric_counts import CACHE_PLACES, CacheOutcome
from verdicts.web.page_stores import MAX_BYTES, CachedPage, Key, PageStore, StoreName
from verdicts.web.site_state import SiteState, SiteStateReader, Source, is_unchanged

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Votes do not empty the cache (100 a second would), so a page's figures may be this old.
FRESH_SECONDS = 5
MAX_QUEUED_SECONDS = 2  # that a request may wait for a thread, and others get the old page meanwhile
MAX_WAIT_SECONDS = 5  # for what another request renders
STALE_SECONDS = 60
STALE_IF_ERROR_SECONDS = 24 * 3600
MAX_PAGE_BYTES = 512 * 1024
MAX_ARGUMENTS_AT_ONCE = 50  # of a query that the main loop looks through

PUBLIC = (
    f"public, max-age=0, s-maxage={FRESH_SECONDS}, stale-while-revalidate={STALE_SECONDS}, "
    f"stale-if-error={STALE_IF_ERROR_SECONDS}"
)
UNCHANGED = "304 NOT MODIFIED"
CONTENT_ENCODINGS = ("br", "gzip")
ALL_ENCODINGS = (*CONTENT_ENCODINGS, "identity")
_CACHED_STATUSES = {200, 301}
_OLD_PAGE_STATUSES = {429, *range(500, 600)}  # one who may not have a page rendered still gets the one that is there
# Where the environ says that gunicorn's main loop asks. It may wait for nothing: it gets a page that is kept, or
# NEEDS_THREAD, and no response has begun.
IN_MAIN_LOOP = "verdicts.in_main_loop"
NEEDS_THREAD: list[bytes] = []
_RENDERING = "verdicts.rendering"
_EXTENSION = "verdicts-page-cache"


@dataclass
class Rendering:
    """What a view says of the page that it renders: where it is kept, and what it depends on."""

    store: StoreName = StoreName.PAGES
    sources: frozenset[Source] | None = None


def public(view: Callable[..., ResponseReturnValue]) -> Callable[..., Response]:
    """Mark a view as public: its page is the same for everybody, sets no cookie, and is cached here and by proxies.

    It sees only the arguments of its query that it says it reads (known_arguments.reads), and is rendered again only
    where the sources have changed that it says it depends on (site_state.depends_on).
    """

    sources: frozenset[Source] | None = getattr(view, "sources", None)

    @wraps(view)
    def cacheable_view(*args: object, **kwargs: object) -> Response:
        if request.query_string:
            count_query()
        response = make_response(view(*args, **kwargs))
        if isinstance(rendering := request.environ.get(_RENDERING), Rendering):
            rendering.sources = sources
        if response.status_code in _CACHED_STATUSES:
            response.headers["Cache-Control"] = PUBLIC
        # Only public pages are compressed: a page that holds a secret must not be (BREACH).
        return compress.after_request(response)

    vars(cacheable_view).setdefault("known_arguments", ())
    return cacheable_view


@limiter.limit(lambda: limits.QUERIES_LIMIT, key_func=limits.network_key)
def count_query() -> None:
    """Count a page with a query that is not cached. Raises RateLimitExceeded.

    Anyone can make up any number of searches. What a page does not read is not in its query any more.
    """


def keep_in(store: StoreName) -> None:
    """Say in which store the current request's page is kept; without it, among the other pages."""
    if isinstance(rendering := request.environ.get(_RENDERING), Rendering):
        rendering.store = store


class PageCache:
    """A WSGI layer that answers public GETs from memory.

    A page is fresh for FRESH_SECONDS, and as long as all that it says it depends on is unchanged; what editors publish
    ends that within a second. Then one request renders it again. From when that one waits for a thread, the others get
    the old page, or wait where it shows what editors have changed since. Where rendering fails with a 5xx, or the
    client may cause no more of it (429), the old page is served for up to STALE_IF_ERROR_SECONDS.
    """

    def __init__(self, app: Flask, inner: "WSGIApplication", clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._inner = inner
        self._hosts = app.config["SETTINGS"].trusted_hosts
        self._clock = clock
        self._traffic = traffic.create_recorder(app)
        self._counts = metric_counts.counts_of(app)
        self._known_arguments = KnownArguments(app)
        self._stores = {name: PageStore(max_bytes) for name, max_bytes in MAX_BYTES.items()}
        self._rendering: dict[Key, threading.Event] = {}
        self._lock = threading.Lock()
        self.states = SiteStateReader(app, lambda: self._clock())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        in_main_loop = IN_MAIN_LOOP in environ
        # Pages are the same under all of our hosts, so keys hold no host.
        is_our_host = is_trusted(environ.get("HTTP_HOST"), self._hosts)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or not is_our_host:
            return NEEDS_THREAD if in_main_loop else self._inner(environ, start_response)
        # Flask-Compress knows more encodings, and might choose one that another client of the same key cannot read.
        environ["HTTP_ACCEPT_ENCODING"] = _content_encoding_for(environ.get("HTTP_ACCEPT_ENCODING"))
        if query := environ.get("QUERY_STRING"):
            environ["QUERY_STRING"] = self._known_arguments.reduce(_path_of(environ), query)
        key = _key_of(environ)
        with self._lock:
            page, is_being_rendered = self._find(key), key in self._rendering
        if page and (state := self.states.known() if in_main_loop else self.states.current()):
            if self._is_fresh(page, state):
                return self._answer(page, environ, start_response, CacheOutcome.HIT)
            if self._may_serve_old(page) and (is_being_rendered or (in_main_loop and self._is_queued(page))):
                return self._answer(page, environ, start_response, CacheOutcome.OLD)
        return NEEDS_THREAD if in_main_loop else self._render_once(key, page, environ, start_response)

    def _render_once(
        self, key: Key, old: CachedPage | None, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Render a page, unless another request does so already."""
        rendered = self._begin_rendering(key)
        if rendered is None:
            try:
                return self._render(key, old, environ, start_response)
            finally:
                self._end_rendering(key)
        if old and self._may_serve_old(old):
            return self._answer(old, environ, start_response, CacheOutcome.OLD)
        if found := self._wait_for(rendered, key, _path_of(environ)):
            return self._answer(found, environ, start_response, CacheOutcome.WAITED)
        return self._render(key, old, environ, start_response)

    def holds(self, target: str) -> bool:
        """Say whether a page for a request's target is kept, in any content encoding.

        The main loop asks, so this waits for no lock, and says no where the query takes long to look through. Its
        answer may be over a moment later.
        """
        quoted, _, query = target.partition("?")
        if query.count("&") > MAX_ARGUMENTS_AT_ONCE:
            return False
        path = unquote_to_bytes(quoted.encode("latin-1")).decode("latin-1")  # PEP 3333
        query = self._known_arguments.reduce(_decode(path), query) if query else ""
        keys = [(path, query, encoding) for encoding in ALL_ENCODINGS]
        return any(key in store for store in self._stores.values() for key in keys)

    def _find(self, key: Key) -> CachedPage | None:
        return next((store.get(key) for store in self._stores.values() if key in store), None)

    def _is_fresh(self, page: CachedPage, state: SiteState) -> bool:
        moment = self._clock()
        if page.age(moment) < FRESH_SECONDS:
            return page.state.content == state.content
        if page.sources is None or page.age(moment) > STALE_IF_ERROR_SECONDS:
            return False
        if is_unchanged(page.sources, page.state, state):
            page.checked_at = moment
            return True
        return False

    def _may_serve_old(self, page: CachedPage) -> bool:
        return page.state.content == self.states.last.content and page.age(self._clock()) <= STALE_SECONDS

    def _is_queued(self, page: CachedPage) -> bool:
        """Say whether a request that will render a page again waits for a thread. Where none does, this one will."""
        moment = self._clock()
        if moment < page.queued_until:
            return True
        page.queued_until = moment + MAX_QUEUED_SECONDS
        return False

    def _begin_rendering(self, key: Key) -> threading.Event | None:
        """Return None where this request is to render, or what another one sets that renders already."""
        with self._lock:
            if key in self._rendering:
                return self._rendering[key]
            self._rendering[key] = threading.Event()
        return None

    def _end_rendering(self, key: Key) -> None:
        with self._lock:
            self._rendering.pop(key).set()

    def _wait_for(self, rendered: threading.Event, key: Key, path: str) -> CachedPage | None:
        """Return the page that another request renders, or None where it makes none for others."""
        if not self._known_arguments.is_public(path):
            return None
        rendered.wait(MAX_WAIT_SECONDS)
        with self._lock:
            page = self._find(key)
        return page if page and self._is_fresh(page, self.states.current()) else None

    def _render(
        self, key: Key, old: CachedPage | None, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        rendering = Rendering()
        empty_searches: list[str] = []
        # A HEAD is rendered as a GET, so that it fills the cache too and is not rendered each time.
        as_get = {
            **environ,
            "REQUEST_METHOD": "GET",
            _RENDERING: rendering,
            traffic.EMPTY_SEARCHES: empty_searches,
        }
        # The state of before: what changes meanwhile shows at the next look.
        state, rendered_at = self.states.current(), self._clock()
        response = WsgiResponse.from_app(self._inner, as_get, buffered=True)
        if response.status_code in _OLD_PAGE_STATUSES and old and old.age(rendered_at) < STALE_IF_ERROR_SECONDS:
            return self._answer(old, environ, start_response, CacheOutcome.OLD)
        if response.status_code == HTTPStatus.NOT_FOUND:
            self._discard(key)
        if response.headers.get("Cache-Control") != PUBLIC or "Set-Cookie" in response.headers:
            return response(environ, start_response)
        page = _page_of(response, state, rendered_at)
        page.sources = rendering.sources
        if response.status_code == HTTPStatus.OK and response.mimetype == "text/html":
            page.viewed_path = _path_of(environ)
            page.empty_search = next(iter(empty_searches), None)
        if len(page.body) <= MAX_PAGE_BYTES:
            is_made_up = page.status[:3] != "200" or environ.get("QUERY_STRING")
            self._store(key, page, StoreName.MADE_UP if is_made_up else rendering.store)
        return self._answer(page, environ, start_response, CacheOutcome.RENDERED)

    def _answer(
        self,
        page: CachedPage,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        outcome: CacheOutcome,
    ) -> Iterable[bytes]:
        """Answer one client with a page, and count that it was viewed: what is unchanged (304) is shown too."""
        if self._counts:
            self._counts.row[CACHE_PLACES[outcome]] += 1
        is_get = environ["REQUEST_METHOD"] == "GET"
        if page.viewed_path and is_get:
            self._traffic.count(page.viewed_path, page.empty_search, environ)
        if page.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response(UNCHANGED, page.unchanged_headers)
            return []
        start_response(page.status, page.headers)
        return [page.body] if is_get else []

    def _store(self, key: Key, page: CachedPage, name: StoreName) -> None:
        with self._lock:
            for store in self._stores.values():  # an alias may have become a tool: then the redirect goes
                store.discard(key)
            self._stores[name].put(key, page)

    def _discard(self, key: Key) -> None:
        """Remove a page that is gone, in every content encoding: no later error may bring it back."""
        with self._lock:
            for store in self._stores.values():
                for encoding in ALL_ENCODINGS:
                    store.discard((*key[:-1], encoding))


def create(app: Flask, inner: "WSGIApplication") -> PageCache:
    cache = app.extensions[_EXTENSION] = PageCache(app, inner)
    return cache


def cache_of(app: Flask) -> PageCache:
    cache: PageCache = app.extensions[_EXTENSION]
    return cache


def _key_of(environ: "WSGIEnvironment") -> Key:
    return (
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        # Pages and fragments differ only in errors, which are not cached. The content encoding differs in all.
        environ["HTTP_ACCEPT_ENCODING"],
    )


def _path_of(environ: "WSGIEnvironment") -> str:
    return _decode(environ.get("PATH_INFO", ""))


def _decode(path: str) -> str:
    return path.encode("latin-1").decode(errors="replace")  # PEP 3333


@lru_cache(maxsize=256)
def _content_encoding_for(accept_encoding: str | None) -> str:
    """Return the content encoding of ours that the client prefers, or "identity" where it accepts none."""
    accepted = parse_accept_header(accept_encoding, Accept)
    best = max(CONTENT_ENCODINGS, key=accepted.quality)
    return best if accepted.quality(best) else "identity"


def _page_of(response: WsgiResponse, state: SiteState, rendered_at: float) -> CachedPage:
    body = response.get_data()
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = [*response.headers.items(), ("ETag", etag)]
    unchanged = [header for header in headers if header[0] not in {"Content-Length", "Content-Type"}]
    return CachedPage(response.status, headers, unchanged, body, etag, state, rendered_at)
