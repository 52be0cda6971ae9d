"""What SQLite knows of its tables: by that it chooses how to read them."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.web import rich
from verdicts import engines
from verdicts.cli.housekeeping import run_all
from verdicts.engines import gather_statistics
from verdicts.extensions import Base, begin_write, db

pytestmark = ON_ONE_DATABASE


def unknown_indexes() -> set[str]:
    """Return the indexes that SQLite has no statistics of, of tables that have rows."""
    db.session.rollback()
    query = db.session.connection().exec_driver_sql
    filled = [table for table in Base.metadata.tables if query(f"SELECT 1 FROM {table}").first()]  # noqa: S608
    indexes = {name for table in filled for _, name, *_ in query(f"PRAGMA index_list({table})")}
    is_gathered = sa.inspect(db.engine).has_table("sqlite_stat1")
    known = set(query("SELECT idx FROM sqlite_stat1").scalars()) if is_gathered else set()
    db.session.rollback()
    return indexes - known


def test_after_housekeeping_sqlite_knows_every_index(app: Flask) -> None:
    rich.build()
    list(run_all(NOW))
    assert unknown_indexes() == set()


def test_after_a_migration_sqlite_knows_every_index(app: Flask) -> None:
    rich.build()
    db.session.rollback()
    downgrade(revision="0034")
    upgrade()
    assert unknown_indexes() == set()


def test_an_older_sqlite_gathers_statistics_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rich.build()
    begin_write()
    monkeypatch.setattr(engines.sqlite_driver(), "sqlite_version_info", (3, 40, 1))
    gather_statistics(db.session.connection())
    db.session.commit()
    monkeypatch.undo()
    assert unknown_indexes() == set()
