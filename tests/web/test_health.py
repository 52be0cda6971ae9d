"""Health checks for operators: alive, ready, and the warning about a wrong PROXY_HOPS."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import make_tool
from tests.web.visitor import Visitor
from verdicts.extensions import db
from verdicts.operations import probes, readiness
from verdicts.operations.probes import Sighting
from verdicts.web import health
from verdicts.web.health import PROXY_WARNING


def ready(visitor: Visitor, status: int = 200) -> dict[str, object]:
    body: dict[str, object] = visitor.reads("/readyz", status).response.get_json()
    return body


@ON_ONE_DATABASE
def test_alive_touches_no_database(visitor: Visitor, statements: StatementCount) -> None:
    visitor.reads("/")
    visitor.hurried = True
    before = len(statements)
    assert visitor.reads("/livez").response.get_json() == {"status": "ok"}
    assert len(statements) == before


@ON_ONE_DATABASE
def test_only_the_doctor_is_told_what_arrives_of_a_request(visitor: Visitor) -> None:
    strangers = visitor.reads("/livez", x_verdicts_probe="a-question-of-a-stranger")
    assert strangers.response.get_json() == {"status": "ok"}
    nonce, question = probes.create()
    seen = probes.open_answer(visitor.reads("/livez", x_verdicts_probe=question).response.get_json()["probe"])
    assert seen == Sighting(nonce, "verdicts.test", "http", "127.0.0.1", forwarded=0, proxy_hops=0)


def test_ready_when_every_migration_is_there(visitor: Visitor) -> None:
    assert ready(visitor) == {"status": "ready", "warnings": []}


@pytest.mark.parametrize(
    "statement", ["UPDATE alembic_version SET version_num = 'older'", "DELETE FROM alembic_version"]
)
def test_not_ready_where_a_migration_is_missing(visitor: Visitor, statement: str) -> None:
    db.session.execute(db.text(statement))
    db.session.commit()
    assert "lacks a migration" in str(ready(visitor, 503)["reason"])
    assert visitor.reads("/readyz", 503).headers["Retry-After"] == "5"


def test_not_ready_before_the_first_migration(visitor: Visitor) -> None:
    db.session.execute(db.text("DROP TABLE alembic_version"))
    db.session.commit()
    assert "lacks a migration" in str(ready(visitor, 503)["reason"])


def test_being_ready_costs_four_statements_and_reads_no_migrations(
    visitor: Visitor, statements: StatementCount, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(visitor)
    visitor.hurried = True
    monkeypatch.setattr(readiness, "CHECKOUT", None)
    before = len(statements)
    ready(visitor)
    assert len(statements) - before <= 4


def test_ballots_from_this_machine_raise_a_warning(visitor: Visitor) -> None:
    make_tool("alpha")
    visitor.votes("alpha", "ship")
    assert ready(visitor)["warnings"] == [PROXY_WARNING]


def test_ballots_from_elsewhere_raise_none(app: Flask) -> None:
    make_tool("alpha")
    visitor = Visitor(app, "203.0.113.5")
    visitor.votes("alpha", "ship")
    assert ready(visitor)["warnings"] == []


@pytest.mark.parametrize("stated", [" ", "unknown", "unix:", "203.0.113.5"])
@ON_ONE_DATABASE
def test_ballots_from_addresses_that_cannot_be_read_raise_a_warning(
    app_with: Callable[..., Flask], stated: str
) -> None:
    visitor = Visitor(app_with(PROXY_HOPS="2"))
    make_tool("alpha")
    visitor.votes("alpha", "ship", x_forwarded_for=stated)
    assert ready(visitor)["warnings"] == [health.UNREADABLE_WARNING]


def test_the_warning_ends_a_day_later(visitor: Visitor, later: Callable[[timedelta], None]) -> None:
    make_tool("alpha")
    visitor.votes("alpha", "ship")
    later(timedelta(hours=25))
    assert ready(visitor)["warnings"] == []


def test_the_demo_raises_no_warning(app_with: Callable[..., Flask]) -> None:
    visitor = Visitor(app_with(DEMO="1"))
    make_tool("alpha")
    visitor.votes("alpha", "ship")
    assert ready(visitor)["warnings"] == []


def test_behind_a_known_proxy_the_clients_address_counts(app_with: Callable[..., Flask]) -> None:
    visitor = Visitor(app_with(PROXY_HOPS="1"))
    make_tool("alpha")
    visitor.votes("alpha", "ship", x_forwarded_for="198.51.100.4, 203.0.113.5")
    assert ready(visitor)["warnings"] == []
