"""Workers are killed while many readers vote: what was acknowledged is kept, and nothing counts twice."""

import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from tests.faults import IS_LONG
from tests.faults.ballots import VERDICTS, Voter, check_votes
from tests.faults.conftest import TOOLS, Figures, fill_database
from tests.faults.readers import NO_RESPONSE, Reader, Response
from tests.faults.serving import Site, app_on_database, serving

SEED = 20261122
CLIENTS = 50
TRIES = 3
VOTERS_A_CLIENT, BALLOTS_A_VOTER, KILLS, LONGEST_PAUSE = (10, 4, 60, 2.0) if IS_LONG else (2, 3, 10, 0.5)


class Storm:
    """Clients that vote at once while workers are killed; it counts what happens to them."""

    def __init__(self, site: Site) -> None:
        ballots = range(CLIENTS * VOTERS_A_CLIENT * BALLOTS_A_VOTER)
        self.counts: Counter[str] = Counter()
        self._site = site
        self._kill_before = set(_chance(0).sample(ballots[CLIENTS:], KILLS))
        self._killed: set[int] = set()
        self._number = count()
        self._lock = threading.Lock()

    def rage(self) -> list[Voter[Reader]]:
        with ThreadPoolExecutor(CLIENTS) as clients:
            return [voter for voters in clients.map(self._be_a_client, range(CLIENTS)) for voter in voters]

    def _be_a_client(self, number: int) -> list[Voter[Reader]]:
        chance = _chance(number)
        voters = [Voter(Reader(self._site.port, network=number)) for _ in range(VOTERS_A_CLIENT)]
        for voter in voters:
            for _ in range(BALLOTS_A_VOTER):
                time.sleep(chance.uniform(0, LONGEST_PAUSE))
                self._cast(voter, chance.choice(TOOLS), chance.choice(VERDICTS), chance)
        return voters

    def _cast(self, voter: Voter[Reader], tool: str, verdict: str, chance: random.Random) -> None:
        self._kill_if_it_is_time(chance)
        self._note("ballots")
        voter.may_stand[tool].add(verdict)
        if any(self._try(voter, tool, verdict, chance) for _ in range(TRIES)):
            voter.may_stand[tool] = {verdict}
            self._note("acknowledged")
            if chance.random() < 0.1:
                self._note("sent again for no reason")
                self._try(voter, tool, verdict, chance)

    def _try(self, voter: Voter[Reader], tool: str, verdict: str, chance: random.Random) -> bool:
        self._note("requests")
        answers = self._send(voter.reader, tool, verdict, chance)
        for answer in answers:
            self._note(str(answer.status))
        if not answers:
            self._note("cut off")
            time.sleep(chance.uniform(0.05, 0.3))
        elif not any(answer.is_acknowledged for answer in answers):
            time.sleep(answers[0].retry_after)
        return any(answer.is_acknowledged for answer in answers)

    def _send(self, reader: Reader, tool: str, verdict: str, chance: random.Random) -> list[Response]:
        if reader.cookies and chance.random() < 0.1:
            self._note("tapped twice")
            return reader.vote_twice_at_once(tool, verdict)
        try:
            return [reader.vote(tool, verdict, htmx=chance.random() < 0.5)]
        except NO_RESPONSE:
            return []

    def _kill_if_it_is_time(self, chance: random.Random) -> None:
        with self._lock:
            if next(self._number) not in self._kill_before:
                return
            while not (alive := sorted(set(self._site.workers()) - self._killed)):
                time.sleep(0.01)
            worker = chance.choice(alive)
            os.kill(worker, signal.SIGKILL)
            self._killed.add(worker)
            self.counts["kills"] += 1

    def _note(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


@pytest.mark.timeout(900)
def test_an_acknowledged_vote_is_kept_and_none_counts_twice_while_workers_are_killed(
    database_url: str, tmp_path: Path, figures: Figures
) -> None:
    fill_database(database_url, tmp_path)
    with serving(database_url, tmp_path) as site:
        storm = Storm(site)
        voters = storm.rage()
        assert site.stop() == 0
        recounted, difference = site.flask("votes", "recount")
    with app_on_database(database_url, tmp_path) as app:
        faults = check_votes(app, voters)
    counts = ", ".join(f"{what} {number}" for what, number in sorted(storm.counts.items()))
    figures(f"{counts}; {faults}. {difference.strip()}")
    assert not faults.all
    assert recounted == 0
    assert difference == "Every tally, every vote and every count of a pair is what the vote record says.\n"
    assert storm.counts["500"] == 0, site.log
    assert storm.counts["kills"] == KILLS
    assert storm.counts["cut off"] > 0
    assert storm.counts["acknowledged"] > 0.8 * storm.counts["ballots"]


def _chance(number: int) -> random.Random:
    return random.Random(SEED + number)  # noqa: S311  # fixed, so that what went wrong can be tried again
