"""What the benchmark serves: the site, also with pages that are always due, and a minimal Flask view as baseline."""

from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from verdicts import create_app
from verdicts.web.caching import FRESH_SECONDS, PageCache
from verdicts.web.logs import RequestLog

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BASELINE = "/baseline"
DUE = "/due"


def baseline() -> Flask:
    app = Flask("baseline")
    app.add_url_rule("/", view_func=lambda: "twelve bytes")
    return app


def due(site: Flask) -> "WSGIApplication":
    """Return the site behind a cache whose clock runs ahead: each request finds its page due, and asks the database."""
    clock = count(step=FRESH_SECONDS + 1.0)
    return RequestLog(PageCache(site, partial(Flask.wsgi_app, site), partial(next, clock)))


class SiteWithBaseline:
    """The site, with the baseline and the site whose pages are due under paths of their own.

    gunicorn.conf.py and its workers use its context, its configuration and its extensions.
    """

    def __init__(self, site: Flask) -> None:
        self.app_context = site.app_context
        self.config = site.config
        self.extensions = site.extensions
        self._dispatcher: WSGIApplication = DispatcherMiddleware(site, {BASELINE: baseline(), DUE: due(site)})

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
        return self._dispatcher(environ, start_response)


app = SiteWithBaseline(create_app())
