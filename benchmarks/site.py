"""What the benchmark serves: the site, also with less of it kept in memory, and a minimal Flask view as baseline."""

from collections.abc import Iterable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from benchmarks.baseline import app as baseline
from verdicts import create_app
from verdicts.catalog.kept import KEPT
from verdicts.web.caching import FRESH_SECONDS, PageCache
from verdicts.web.logs import RequestLog

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BASELINE = "/baseline"
DUE = "/due"
VOTED = "/voted"
NEW = "/new"


def due(site: Flask) -> "WSGIApplication":
    """Return the site behind a cache whose clock runs ahead: each request finds its page due, and asks the database."""
    clock = count(step=FRESH_SECONDS + 1.0)
    return RequestLog(PageCache(site, partial(Flask.wsgi_app, site), partial(next, clock)))


def voted(site: Flask) -> "WSGIApplication":
    """Return the site without its page cache, and without what it keeps of votes: so is the first page after a vote."""

    def forget_and_render(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        site.extensions.get(KEPT, {}).pop("voting.readers", None)
        return Flask.wsgi_app(site, environ, start_response)

    return RequestLog(forget_and_render)


def new(site: Flask) -> "WSGIApplication":
    """Return the site that renders each page as if nobody had asked for one of these tools before."""

    def forget_and_render(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        for store in site.extensions.get(KEPT, {}).values():
            for key in [key for key in store.values if key is not None]:  # of a tool or a pair, not of all
                store.values.pop(key, None)
        return Flask.wsgi_app(site, environ, start_response)

    return RequestLog(forget_and_render)


class SiteWithBaseline:
    """The site, with the baseline and the other ways to serve it under paths of their own.

    gunicorn.conf.py and its workers use its context, its configuration and its extensions.
    """

    def __init__(self, site: Flask) -> None:
        self.app_context = site.app_context
        self.config = site.config
        self.extensions = site.extensions
        others = {BASELINE: baseline, DUE: due(site), VOTED: voted(site), NEW: new(site)}
        self._dispatcher: WSGIApplication = DispatcherMiddleware(site, others)

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
        return self._dispatcher(environ, start_response)


app = SiteWithBaseline(create_app())
