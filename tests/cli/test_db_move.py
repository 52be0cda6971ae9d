"""A site moves from SQLite to PostgreSQL: everything once, checked, and never over something else."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_review, make_reviewer, make_subscriber, make_tool
from tests.postgres import PostgresServer
from verdicts.catalog.search import matching
from verdicts.cli.backup import database_at
from verdicts.curation import sample
from verdicts.curation.transfer.exporting import export
from verdicts.extensions import begin_write, db
from verdicts.operations import moving, snapshots
from verdicts.voting.recount import recount

pytestmark = ON_ONE_DATABASE


@pytest.fixture
def empty_postgres(postgres: PostgresServer) -> Iterator[str]:
    with postgres.copy_of("template1") as url:
        yield url


def move(app: Flask, database_url: str, postgres_url: str) -> tuple[int, str]:
    db.session.rollback()
    done = app.test_cli_runner().invoke(args=["db-move", database_url, postgres_url])
    return done.exit_code, done.output


def test_the_whole_sample_moves_and_is_the_same(app: Flask, database_url: str, empty_postgres: str) -> None:
    begin_write()
    sample.load(datetime.now(UTC))
    db.session.commit()
    make_subscriber("ada@readers.example")
    exported, counts = export(NOW), moving.count_rows(db.session.connection())
    status, printed = move(app, database_url, empty_postgres)
    assert status == 0, printed
    with database_at(empty_postgres):
        assert export(NOW) == exported
        assert moving.count_rows(db.session.connection()) == counts
        assert recount() == []
        db.session.rollback()
        found = db.session.execute(sa.select(matching("chatgpt").c.tool_id)).all()
        assert found, "the search finds what it found"
        assert db.session.scalar(sa.text("SELECT count(*) FROM pg_stats WHERE tablename = 'tool'")), "it is analysed"
        db.session.rollback()
        make_review(make_tool("new"), make_reviewer("new"))  # ids go on after those that were moved


def test_a_database_that_holds_something_is_refused(app: Flask, database_url: str, postgres: PostgresServer) -> None:
    make_tool("alpha")
    with postgres.copy_of("template") as target:
        assert move(app, database_url, target)[0] == 0
        status, printed = move(app, database_url, target)
    assert status == 1
    assert "The PostgreSQL database is not empty" in printed


def test_rows_that_do_not_fit_are_named_and_nothing_is_left(app: Flask, database_url: str, empty_postgres: str) -> None:
    make_tool("alpha")
    begin_write()
    db.session.execute(sa.text("UPDATE tool SET name = :name"), {"name": "x" * 500})  # which SQLite does not limit
    db.session.commit()
    status, printed = move(app, database_url, empty_postgres)
    assert status == 1
    assert "tool, after 0 rows: value too long" in printed
    counts, _migration = snapshots.describe(empty_postgres)
    assert counts["tool"] == 0


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("sqlite:////nowhere/verdicts.sqlite3", "postgresql+psycopg://verdicts@127.0.0.1/x", "there is no file"),
        ("verdicts.sqlite3", "postgresql+psycopg://verdicts@127.0.0.1/x", "a URL was expected, like sqlite:////"),
        ("postgresql+psycopg://x@127.0.0.1/x", "sqlite:////nowhere/x", "sqlite was expected"),
    ],
)
def test_other_addresses_are_refused_in_words(app: Flask, source: str, target: str, words: str) -> None:
    status, printed = move(app, source, target)
    assert status == 2
    assert words in printed
