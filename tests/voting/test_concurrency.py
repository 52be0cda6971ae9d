"""Many connections at once: nothing is lost, nothing is counted twice, and no more count than may."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, current_thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

import verdicts.extensions
from tests.apps import settings_for
from tests.conftest import listening
from tests.makers import NOW, TODAY, make_tool
from tests.voting.world import SHIP, SKIP, crowd, figures, ledger, names, rows, say
from verdicts.cli.housekeeping import run_batches
from verdicts.extensions import TooManyWriters, begin_write, db, limit_waiting_writers
from verdicts.voting.ballot import Ballot
from verdicts.voting.models import Standing, network_key, vote
from verdicts.voting.networks import key_of_day
from verdicts.voting.queries import readers_of_both
from verdicts.voting.readers_of_both import ReadersOfBoth
from verdicts.voting.recount import recount
from verdicts.voting.tallying import Figures
from verdicts.voting.waiting import WAITING_TIME, release_due

CONNECTIONS = 32


@pytest.fixture
def app(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application whose pool has a connection for each of the threads, all of which may wait to write."""
    options = verdicts.extensions.engine_options(database_url) | {"pool_size": CONNECTIONS + 1, "pool_timeout": 60}
    monkeypatch.setattr(verdicts.extensions, "engine_options", lambda _url: options)
    application = verdicts.app.create_app(settings_for(database_url, tmp_path))
    limit_waiting_writers(2 * CONNECTIONS)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()
    limit_waiting_writers(1)


@pytest.fixture
def tool(app: Flask) -> int:
    id = make_tool("mistral-code").id
    db.session.rollback()
    return id


def at_once(app: Flask, act: Callable[[int], Any]) -> list[Any]:
    """Call `act` with 0, 1, 2 … in as many threads, all starting together; return what it returns."""
    barrier = Barrier(CONNECTIONS, timeout=30)

    def run(number: int) -> Any:
        with app.app_context():
            db.session.connection()
            db.session.rollback()
            barrier.wait()
            return act(number)

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        return list(threads.map(run, range(CONNECTIONS)))


def insist(*arguments: Any, **options: Any) -> Ballot:
    """Cast a ballot, and again when the answer would be 503, as a reader does whom Retry-After told to."""
    while True:
        try:
            return say(*arguments, **options)
        except (OperationalError, TooManyWriters):
            db.session.rollback()


def test_one_voter_at_many_connections_has_one_ballot(app: Flask, tool: int) -> None:
    def change_mind(number: int) -> list[Ballot]:
        return [insist(tool, "ann", verdict) for verdict in (SHIP, SKIP, None, SHIP if number % 2 else SKIP)]

    at_once(app, change_mind)
    assert rows(vote) == 1
    assert figures(tool) in (Figures(ship=1), Figures(skip=1))
    lines = ledger(tool)
    assert [line.from_verdict for line in lines[1:]] == [line.to_verdict for line in lines[:-1]]
    assert recount() == []


def test_a_ballot_sent_many_times_counts_once(app: Flask, tool: int) -> None:
    at_once(app, lambda _number: insist(tool, "ann", SHIP))
    assert figures(tool) == Figures(ship=1)
    assert len(ledger(tool)) == 1


def test_many_voters_are_all_counted(app: Flask, tool: int) -> None:
    def vote_and_change(number: int) -> None:
        for verdict in (SHIP, SKIP, SHIP, None, SKIP if number % 4 == 0 else SHIP):
            insist(tool, f"voter {number}", verdict)

    at_once(app, vote_and_change)
    assert figures(tool) == Figures(ship=24, skip=8)
    assert len(ledger(tool)) == 5 * CONNECTIONS
    assert recount() == []


def test_readers_who_judge_both_tools_at_once_are_all_counted(app: Flask, tool: int, few_make_popular: None) -> None:
    pair = [tool, make_tool("claude-code").id]
    db.session.rollback()
    for each in pair:
        crowd(each, names("first", 4), SHIP)

    def vote_and_change(number: int) -> None:
        for verdict in (SHIP, SKIP):
            insist(pair[number % 2], f"voter {number // 2}", verdict)

    at_once(app, vote_and_change)
    assert readers_of_both(*pair) == ReadersOfBoth(both=4, neither=CONNECTIONS // 2)
    assert recount() == []


def test_exactly_the_allowance_counts_at_once(app: Flask, tool: int) -> None:
    cast = at_once(app, lambda number: insist(tool, f"voter {number}", SHIP, network="n1", allowance=20))
    assert sorted(ballot.standing for ballot in cast) == [Standing.COUNTED] * 20 + [Standing.WAITING] * 12
    assert figures(tool) == Figures(ship=20, waiting=12)


def test_a_day_has_one_key_whoever_asks_first(app: Flask, tool: int) -> None:
    def ask(_number: int) -> bytes:
        while True:
            try:
                begin_write()
                key = key_of_day(db.session.connection(), TODAY)
                db.session.commit()
                return key
            except OperationalError:
                db.session.rollback()

    assert len(set(at_once(app, ask))) == 1
    assert rows(network_key) == 1


def test_decisions_and_ballots_do_not_trip_over_each_other(app: Flask, tool: int) -> None:
    voters = names("v", 200)
    for start in range(0, 200, 8):  # too few of a network to be one-sided, whatever they say
        crowd(tool, voters[start : start + 8], SHIP if start < 120 else SKIP, network=f"n{start}", allowance=0)

    def decide_or_change(number: int) -> int:
        if number % 4 == 0:
            return sum(batch.released for batch in run_batches(lambda: release_due(NOW + WAITING_TIME, 0, at_most=10)))
        for voter in voters[number * 5 : number * 5 + 5]:
            insist(tool, voter, SKIP)
        return 0

    assert sum(at_once(app, decide_or_change)) == 200
    assert figures(tool).ship + figures(tool).skip == 200
    assert figures(tool).waiting == 0
    assert recount() == []


def test_a_vote_cast_in_the_middle_of_a_recount_is_no_difference(app: Flask, tool: int) -> None:
    say(tool, "ann", SHIP)
    others, recounting = iter(names("voter", 100)), current_thread()

    def vote_beside() -> None:
        with app.app_context():
            say(tool, next(others), SHIP)

    def vote_after_a_read(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT") and current_thread() is recounting:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(vote_beside).result()

    with listening("after_cursor_execute", vote_after_a_read):
        assert recount() == []
    assert figures(tool).ship > 1
