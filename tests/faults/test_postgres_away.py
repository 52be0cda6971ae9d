"""PostgreSQL goes away under a serving site and comes back: readers keep their pages, votes are refused in words."""

import threading
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.faults import IS_LONG
from tests.faults.conftest import PAGE, TOOLS, Figures
from tests.faults.deployment import create_filled_database
from tests.faults.readers import Reader, Response
from tests.faults.repeating import repeat_in_threads
from tests.faults.serving import serving, wait_until
from tests.postgres import PostgresServer, server_programs

SECONDS_AWAY = 15 if IS_LONG else 3


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server of this test's own, as it will be stopped. (Asking for the shared one skips or fails without any.)"""
    programs = server_programs()
    assert programs
    with PostgresServer(programs) as own:
        yield own


@pytest.fixture
def own_database_url(server: PostgresServer, tmp_path: Path) -> str:
    return create_filled_database(server, tmp_path)


def test_while_the_database_is_away_pages_are_served_and_votes_refused_and_then_all_goes_on(
    server: PostgresServer, own_database_url: str, tmp_path: Path, figures: Figures
) -> None:
    answers: dict[str, list[Response]] = {"page": [], "vote": [], "livez": [], "readyz": [], "never read before": []}
    number = count(1)

    # One worker: each keeps pages of its own, so another might not have this one yet.
    with serving(own_database_url, tmp_path, WEB_CONCURRENCY="1") as site:
        assert site.get(PAGE).status == 200
        before = Reader(site.port, network=next(number))
        assert before.vote(TOOLS[0], "ship").is_acknowledged
        assert site.get("/readyz").status == 200

        def ask_for_everything() -> None:
            answers["page"].append(site.get(PAGE))
            answers["vote"].append(Reader(site.port, network=next(number)).vote(TOOLS[0], "ship"))
            answers["livez"].append(site.get("/livez"))
            answers["readyz"].append(site.get("/readyz"))
            answers["never read before"].append(Reader(site.port, network=next(number)).search_anew())

        server.stop()
        repeat_in_threads([ask_for_everything] * 6, SECONDS_AWAY)
        server.start()
        wait_until(lambda: site.get("/readyz").status == 200, 10)
        assert before.vote(TOOLS[0], "skip").is_acknowledged
        assert site.get("/tools?q=back").status == 200
        assert site.flask("votes", "recount")[0] == 0

    statuses = {what: dict(Counter(answer.status for answer in given)) for what, given in answers.items()}
    figures(f"away for {SECONDS_AWAY} s: {statuses}")
    assert {what: set(found) for what, found in statuses.items()} == {
        "page": {200},
        "vote": {503},
        "livez": {200},
        "readyz": {503},
        "never read before": {503},
    }
    assert all(answer.retry_after > 0 for what in ("vote", "readyz", "never read before") for answer in answers[what])
    assert min(map(len, answers.values())) > SECONDS_AWAY


def test_a_server_that_restarts_under_load_costs_503s_and_nothing_worse(
    server: PostgresServer, own_database_url: str, tmp_path: Path, figures: Figures
) -> None:
    statuses: Counter[int] = Counter()
    number = count(1)
    stopped = threading.Event()

    with serving(own_database_url, tmp_path) as site:

        def cast() -> None:
            answer = Reader(site.port, network=next(number)).vote(TOOLS[0], "ship")
            statuses[answer.status] += 1

        def restart() -> None:
            if not stopped.wait(1):
                stopped.set()
                server.stop()
                server.start()

        repeat_in_threads([cast] * 8 + [restart], SECONDS_AWAY)
        assert Reader(site.port, network=next(number)).vote(TOOLS[0], "ship").is_acknowledged
        assert site.flask("votes", "recount")[0] == 0
        assert "Traceback" in site.log  # what happened is written down
        figures(f"restarted under votes: {dict(statuses)}")
        assert "Error handling request" not in site.log  # as gunicorn says it of what escapes from us
    assert set(statuses) == {303, 503}
