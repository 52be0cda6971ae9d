"""A backup is consistent while readers vote as fast as they can: it restores, and its recount finds nothing."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from tests.faults import IS_LONG
from tests.faults.conftest import TOOLS, Figures, fill_database
from tests.faults.readers import Reader
from tests.faults.serving import Site, serving

VOTERS_AT_ONCE = 8
BACKUPS = 10 if IS_LONG else 2


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    fill_database(database_url, tmp_path)
    with serving(database_url, tmp_path) as site:
        yield site


def test_every_backup_restores_while_readers_vote(site: Site, tmp_path: Path, figures: Figures) -> None:
    stop, numbers, votes = threading.Event(), count(1), count()

    def vote_on() -> None:
        while not stop.is_set():
            reader = Reader(site.port, network=next(numbers))
            for tool in TOOLS:
                if reader.vote(tool, "ship").is_acknowledged:
                    next(votes)

    with ThreadPoolExecutor(VOTERS_AT_ONCE) as pool:
        voting = [pool.submit(vote_on) for _ in range(VOTERS_AT_ONCE)]
        try:
            done = [site.flask("backup", str(tmp_path / f"{number}.zip"), "--verify") for number in range(BACKUPS)]
        finally:
            stop.set()
        for voter in voting:
            voter.result()
    assert [status for status, _printed in done] == [0] * BACKUPS, done
    acknowledged = next(votes)
    assert acknowledged > BACKUPS
    assert site.flask("votes", "recount")[0] == 0
    figures(f"{BACKUPS} backups, each restored and recounted, while {acknowledged} votes were acknowledged")
