"""Statements that SQLite's driver is given as they are: they store, return and raise what SQLAlchemy does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import make_tool
from verdicts.catalog.kinds import Verdict
from verdicts.extensions import begin_write, db, limit_to
from verdicts.prepared import LONGEST_LIST, Prepared
from verdicts.voting.models import Occasion, Standing, tally, vote_event

AT = datetime(2026, 3, 4, 5, 6, 7, 890_123, UTC)
LINE: dict[str, Any] = {
    "voter": "ann",
    "occasion": Occasion.CAST,
    "from_verdict": None,
    "from_standing": Standing.COUNTED,
    "to_verdict": Verdict.SKIP,
    "to_standing": Standing.WAITING,
    "reason": "“Why?” ☂",
    "at": AT,
}
READ = sa.select(*(vote_event.c[name] for name in LINE)).where(vote_event.c.voter == sa.bindparam("voter"))
TALLY = {"ship": 1, "skip": 2, "waiting": 3, "held": 0, "discarded": 0}


@pytest.fixture
def tool(app: Flask) -> int:
    """A tool's id, in a transaction that may write."""
    id = make_tool("mistral-code").id
    db.session.rollback()
    begin_write()
    return id


def add(line: dict[str, Any], tool: int) -> None:
    Prepared(sa.insert(vote_event).inline()).execute(db.session.connection(), {"tool_id": tool, **line})


def test_what_it_stores_sqlalchemy_reads(tool: int) -> None:
    add(LINE, tool)
    assert db.session.connection().execute(READ, {"voter": "ann"}).one()._asdict() == LINE


def test_what_sqlalchemy_stores_it_reads(tool: int) -> None:
    db.session.connection().execute(sa.insert(vote_event), [{"tool_id": tool, **LINE}] * 2)
    assert [list(row) for row in Prepared(READ).execute(db.session.connection(), {"voter": "ann"})] == [
        list(LINE.values())
    ] * 2


def test_it_returns_no_rows_where_there_are_none_and_where_it_writes(tool: int) -> None:
    connection = db.session.connection()
    assert Prepared(READ).execute(connection, {"voter": "ben"}) == []
    assert Prepared(sa.insert(tally)).execute(connection, {"tool_id": tool, **TALLY, "changes": 0}) == []


@pytest.mark.parametrize("length", [0, 1, 3, LONGEST_LIST, LONGEST_LIST + 1])
def test_it_takes_a_list_of_any_length_as_often_as_it_is_named(tool: int, length: int) -> None:
    moments = [AT + timedelta(days=number) for number in range(length)]
    for moment in [*moments, AT - timedelta(days=1)]:
        add({**LINE, "at": moment}, tool)
    among = vote_event.c.at.in_(sa.bindparam("moments", expanding=True))
    both = sa.union_all(*[sa.select(vote_event.c.at, sa.literal(part).label("part")).where(among) for part in "ab"])
    rows = Prepared(both).execute(db.session.connection(), {"moments": moments})
    assert sorted((row.part, row.at) for row in rows) == [(part, moment) for part in "ab" for moment in moments]


def test_its_rows_have_the_names_that_sqlalchemys_have(tool: int) -> None:
    add(LINE, tool)
    other = vote_event.alias()
    columns = sa.select(vote_event.c.at, other.c.at, vote_event.c.from_verdict, sa.func.length("ab").label("count"))
    unnamed = sa.func.length("abc"), sa.select(other.c.occasion).limit(limit_to(1)).scalar_subquery()
    statement = columns.add_columns(*unnamed).join(other, other.c.id == vote_event.c.id)
    (row,) = Prepared(statement).execute(db.session.connection(), {})
    assert row._fields == db.session.connection().execute(statement).one()._fields
    assert (row.at, row[1:]) == (AT, (AT, None, 2, 3, Occasion.CAST))


