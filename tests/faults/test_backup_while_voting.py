"""A backup is consistent while readers vote as fast as they can: it restores, and its recount finds nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.load import OpenLoad
from benchmarks.requests import vote
from tests.faults import IS_LONG
from tests.faults.conftest import TOOLS, Figures, fill_database
from tests.faults.serving import Site, app_on_database, serving
from verdicts import config
from verdicts.extensions import db
from verdicts.voting import models as voting

BACKUPS = 10 if IS_LONG else 2
VOTES_A_SECOND = 200 if IS_LONG else 50
PATIENCE_SECONDS = 10.0


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    fill_database(database_url, tmp_path)
    with serving(database_url, tmp_path) as site:
        yield site


@pytest.mark.timeout(600)
def test_every_backup_restores_while_readers_vote(site: Site, tmp_path: Path, figures: Figures) -> None:
    settings = config.load({**site.settings, "INSTANCE_PATH": str(tmp_path)})
    votes = (vote(settings, number, TOOLS[number % len(TOOLS)]) for number in count())
    load = OpenLoad(site.port, votes, PATIENCE_SECONDS)
    with ThreadPoolExecutor(1) as thread:
        backing_up = thread.submit(back_up_again_and_again, site, tmp_path)
        load.run(VOTES_A_SECOND, lambda _elapsed: not backing_up.done())
    done = backing_up.result()
    assert [status for status, _printed in done] == [0] * BACKUPS, done
    assert site.flask("votes", "recount")[0] == 0
    acknowledged = load.answers[303]
    figures(
        f"{BACKUPS} backups, each restored and recounted, while {acknowledged / load.seconds:.0f} votes a second were "
        f"acknowledged ({acknowledged / load.sent:.3f} of all)"
    )
    assert set(load.answers) <= {303, 503}
    assert (load.lost, load.late, load.refused_without_retry) == (0, 0, 0)
    with app_on_database(site.settings["DATABASE_URL"], tmp_path):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(voting.vote)) == acknowledged


def back_up_again_and_again(site: Site, folder: Path) -> list[tuple[int, str]]:
    return [site.flask("backup", str(folder / f"{number}.zip"), "--verify") for number in range(BACKUPS)]
