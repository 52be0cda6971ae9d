"""The marks by which the page cache knows that something has changed, on both databases."""

import time
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask

from tests.conftest import StatementCount
from tests.faults.serving import wait_until
from tests.makers import NOW, make_comparison, make_tool
from tests.voting.world import SHIP, SKIP, say
from tests.web.visitor import Clock
from verdicts.catalog.content_version import bump_content_version
from verdicts.extensions import db
from verdicts.web import site_state
from verdicts.web.site_state import (
    STATE_TTL_SECONDS,
    UNKNOWN,
    SiteState,
    SiteStateReader,
    Source,
    is_unchanged,
    read_state,
)

HOUR = timedelta(hours=1)
CONTENT, BOTH = frozenset([Source.CONTENT]), frozenset(Source)


def test_a_site_without_tools_has_a_state(app: Flask) -> None:
    assert read_state(NOW) == read_state(NOW)
    assert read_state(NOW).vote_changes == 0


def test_each_change_of_a_vote_moves_what_shows_votes_alone(app: Flask) -> None:
    ids = [make_tool("alpha").id, make_tool("beta").id]
    states = [read_state(NOW)]
    for tool, verdict in ((ids[0], SHIP), (ids[0], SKIP), (ids[1], SHIP), (ids[0], None)):
        db.session.rollback()
        say(tool, "ada", verdict)
        states.append(read_state(NOW))
    assert [state.vote_changes for state in states] == [0, 1, 2, 3, 4]
    assert is_unchanged(CONTENT, states[0], states[-1])
    assert not is_unchanged(BOTH, states[0], states[-1])


def test_the_same_vote_again_changes_nothing(app: Flask) -> None:
    id = make_tool("alpha").id
    db.session.rollback()
    say(id, "ada", SHIP)
    before = read_state(NOW)
    say(id, "ada", SHIP)
    assert read_state(NOW) == before


def test_what_editors_publish_moves_it(app: Flask) -> None:
    before = read_state(NOW)
    bump_content_version()
    db.session.commit()
    assert not is_unchanged(CONTENT, before, read_state(NOW))


def test_what_is_scheduled_moves_it_at_its_moment(app: Flask) -> None:
    tools = [make_tool("alpha"), make_tool("beta", published_at=NOW + HOUR)]
    make_comparison(*tools, published_at=NOW + 2 * HOUR)
    states = [read_state(NOW + moment).content for moment in (HOUR / 2, HOUR, 1.5 * HOUR, 2 * HOUR, 3 * HOUR)]
    assert [one == following for one, following in pairwise(states)] == [False, True, False, True]


def test_each_day_moves_it(app: Flask) -> None:
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    before, after = read_state(midnight - timedelta(seconds=1)), read_state(midnight)
    assert not is_unchanged(CONTENT, before, after)


# Who reads it


def test_the_state_is_read_once_a_second_however_many_ask(app: Flask, statements: StatementCount) -> None:
    clock = Clock()
    reader = SiteStateReader(app, clock)
    for later in (0.0, 0.5, 0.4, 0.2):
        clock.now += later
        reader.current()
    assert len(statements) == 2


def test_who_may_not_wait_knows_the_state_until_it_is_due(app: Flask) -> None:
    clock = Clock()
    reader = SiteStateReader(app, clock)
    assert reader.known() is None
    state = reader.current()
    assert reader.known() == state
    clock.now += STATE_TTL_SECONDS
    assert reader.known() is None


def test_while_one_reads_the_others_go_on_with_the_last_state(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    reader = SiteStateReader(app, clock)
    last = reader.current()
    clock.now += 10
    asked = []

    def read_and_ask(now: datetime) -> SiteState:
        asked.append((reader.current(), reader.known()))
        return read_state(now)

    monkeypatch.setattr(site_state, "read_state", read_and_ask)
    reader.current()
    assert asked == [(last, last)]


def test_it_is_read_ahead_as_long_as_somebody_asks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_state, "READ_AHEAD_SECONDS", 0.01)
    reads = []
    monkeypatch.setattr(site_state, "read_state", lambda now: reads.append(now) or UNKNOWN)
    reader = SiteStateReader(app, time.monotonic)
    reader.start()
    try:
        time.sleep(0.1)
        assert reads == []
        for number in (1, 2):
            reader.known()
            wait_until(lambda number=number: len(reads) == number, 10)  # type: ignore[misc]
        time.sleep(0.1)
        assert len(reads) == 2
    finally:
        reader.stop()


def test_a_stop_before_the_start_stops_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_state, "READ_AHEAD_SECONDS", 0.01)
    reads = []
    monkeypatch.setattr(site_state, "read_state", lambda now: reads.append(now) or UNKNOWN)
    reader = SiteStateReader(app, time.monotonic)
    reader.stop()  # gunicorn's parent calls it for a worker that is gone; the next ones are copies of the parent
    reader.start()
    try:
        reader.known()
        wait_until(lambda: len(reads) == 1, 10)
    finally:
        reader.stop()
