"""A whole deployment under mixed load, of which one part after another fails."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.digest.mailing_list import make_edition, make_subscribers
from tests.faults import IS_LONG
from tests.faults.ballots import check_votes
from tests.faults.conftest import Figures
from tests.faults.deployment import Deployment, deployed
from tests.faults.mixed_load import MixedLoad
from tests.faults.serving import app_on_database, wait_until

ROUNDS = 3 if IS_LONG else 1
SUBSCRIBERS = 5_000  # so many that their edition is being sent all the time
SECONDS_TO_RECOVER = 45
CALM_SECONDS = 1.0
PAUSE = 0.0 if IS_LONG else 0.05  # other tests run too


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with deployed(tmp_path) as deployment:
        yield deployment


@pytest.mark.timeout(1200)
def test_each_part_killed_in_turn_loses_no_vote_and_recovers_by_itself(
    deployment: Deployment, figures: Figures
) -> None:
    kills: dict[str, Callable[[], None]] = {
        "a worker process of a site": lambda: os.kill(deployment.sites[0].children()[0], signal.SIGKILL),
        **{name: part.kill for name, part in deployment.parts.items() if IS_LONG or name != "site 1"},
    }
    with under_load(deployment, figures) as load:
        for _ in range(ROUNDS):
            for name, kill in kills.items():
                kill()
                figures(f"{name} killed: all is well after {seconds_until_well(deployment, load):.1f} s")
                time.sleep(CALM_SECONDS)


@contextmanager
def under_load(deployment: Deployment, figures: Figures) -> Iterator[MixedLoad]:
    """Let readers, voters and the digest be under way until the block ends, and then check what became of them all."""
    with app_on_database(deployment.database_url, deployment.folder, **deployment.settings):
        make_edition(make_subscribers(SUBSCRIBERS), week=1)  # the worker drafts that of the past week
    load = MixedLoad(deployment.proxy, voters=4, readers=2, pause=PAUSE)
    with load.running():
        yield load
    wait_until(deployment.is_ready, SECONDS_TO_RECOVER)
    recounted, printed = deployment.flask("votes", "recount")
    with app_on_database(deployment.database_url, deployment.folder, **deployment.settings) as app:
        faults = check_votes(app, load.voters)
    letters = Counter(each for each in deployment.smtp.recipients())
    twice = {to for to, copies in letters.items() if copies > 1}
    figures(f"{load}; {faults}; {letters.total()} letters, twice {len(twice)}")
    assert not faults.all
    assert recounted == 0, printed
    assert not twice - load.signed_up  # of the digest
    assert load.without_retry_after == []
    assert load.statuses <= {"200", "303", "503", "lost"}


def seconds_until_well(deployment: Deployment, load: MixedLoad) -> float:
    """Return how long it takes until all parts run and a vote is taken."""
    began = time.monotonic()
    wait_until(lambda: deployment.is_ready() and load.is_voting_possible(), SECONDS_TO_RECOVER)
    return time.monotonic() - began
