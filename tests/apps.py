"""Applications and SQLite files that tests share one after the other.

Creating an application, and compiling its SQL and its templates, takes longer than most tests. So a test process keeps
its applications: one for each database and settings. `pooled_app` resets whatever a test may have changed. A test that
adds a handler or a route to its application needs one of its own: `new_app`.
"""

import atexit
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from verdicts import create_app
from verdicts.app import MAX_WAITING_WRITERS, wrap_wsgi
from verdicts.catalog.kept import KEPT
from verdicts.config import Settings, load
from verdicts.extensions import db, limit_waiting_writers, limiter
from verdicts.voting.networks import REMEMBERED

BASE_URL = "http://verdicts.test"
NO_DATABASE = "sqlite:////dev/null"  # for what needs none


@dataclass(frozen=True)
class PooledApp:
    app: Flask
    config: dict[str, Any]


_idle_apps: dict[tuple[object, ...], list[PooledApp]] = defaultdict(list)
_idle_files: list[Path] = []


def settings_for(database_url: str, instance_path: Path, **changes: str) -> Settings:
    """Return settings for a test installation. `changes` are environment variables."""
    return load(
        {
            "SECRET_KEY": "tests-sign-cookies-with-this-key-only",
            "HASH_KEY": "tests-hash-voters-with-this-key-only",
            "BASE_URL": BASE_URL,
            "DATABASE_URL": database_url,
            "INSTANCE_PATH": str(instance_path),
            **changes,
        }
    )


@contextmanager
def new_app(database_url: str, instance_path: Path, **changes: str) -> Iterator[Flask]:
    """Yield a new application with its context pushed. `changes` are environment variables."""
    with _context_of(_create(database_url, instance_path, **changes)) as app:
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()  # nobody uses this application again


@contextmanager
def pooled_app(database_url: str, **changes: str) -> Iterator[Flask]:
    """Yield an application with its context pushed, and an empty instance folder. Other tests may have used it."""
    idle = _idle_apps[database_url, *sorted(changes.items())]
    if idle:
        pooled = idle.pop()
        _reset(pooled)
    else:
        app = _create(database_url, temporary_folder("instance"), **changes)
        pooled = PooledApp(app, dict(app.config))
    try:
        with _context_of(pooled.app) as app:
            yield app
    finally:
        idle.append(pooled)


@contextmanager
def copied_sqlite(template: Path) -> Iterator[str]:
    """Yield the URL of a fresh copy of a SQLite file. Other tests may have used the path, but not the file."""
    path = _idle_files.pop() if _idle_files else temporary_folder("database") / "verdicts.sqlite3"
    _empty(path.parent)
    shutil.copyfile(template, path)
    try:
        yield f"sqlite:///{path}"
    finally:
        _idle_files.append(path)


def close_connections() -> None:
    """Close the connections of all idle applications, before their server stops."""
    for apps in _idle_apps.values():
        for pooled in apps:
            with pooled.app.app_context():
                db.engine.dispose()


def temporary_folder(name: str) -> Path:
    """Make a folder that is removed when this test process ends."""
    folder = mkdtemp(prefix=f"verdicts-{name}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _compiled_templates() -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(temporary_folder("templates")))


def _create(database_url: str, instance_path: Path, **changes: str) -> Flask:
    app = create_app(settings_for(database_url, instance_path, **changes))
    app.jinja_env.bytecode_cache = _compiled_templates()
    return app


@contextmanager
def _context_of(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            if db.engine.dialect.name == "sqlite":
                db.engine.dispose()  # the next test has another file at this path


def _reset(pooled: PooledApp) -> None:
    """Undo what create_app does once and a test may have changed."""
    app = pooled.app
    _empty(Path(app.instance_path))
    app.config.clear()
    app.config.update(pooled.config)
    for kept in (KEPT, REMEMBERED):
        app.extensions.pop(kept, None)
    del app.wsgi_app  # with its page cache
    app.wsgi_app = wrap_wsgi(app, app.config["SETTINGS"].proxy_hops)  # type: ignore[method-assign]
    limiter.init_app(app)  # which another application may have bound to its own counters
    limit_waiting_writers(MAX_WAITING_WRITERS)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
