"""A database that cannot work now: votes are refused in words, pages stay, commands say it in one line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.conftest import listening
from tests.makers import make_tool
from tests.web.visitor import Visitor
from verdicts import outages
from verdicts.extensions import db
from verdicts.outages import SQLSTATES
from verdicts.voting import ballot

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COMMANDS = (
    ["housekeeping"],
    ["staff", "add", "ann", "ann@example.org"],
    ["catalog", "import", "-"],
    ["newsletter", "import", "-"],
)


def fail_with(sqlstate: str) -> None:
    db.session.execute(sa.text(f"DO $$ BEGIN RAISE EXCEPTION 'as you like' USING ERRCODE = '{sqlstate}'; END $$"))


@contextmanager
def settings_of_connections(*statements: str) -> Iterator[None]:
    """Give every connection of the current engine these settings until the block ends."""

    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        if db.engine.dialect.name == "postgresql":
            connection.commit()

    db.session.remove()
    db.engine.dispose()
    with listening("connect", set_up):
        yield
    db.session.remove()
    db.engine.dispose()


@contextmanager
def read_only(url: str) -> Iterator[None]:
    is_sqlite = url.startswith("sqlite")
    with settings_of_connections("PRAGMA query_only=ON" if is_sqlite else "SET default_transaction_read_only = on"):
        yield


@pytest.fixture
def alpha(app: Flask) -> None:
    make_tool("alpha")


@ON_POSTGRESQL
def test_each_sqlstate_of_an_outage_is_an_operational_error(app: Flask) -> None:
    for sqlstate, outage in SQLSTATES.items():
        with pytest.raises(OperationalError) as raised:
            fail_with(sqlstate.ljust(5, "0"))
        assert outages.find_outage(raised.value) == outage, sqlstate
        assert raised.value.connection_invalidated == outage.ends_connection
        assert outages.reason_of(raised.value) == "as you like"
        db.session.rollback()


@ON_POSTGRESQL
@pytest.mark.parametrize("sqlstate", ["23505", "42601", "42P01", "22001", "P0001"])
def test_a_wrong_statement_is_no_outage(app: Flask, sqlstate: str) -> None:
    with pytest.raises(sa.exc.DBAPIError) as raised:
        fail_with(sqlstate)
    assert not isinstance(raised.value, OperationalError)
    db.session.rollback()


@ON_POSTGRESQL
def test_a_vote_is_refused_in_words_whatever_keeps_postgresql_from_working(
    app: Flask, alpha: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = [
        "25006",
        "25P02",
        "25P03",
        "25P04",
        "57P01",
        "57P02",
        "57P03",
        "57014",
        "08000",
        "08006",
        "53100",
        "53200",
    ]
    states += ["53300", "55P03", "40001", "40P01", "58030", "XX000"]
    for sqlstate in states:
        monkeypatch.setattr(ballot, "cast", lambda *_, **__: fail_with(sqlstate))  # noqa: B023  # called at once
        page = Visitor(app).votes("alpha", "ship", 503)
        assert int(page.headers["Retry-After"]) > 0, sqlstate
        assert "Nothing was saved" in page.words


def test_a_read_only_database_serves_pages_and_refuses_votes_in_words(
    app: Flask, database_url: str, alpha: None
) -> None:
    with read_only(database_url):
        visitor = Visitor(app)
        assert visitor.reads("/tools/alpha").status == 200
        page = visitor.votes("alpha", "ship", 503)
        assert "only read. Nothing was saved" in page.words
        assert int(page.headers["Retry-After"]) > 0
        form = {"email": "ann@example.org"}
        assert visitor.sends("/newsletter/subscribe", form, 503).headers["Retry-After"]
    assert Visitor(app).votes("alpha", "ship", 200).status == 200


@ON_POSTGRESQL
def test_readyz_says_that_the_database_is_read_only(app: Flask, database_url: str) -> None:
    with read_only(database_url):
        response = Visitor(app).opens("GET", "/readyz")
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert "read-only" in response.text
    assert Visitor(app).opens("GET", "/readyz").status_code == 200


@ON_SQLITE
def test_readyz_says_that_the_disk_is_full(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 4096})
    monkeypatch.setattr("verdicts.outages.shutil.disk_usage", lambda _: usage)
    response = Visitor(app).opens("GET", "/readyz")
    assert response.status_code == 503
    assert "full" in response.text


@ON_SQLITE
def test_a_full_disk_refuses_messages_in_words(app: Flask) -> None:
    with settings_of_connections("PRAGMA max_page_count=1"):  # no more than there are
        answers = [Visitor(app).opens("POST", "/contact", form={"text": "x" * 4000}) for _ in range(4)]
    refused = answers[-1]
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "it is still here" in refused.text


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_in_one_line_that_the_database_is_read_only(
    app: Flask, database_url: str, command: list[str], no_waiting: None
) -> None:
    texts = {
        "catalog": '{"format": "verdicts-catalogue/1", "tools": [{"slug": "a", "name": "A"}]}',
        "newsletter": "email,consent_source,consent_at\na@b.org,x,2026-01-01\n",
    }
    with read_only(database_url):
        result = app.test_cli_runner().invoke(args=command, input=texts.get(command[0], "long enough password\n" * 2))
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "read" in result.output.splitlines()[-1]
    assert result.output.count("Error: ") == 1


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    monkeypatch.setattr("verdicts.extensions.RETRY_SECONDS", 0)
    monkeypatch.setattr("verdicts.extensions.time.sleep", lambda _: None)
    return lambda: None
