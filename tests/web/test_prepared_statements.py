"""PostgreSQL plans the statements of pages once for each connection, not once for each page."""

from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.apps import pooled_app
from tests.makers import make_tool
from tests.postgres import PostgresServer
from tests.web import rich
from tests.web.test_statements import add_many
from tests.web.visitor import Visitor
from verdicts.catalog.models import Tool
from verdicts.extensions import begin_write, db, end_reading

PREPARED_FROM = 5  # executions; psycopg's own default
PLANNED_EACH_TIME = 5  # executions of a prepared statement, before PostgreSQL may keep a plan
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_a_page_that_is_rendered_again_and_again_has_its_statements_prepared(postgres: PostgresServer) -> None:
    with postgres.pooled("template") as url, pooled_app(url) as app:
        make_tool("alpha")
        visitor = Visitor(app)
        for _ in range(PREPARED_FROM + 1):
            visitor.reads("/tools/alpha")
        before = prepared_statements(app)
        assert before > 0
        visitor.reads("/")
        assert prepared_statements(app) == before


@ON_POSTGRESQL
def test_a_statement_is_prepared_once_for_small_and_large_ids(app: Flask) -> None:
    for slug, id in (("alpha", 1), ("beta", 2), ("gamma", 40_000)):
        make_tool(slug, id=id)
    visitor = on_new_connections(app)
    for _ in range(PREPARED_FROM + 1):
        for pair in ("alpha-vs-beta", "alpha-vs-gamma"):
            visitor.reads(f"/compare/{pair}")
    texts = [text for text, _ in plans_of_each_time()]
    assert texts
    assert len(texts) == len(set(texts))


@ON_POSTGRESQL
def test_with_many_tools_a_list_of_the_first_ones_is_not_planned_each_time(app: Flask) -> None:
    rich.build()
    add_many()
    visitor = on_new_connections(app)
    for _ in range(PREPARED_FROM + PLANNED_EACH_TIME + 5):
        visitor.reads("/categories/developer-tools")
    planned = dict(plans_of_each_time())
    assert any("LIMIT" in text for text in planned)
    assert {text for text, times in planned.items() if times > PLANNED_EACH_TIME} == set()


@ON_POSTGRESQL
def test_what_searches_the_index_is_planned_anew_for_each_search(app: Flask) -> None:
    """How many tools hold the words decides how they are found."""
    rich.build()
    visitor = on_new_connections(app)
    for number in range(PREPARED_FROM + 1):
        for path in ("/tools?q=alpha{}", "/tools?q=alpha&license=MIT{}", "/tools?fresh=price&sort=name&license=Own{}"):
            visitor.reads(path.format(number))
        visitor.reads(f"/compare?q=alpha{number}")
    texts = [text for text, _ in plans_of_each_time()]
    assert texts
    assert [text for text in texts if "@@" in text and "MATERIALIZED" in text] == []
    assert [text for text in texts if text.startswith("SELECT found.tool_id")] == []


@ON_POSTGRESQL
def test_two_that_search_at_once_read_the_index_from_its_beginning(app: Flask) -> None:
    """PostgreSQL lets one scan of a large table join another, which would find others of many tools first."""
    assert db.session.scalar(sa.text("SHOW synchronize_seqscans")) == "off"


def on_new_connections(app: Flask) -> Visitor:
    """Return a visitor for whom nothing is prepared yet."""
    db.session.rollback()
    db.engine.dispose()
    return Visitor(app)


def plans_of_each_time() -> list[tuple[str, int]]:
    """Return each prepared statement of the next connection, and how often it was planned for one execution alone."""
    prepared = sa.table("pg_prepared_statements", sa.column("statement"), sa.column("custom_plans"))
    with db.engine.connect() as connection:
        rows = connection.execute(sa.select(prepared.c.statement, prepared.c.custom_plans)).all()
        connection.commit()
    return [(text, planned) for text, planned in rows]


def prepared_statements(app: Flask) -> int:
    """Return how many statements of pages the connections in the pool have prepared.

    Without what asks for the catalogue's state, which a slow machine asks more often: that hangs on the time.
    """
    is_of_page = "from_sql IS FALSE AND statement NOT LIKE 'SELECT (SELECT content_version%'"
    count = sa.select(sa.func.count()).select_from(sa.table("pg_prepared_statements")).where(sa.text(is_of_page))
    with app.app_context(), ExitStack() as stack:
        connections = [stack.enter_context(db.engine.connect()) for _ in range(db.engine.pool.checkedin())]  # type: ignore[attr-defined]
        counts = [connection.scalar(count) or 0 for connection in connections]
        for connection in connections:
            connection.commit()
    return sum(counts)


# What a request that may only read leaves behind


def test_what_a_reading_request_has_changed_in_memory_is_not_written(app: Flask) -> None:
    id = make_tool("alpha", name="Alpha").id
    db.session.rollback()
    db.session.get_one(Tool, id).name = "Changed"
    end_reading()
    assert name_of(id) == "Alpha"


def test_what_a_reading_request_has_begun_to_write_is_not_committed(app: Flask) -> None:
    id = make_tool("alpha", name="Alpha").id
    db.session.rollback()
    begin_write()
    db.session.execute(sa.update(Tool).values(name="Changed"))
    end_reading()
    assert name_of(id) == "Alpha"


def name_of(id: int) -> str | None:
    db.session.rollback()
    return db.session.scalar(sa.select(Tool.name).where(Tool.id == id))
