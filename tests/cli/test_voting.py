"""`flask votes recount` and `flask housekeeping`, as an operator or a timer calls them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import Result
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.makers import NOW, make_tool
from tests.voting.world import SHIP, SKIP, crowd, figures, masses, names, rows, say
from verdicts.catalog import search_index
from verdicts.cli import housekeeping
from verdicts.cli.housekeeping import run_all
from verdicts.extensions import begin_write, db, limit_waiting_writers
from verdicts.voting.models import Standing, network_key, pair_readers, tally, vote, vote_event
from verdicts.voting.networks import network_hash
from verdicts.voting.recount import recount
from verdicts.voting.tallying import Figures
from verdicts.voting.voters import VOTER_KEPT

DAY = timedelta(days=1)
NOTHING_TO_DO = [
    "Waiting votes counted: 0",
    "Waiting votes held for an editor: 0",
    "Network keys destroyed: 0",
    "Network hashes blanked: 0",
    "Voters of old votes deleted: 0",
    "Unconfirmed sign-ups destroyed: 0",
    "Turns of sign-ups forgotten: 0",
    "Bounced addresses destroyed: 0",
    "Marks of bounces forgotten: 0",
    "Networks that doubted a price blanked: 0",
    "Addresses of resolved messages forgotten: 0",
    "Sessions destroyed: 0",
    "Secrets of second factors encrypted again: 0",
    "Failed log-ins forgotten: 0",
    "Drafts of forms destroyed: 0",
    "Versions that forms were opened with destroyed: 0",
    "Letters for a new password forgotten: 0",
    "Returned mail not understood destroyed: 0",
    "Files waiting to be imported destroyed: 0",
    "Old counts of views and searches deleted: 0",
    "Figures of tools' views brought up to date: 0",
    "Logos of no tool destroyed: 0",
    "Tools that the search index had left out: 0",
]


@pytest.fixture
def tool(app: Flask) -> int:
    id = make_tool("mistral-code").id
    search_index.reindex_all()
    db.session.commit()
    return id


def run_housekeeping(app: Flask, now: datetime) -> list[str]:
    """Run the command at a moment and return the lines it prints."""
    with time_machine.travel(now):
        result = app.test_cli_runner().invoke(args=["housekeeping"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def count_again(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["votes", "recount"])


def crowd_from_a_network(tool: int) -> None:
    """Thirty of one opinion from one network, of whom ten wait; and two from another, of whom one waits."""
    begin_write()
    here, there = (
        network_hash(db.session.connection(), "203.0.113.7", NOW),
        network_hash(db.session.connection(), "198.51.100.7", NOW),
    )
    db.session.commit()
    crowd(tool, names("bot", 30), SHIP, network=here, allowance=20)
    crowd(tool, ["ann", "ben"], SKIP, network=there, allowance=1)


def test_a_recount_without_differences_is_one_line(app: Flask, tool: int) -> None:
    say(tool, "ann", SHIP)
    result = count_again(app)
    assert result.exit_code == 0
    assert result.output == "Every tally, every vote and every count of a pair is what the vote record says.\n"


def test_a_recount_says_every_difference_in_words(app: Flask, tool: int) -> None:
    say(tool, "ann", SHIP)
    db.session.execute(sa.update(tally).values(ship=3))
    db.session.execute(sa.delete(vote))
    counts = {"ship_ship": 0, "ship_skip": 9, "skip_ship": 0, "skip_skip": 0}
    pair = {"tool_id": tool, "rival_id": make_tool("claude-code").id}
    db.session.execute(sa.insert(pair_readers).values(**pair, **counts))
    db.session.commit()
    result = count_again(app)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "mistral-code: 0 stored votes are not as the vote record has them, 1 votes of the record are not stored so.",
        "mistral-code: the tally says 3 ship, the vote record 1.",
        "mistral-code and claude-code: 9 readers stored for ship and skip, 0 by their votes.",
    ]


def test_a_recount_changes_nothing(app: Flask, tool: int) -> None:
    say(tool, "ann", SHIP)
    db.session.execute(sa.update(tally).values(ship=3))
    db.session.commit()
    count_again(app)
    assert count_again(app).exit_code == 1
    assert figures(tool) == Figures(ship=3)


def test_housekeeping_with_nothing_to_do_says_so(app: Flask) -> None:
    assert run_housekeeping(app, NOW) == NOTHING_TO_DO


def test_housekeeping_decides_what_has_waited_a_day(app: Flask, tool: int) -> None:
    crowd_from_a_network(tool)
    assert run_housekeeping(app, NOW + DAY)[:2] == [
        "Waiting votes counted: 1",
        "Waiting votes held for an editor: 10",
    ]
    assert figures(tool) == Figures(ship=20, skip=2, waiting=10, held=10)


def test_housekeeping_after_a_week_forgets_networks_but_decides_first(app: Flask, tool: int) -> None:
    crowd_from_a_network(tool)
    assert run_housekeeping(app, NOW + 7 * DAY) == [
        "Waiting votes counted: 1",
        "Waiting votes held for an editor: 10",
        "Network keys destroyed: 1",
        "Network hashes blanked: 64",
        *NOTHING_TO_DO[4:],
    ]
    assert rows(network_key) == 0


def test_housekeeping_after_thirteen_months_folds_voters(app: Flask, tool: int) -> None:
    crowd_from_a_network(tool)
    run_housekeeping(app, NOW + DAY)
    assert "Voters of old votes deleted: 32" in run_housekeeping(app, NOW + VOTER_KEPT + DAY)
    assert (rows(vote), rows(vote_event)) == (0, 53)
    assert figures(tool) == Figures(ship=20, skip=2, discarded=10)
    assert count_again(app).exit_code == 0


def test_housekeeping_twice_does_no_more_than_once(app: Flask, tool: int) -> None:
    crowd_from_a_network(tool)
    run_housekeeping(app, NOW + 7 * DAY)
    assert run_housekeeping(app, NOW + 7 * DAY) == NOTHING_TO_DO


@pytest.fixture
def many_writers() -> Iterator[None]:
    """Let threads of a test wait for SQLite's lock side by side, as those of several processes would."""
    limit_waiting_writers(8)
    yield
    limit_waiting_writers(1)


