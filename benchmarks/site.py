"""What the benchmark serves: the site itself, and beside it the simplest view that Flask can answer, the yardstick."""

from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from verdicts import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

YARDSTICK = "/yardstick"


def yardstick() -> Flask:
    app = Flask("yardstick")
    app.add_url_rule("/", view_func=lambda: "twelve bytes")
    return app


class Beside:
    """The site, with the yardstick mounted beside it. gunicorn.conf.py asks for `app_context`."""

    def __init__(self, site: Flask) -> None:
        self.app_context = site.app_context
        self._both: WSGIApplication = DispatcherMiddleware(site, {YARDSTICK: yardstick()})

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
        return self._both(environ, start_response)


app = Beside(create_app())
