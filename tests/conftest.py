"""Fixtures of all tests: an empty database, and an application on it.

A test runs on SQLite and on PostgreSQL, unless it is marked ON_ONE_DATABASE. It is marked where the database decides
nothing: the outcome follows from the request, a text, a setting or a template, and its statements are those of tests
that run on both. What queries, locks, constrains, searches, migrates or sends in a way of its own runs on both. Where
a test has many values and one way through the database, first_on_both gives PostgreSQL the first of them.
"""

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from flask import Flask
from flask_migrate import upgrade
from hypothesis import settings as hypothesis_settings

from tests.apps import close_connections, copied_sqlite, new_app, pooled_app
from tests.postgres import PostgresServer, server_programs
from tests.smtp_server import SmtpServer, smtp_server
from verdicts.engines import sqlite_driver
from verdicts.extensions import db
from verdicts.staff import passwords

DATABASES = ["sqlite", "postgresql"]
ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_ONE_SHARED_DATABASE = pytest.mark.parametrize("shared_app", ["sqlite"], indirect=True)


def first_on_both(
    names: str, values: Iterable[Any], *, count: int = 1, ids: Iterable[str] = ()
) -> pytest.MarkDecorator:
    """Give a test these values: all of them on SQLite, and the first ones on PostgreSQL too."""
    rows = [value if "," in names else (value,) for value in values]
    cases = [("sqlite", *row) for row in rows] + [("postgresql", *row) for row in rows[:count]]
    named = [f"{database}-{id}" for database, id in zip([case[0] for case in cases], [*ids, *ids], strict=False)]
    return pytest.mark.parametrize(f"database_url, {names}", cases, indirect=["database_url"], ids=named or None)


def example_count(count: int) -> int:
    """Return with how many examples a property is tried: with a third on PostgreSQL, where each takes twice as long."""
    return count if db.engine.dialect.name == "sqlite" else count // 3


# A busy machine may be slow, which is not an error of the code.
hypothesis_settings.register_profile("verdicts", deadline=None)
hypothesis_settings.load_profile("verdicts")


def pytest_collectstart() -> None:
    """Collect no garbage while tests are collected, which takes a quarter less time so."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Keep modules and tests out of garbage collection: looking at them each time took a tenth of the whole run."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Start half as many test processes again as there are cores: tests of real programs wait a third of their time."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every migration applied, to be copied for each test."""
    folder = tmp_path_factory.mktemp("sqlite-template")
    path = folder / "template.sqlite3"
    _migrate(f"sqlite:///{path}", folder)
    with closing(sqlite_driver().connect(path)) as connection:
        connection.execute("VACUUM")  # each test copies it, and those of a full disk find no room that was left
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """This test process's PostgreSQL server, with a migrated template database."""
    programs = server_programs()
    if programs is None:
        reason = "PostgreSQL's server programs (initdb, pg_ctl) are not installed"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; CI must not skip for want of a service")
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("postgres")
    with PostgresServer(programs) as server:
        _migrate(server.create("template"), folder)
        yield server
        close_connections()


@pytest.fixture(scope="session")
def one_smtp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpServer]:
    with smtp_server(tmp_path_factory.mktemp("smtp")) as server:
        yield server


@pytest.fixture
def smtp(one_smtp_server: SmtpServer) -> SmtpServer:
    """An SMTP server that behaves as usual and has accepted nothing yet."""
    one_smtp_server.forget()
    return one_smtp_server


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as cheaply as can be. What a real hash costs is tested in test_passwords."""
    passwords._dummy_hash.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher.from_parameters(CHEAPEST))


@contextmanager
def new_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the URL of a migrated, empty database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        with copied_sqlite(request.getfixturevalue("sqlite_template")) as url:
            yield url
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.pooled("template") as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated, empty database for one test, of each of the two kinds."""
    with new_database(request) as url:
        yield url


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """An application on its own database. Its context is pushed, so that a test can use the database."""
    with pooled_app(database_url) as app:
        yield app


@pytest.fixture(scope="module", params=DATABASES)
def shared_app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """One application for all tests of a module that only read: its data are created once."""
    with new_database(request) as url, pooled_app(url) as app:
        yield app


@contextmanager
def listening(event: str, listener: Callable[..., object]) -> Iterator[None]:
    """Listen to an event of the engine until the block ends. Other tests use the same engine."""
    engine = db.engine
    sa.event.listen(engine, event, listener)
    try:
        yield
    finally:
        sa.event.remove(engine, event, listener)


class StatementCount:
    """The SQL statements that were sent since it was created (without BEGIN)."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def record(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            self.statements.append(statement)

    def __len__(self) -> int:
        return len(self.statements)

    def of_pages(self, since: int) -> int:
        """Return how many were sent since there were so many, without those that ask for the catalogue's state."""
        return sum(not asks_for_state(statement) for statement in self.statements[since:])


def asks_for_state(statement: str) -> bool:
    """Say whether a statement is what a cache asks before it answers from memory."""
    return statement.startswith("SELECT (SELECT content_version")


@pytest.fixture
def statements(app: Flask) -> Iterator[StatementCount]:
    """The SQL statements that a test causes."""
    count = StatementCount()
    with listening("before_cursor_execute", count.record):
        yield count


def _migrate(database_url: str, instance_path: Path) -> None:
    with new_app(database_url, instance_path):
        upgrade()
        db.session.remove()
        db.engine.dispose()
