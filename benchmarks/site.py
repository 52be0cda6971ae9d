"""What the benchmark serves: the site, and a minimal Flask view as its baseline."""

from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from verdicts import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BASELINE = "/baseline"


def baseline() -> Flask:
    app = Flask("baseline")
    app.add_url_rule("/", view_func=lambda: "twelve bytes")
    return app


class SiteWithBaseline:
    """The site, with the baseline mounted under its own path. gunicorn.conf.py uses its context and its extensions."""

    def __init__(self, site: Flask) -> None:
        self.app_context = site.app_context
        self.extensions = site.extensions
        self._dispatcher: WSGIApplication = DispatcherMiddleware(site, {BASELINE: baseline()})

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
        return self._dispatcher(environ, start_response)


app = SiteWithBaseline(create_app())
