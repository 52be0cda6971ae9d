"""Threads take turns: the one that waits longest is next, and a bounded number waits."""

import gc
import threading
import time
from contextlib import closing
from weakref import ref

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from verdicts.engines import sqlite_driver
from verdicts.extensions import WRITERS, begin_write, db, end_session, is_writing
from verdicts.turns import TooManyWaiting, Turns


def waiting_for(turns: Turns, name: str, order: list[str]) -> threading.Thread:
    """Start a thread that waits for its turn, notes its name and ends the turn. It waits when this returns."""

    def take_turn() -> None:
        turns.take(timeout=10)
        order.append(name)
        turns.end()

    thread, waiting = threading.Thread(target=take_turn), len(turns._waiting)
    thread.start()
    while len(turns._waiting) == waiting:
        time.sleep(0.001)
    return thread


def test_who_waits_longest_is_next_and_before_who_comes_later() -> None:
    turns, order = Turns(at_once=1), list[str]()
    turns.max_waiting = 3
    turns.take(timeout=0)
    threads = [waiting_for(turns, name, order) for name in ("first", "second")]
    turns.end()
    turns.take(timeout=10)
    order.append("third")
    turns.end()
    for thread in threads:
        thread.join(timeout=10)
    assert order == ["first", "second", "third"]


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    turns, order = Turns(at_once=1), list[str]()
    turns.take(timeout=0)
    thread = waiting_for(turns, "first", order)
    began = time.monotonic()
    with pytest.raises(TooManyWaiting):
        turns.take(timeout=10)
    assert time.monotonic() - began < 5
    turns.end()
    thread.join(timeout=10)
    assert order == ["first"]


def test_who_has_waited_in_vain_is_refused_and_keeps_nobody_from_a_turn() -> None:
    turns = Turns(at_once=1)
    turns.take(timeout=0)
    with pytest.raises(TooManyWaiting):
        turns.take(timeout=0.01)
    turns.end()
    turns.take(timeout=0)


def test_as_many_as_may_have_a_turn_at_once_do() -> None:
    turns = Turns(at_once=2)
    turns.max_waiting = 0
    turns.take(timeout=0)
    turns.take(timeout=0)
    with pytest.raises(TooManyWaiting):
        turns.take(timeout=0)


@ON_ONE_DATABASE
def test_a_writer_holds_the_lock_of_sqlite_before_its_first_statement_and_a_reader_does_not(app: Flask) -> None:
    begin_write()
    with closing(sqlite_driver().connect(db.engine.url.database, timeout=0)) as other:
        with pytest.raises(sqlite_driver().OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        db.session.rollback()
        db.session.connection()  # the same one of the pool
        other.execute("BEGIN IMMEDIATE")


@ON_ONE_DATABASE
def test_a_session_writes_until_its_transaction_ends(app: Flask) -> None:
    for end in (db.session.commit, db.session.rollback, db.session.remove):
        begin_write()
        with db.session.begin_nested():
            assert is_writing()
        assert is_writing()
        end()
        assert not is_writing()
        db.session.connection()  # begins another
        assert not is_writing()
        db.session.rollback()


@ON_ONE_DATABASE
def test_a_session_that_wrote_leaves_no_garbage(app: Flask) -> None:
    db.session.remove()
    gc.disable()
    try:
        begin_write()
        session = ref(db.session())
        db.session.commit()
        db.session.remove()
        assert session() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_writers_whose_connections_are_lost_give_their_turns_back(app: Flask) -> None:
    for _ in range(WRITERS["postgresql"] + 1):
        begin_write()
        process = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:process)"), {"process": process})
        with pytest.raises(sa.exc.OperationalError):
            db.session.execute(sa.text("SELECT 1"))
        end_session()
    begin_write()
    assert db.session.scalar(sa.text("SELECT 1")) == 1
