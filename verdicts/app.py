"""The application factory: settings, extensions, views and commands."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from verdicts import cli, config, private_files, web
from verdicts.extensions import compress, csrf, init_database, limit_waiting_writers, limiter, mail
from verdicts.web import caching, counters, metric_counts
from verdicts.web.client_address import CleanClientAddress
from verdicts.web.logs import RequestLog
from verdicts.web.templating import LeanEnvironment
from verdicts.web.url_rules import LazyRule
from verdicts.web.whitespace import CompactMarkup

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS_PER_WORKER = 48
MAX_WAITING_WRITERS = 40  # of these threads, so that readers always find one; who comes next is answered 503
MAX_READERS = 32  # of these threads, so that voters always find some
READERS_AT_ONCE = {"sqlite": 1, "postgresql": 3}  # who waits for a server leaves the processor to others
REDIS_TIMEOUT_SECONDS = 0.5


class SynchronousFlask(Flask):
    """Flask that looks at no function whether it is a coroutine: none is, and a request runs a dozen of them."""

    url_rule_class = LazyRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: config.Settings | None = None) -> Flask:
    """Return an application with these settings, by default those of the environment. Raises SettingsError."""
    settings = settings or config.load(os.environ)
    app = SynchronousFlask(
        "verdicts",
        instance_path=str(settings.instance_path),
        static_folder=str(config.CHECKOUT / "static"),
        template_folder=str(config.CHECKOUT / "templates"),
    )
    if settings.sentry_dsn:
        from verdicts.web import error_reports  # it needs sentry-sdk, which other installations do without

        error_reports.start(settings.sentry_dsn)
    app.config.from_mapping(flask_config(settings))
    app.jinja_environment = LeanEnvironment
    app.jinja_options = {
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "extensions": [CompactMarkup],
    }
    private_files.protect(Path(app.instance_path))

    init_database(app, settings.database_url)
    csrf.init_app(app)
    compress.init_app(app)
    limiter.init_app(app)
    mail.init_app(app)
    limit_waiting_writers(MAX_WAITING_WRITERS)

    web.init_app(app)
    cli.init_app(app)
    app.wsgi_app = wrap_wsgi(app, settings.proxy_hops)  # type: ignore[assignment, method-assign]
    return app


def wrap_wsgi(app: Flask, proxy_hops: int) -> "WSGIApplication":
    """Return the application inside its WSGI layers.

    From outside in: the log, the trusted proxies, the page cache, the client's address (which no cached page needs).
    """
    counts = metric_counts.create(app)
    inner: WSGIApplication = caching.create(app, CleanClientAddress(app.wsgi_app, proxy_hops))
    if proxy_hops:
        inner = ProxyFix(inner, x_for=proxy_hops, x_proto=proxy_hops, x_host=proxy_hops)
    return RequestLog(inner, counts)


def flask_config(settings: config.Settings) -> dict[str, object]:
    """Return the configuration of Flask and its extensions. Our own code uses config.current_settings()."""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "MAX_CONTENT_LENGTH": config.MAX_REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": config.MAX_REQUEST_BYTES,
        "MAX_FORM_PARTS": 100,
        **limiter_config(settings),
        "RATELIMIT_SWALLOW_ERRORS": False,
        # Flask's signed session holds only the CSRF token of admin forms. Log-ins are rows (staff.sessions).
        "SESSION_COOKIE_NAME": f"{settings.host_cookie_prefix}form",
        "SESSION_COOKIE_PATH": settings.admin_cookie_path,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "WTF_CSRF_SSL_STRICT": False,  # web.origin checks where a form comes from; browsers may omit the Referer
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: an editor may write for an afternoon
        # A token would make public pages uncacheable. web.origin checks where their forms come from.
        "WTF_CSRF_CHECK_DEFAULT": False,
        # Only public pages are compressed, by web.caching.
        "COMPRESS_REGISTER": False,
        "COMPRESS_BR_LEVEL": 5,  # 6 % fewer bytes than with 4, in about the same time
        "MAIL_SERVER": settings.mail.server or "",
        "MAIL_PORT": settings.mail.port,
        "MAIL_USERNAME": settings.mail.username,
        "MAIL_PASSWORD": settings.mail.password,
        "MAIL_USE_TLS": settings.mail.use_tls,
        "MAIL_USE_SSL": settings.mail.use_ssl,
        "MAIL_DEFAULT_SENDER": settings.mail.default_sender,
    }


def limiter_config(settings: config.Settings) -> dict[str, object]:
    """Return where Flask-Limiter counts: in Redis, with short timeouts, or in a file on this machine."""
    url = settings.redis_url
    if not url:
        return {"RATELIMIT_STORAGE_URI": counters.FALLBACK + counters.storage_uri(settings.instance_path)}
    return {
        "RATELIMIT_STORAGE_URI": counters.FALLBACK + (f"redis+{url}" if url.startswith("unix:") else url),
        "RATELIMIT_STORAGE_OPTIONS": {"socket_timeout": REDIS_TIMEOUT_SECONDS},
    }