def run_housekeeping_beside(app: Flask, now: datetime) -> list[int]:
    """Run housekeeping on another connection, and return the number in each line."""
    with app.app_context():
        return [count for _what, count in run_all(now)]


@pytest.mark.usefixtures("many_writers")
def test_two_housekeepings_at_once_share_the_work(app: Flask, tool: int) -> None:
    masses(tool, names("pro", 1200), SHIP, Standing.WAITING, names("n", 120))
    masses(tool, names("con", 1200), SKIP, Standing.WAITING, names("n", 120))
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(run_housekeeping_beside, app, NOW + VOTER_KEPT + DAY) for _ in range(2)]
    done = [a + b for a, b in zip(*(each.result() for each in both), strict=True)]
    assert done == [2400, 0, 0, 4800, 2400, *[0] * (len(NOTHING_TO_DO) - 5)]
    assert figures(tool) == Figures(ship=1200, skip=1200)
    assert recount() == []


@pytest.mark.usefixtures("many_writers")
def test_voters_get_their_turn_between_the_batches(app: Flask, tool: int) -> None:
    masses(tool, names("old", 6000), SHIP, Standing.COUNTED)
    with ThreadPoolExecutor(1) as threads:
        folding = threads.submit(run_housekeeping_beside, app, NOW + VOTER_KEPT + DAY)
        cast = 0
        while not folding.done():
            say(tool, f"new{cast}", SKIP, now=NOW + VOTER_KEPT)
            cast += 1
    assert 6000 in folding.result()
    assert cast > 0
    assert figures(tool) == Figures(ship=6000, skip=cast)


def test_a_busy_database_is_asked_again_and_then_given_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[int] = []

    def refuse() -> None:
        attempts.append(1)
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    monkeypatch.setattr("verdicts.extensions.begin_write", refuse)
    result = app.test_cli_runner().invoke(args=["housekeeping"])
    assert result.exit_code == 1
    assert "busy or away" in result.output
    assert len(attempts) == housekeeping.MAX_TRIES