def test_it_takes_other_values_each_time_and_defaults_where_it_is_given_none(tool: int) -> None:
    statement = Prepared(sa.select(sa.bindparam("name", "nobody", sa.String), sa.bindparam("age", type_=sa.Integer)))
    given = [{"name": "ann", "age": 30}, {"age": 31}, {"name": None, "age": 32}, {"age": 33, "name": "ben"}]
    rows = [tuple(statement.execute(db.session.connection(), values)[0]) for values in given]
    assert rows == [("ann", 30), ("nobody", 31), (None, 32), ("ben", 33)]


def test_a_value_that_is_missing_is_an_error(tool: int) -> None:
    with pytest.raises((KeyError, StatementError), match="voter"):
        Prepared(READ).execute(db.session.connection(), {"name": "ann"})


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (sa.insert(tally), {"tool_id": 1, **TALLY}),
        (sa.insert(vote_event).returning(vote_event.c.id), {"tool_id": 1, **LINE}),
        (READ.limit(limit_to("most")), {"voter": "ann", "most": 1}),
    ],
    ids=["a default of a model", "a row that it returns", "a number that becomes a part of the text"],
)
def test_what_only_sqlalchemy_can_fill_in_is_an_error(
    tool: int, statement: sa.Select[Any] | sa.Insert, values: dict[str, Any]
) -> None:
    with pytest.raises(TypeError, match="Only SQLAlchemy"):
        Prepared(statement).execute(db.session.connection(), values)


def test_it_is_part_of_its_transaction(tool: int) -> None:
    add(LINE, tool)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(vote_event)) == 0


def test_outside_a_transaction_it_begins_one(tool: int) -> None:
    db.session.rollback()
    with db.engine.connect() as connection:
        Prepared(sa.insert(vote_event).inline()).execute(connection, {"tool_id": tool, **LINE})
        assert connection.in_transaction()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(vote_event)) == 0


def test_a_value_that_the_database_refuses_is_an_integrity_error_which_shows_no_values(tool: int) -> None:
    with pytest.raises(IntegrityError) as error:
        add({**LINE, "at": None}, tool)
    assert "INSERT INTO vote_event" in str(error.value)
    assert "ann" not in str(error.value).replace(str(error.value.orig), "")


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("words", "kind"), [("database is locked", OperationalError), ("malformed database schema", DBAPIError)]
)
def test_what_the_driver_raises_is_wrapped_and_an_outage_is_an_operational_error(
    tool: int, words: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = db.session.connection()
    driver_error = connection.dialect.loaded_dbapi.DatabaseError

    class Cursor:
        def execute(self, _text: str, _values: object) -> None:
            raise driver_error(words)

        def close(self) -> None:
            pass

    monkeypatch.setattr(connection.connection, "cursor", Cursor, raising=False)
    with pytest.raises(DBAPIError) as raised:
        add(LINE, tool)
    assert isinstance(raised.value, kind)
    assert isinstance(raised.value, OperationalError) == (kind is OperationalError)


@ON_ONE_DATABASE
def test_after_an_error_its_cursor_is_closed(tool: int) -> None:
    with pytest.raises(IntegrityError) as raised:
        add({**LINE, "at": None}, tool)
    frames = [entry.frame.f_locals for entry in raised.traceback]
    cursor = next(names["cursor"] for names in frames if "cursor" in names)
    with pytest.raises(db.session.connection().dialect.loaded_dbapi.ProgrammingError, match="closed"):
        cursor.execute("SELECT 1")


@ON_ONE_DATABASE
def test_a_name_that_is_bound_with_a_type_and_without_is_converted(tool: int) -> None:
    at = sa.bindparam("at")
    statement = sa.select(vote_event.c.voter).where(vote_event.c.at == at, sa.literal_column("'x'") != at)
    add(LINE, tool)
    assert [tuple(row) for row in Prepared(statement).execute(db.session.connection(), {"at": AT})] == [("ann",)]


def test_who_listens_hears_of_it(tool: int, statements: StatementCount) -> None:
    before = len(statements)
    add(LINE, tool)
    assert len(statements) - before == 1
