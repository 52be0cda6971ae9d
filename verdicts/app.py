"""Builds the application: settings, extensions, doors."""

import os
from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from verdicts import cli, config, web
from verdicts.extensions import csrf, db, engine_options, limiter, migrate, watch_engine

THREADS_A_WORKER = 4


def create_app(settings: config.Settings | None = None) -> Flask:
    """Return the WSGI application for these settings, by default those of the environment.

    Raises SettingsError when a setting is missing or wrong.
    """
    settings = settings or config.load(os.environ)
    app = Flask(
        "verdicts",
        instance_path=str(settings.instance_path),
        static_folder=str(config.CHECKOUT / "static"),
        template_folder=str(config.CHECKOUT / "templates"),
    )
    app.config.from_mapping(flask_settings(settings))
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)

    db.init_app(app)
    with app.app_context():
        watch_engine(db.engine)
    migrate.init_app(app, db, directory=str(config.CHECKOUT / "migrations"))
    csrf.init_app(app)
    limiter.init_app(app)

    web.init_app(app)
    cli.init_app(app)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def flask_settings(settings: config.Settings) -> dict[str, object]:
    """Return what Flask and its extensions read from app.config; our own code reads app.config["SETTINGS"]."""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "MAX_CONTENT_LENGTH": config.LONGEST_REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": config.LONGEST_REQUEST_BYTES,
        "MAX_FORM_PARTS": 100,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "RATELIMIT_STORAGE_URI": settings.redis_url or "memory://",
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_SWALLOW_ERRORS": False,
        # Public forms carry no token, which would make pages uncacheable; web.origin checks where they come from.
        "WTF_CSRF_CHECK_DEFAULT": False,
    }
