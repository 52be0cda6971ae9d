"""Real Chromium against the real server; every reader's browser must end without a complaint."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from tests.apps import settings_for
from tests.browser.pages import EDITION
from tests.browser.reader import Reader, new_network
from tests.browser.site import Site, serving
from verdicts import create_app
from verdicts.curation import sample
from verdicts.digest import drafting, editions, freezing, weeks
from verdicts.digest.models import edition
from verdicts.extensions import begin_write, db

WHOLE_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium without its windows, which Debian packages too: the same pages take a sixth less work.
CHROMIUM_NAMES = ("chromium-headless-shell", *WHOLE_CHROMIUM_NAMES)
LONGEST_WAIT_MS = 10_000
HOST = "verdicts.test"


def missing(reason: str) -> NoReturn:
    """Skip for want of a program, visibly; with CI set, fail instead."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI must not skip for want of a program")
    pytest.skip(reason)


def find_chromium(names: tuple[str, ...]) -> str:
    """Return the first of these programs that is installed. Skip, or fail with CI set, if none is."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        missing(f"Chromium ({', '.join(names)}) is not installed")
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    switches = ["--disable-gpu", "--disable-background-networking", "--no-first-run"]
    switches.append(f"--host-resolver-rules=MAP {HOST} 127.0.0.1")
    if os.geteuid() == 0:
        switches.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": find_chromium(CHROMIUM_NAMES), "args": switches}


@pytest.fixture(scope="session")
def sample_database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the sample catalogue, its votes and an edition, to be copied for each server."""
    folder = tmp_path_factory.mktemp("sample")
    path = folder / "sample.sqlite3"
    shutil.copyfile(sqlite_template, path)
    application = create_app(settings_for(f"sqlite:///{path}", folder))
    with application.app_context():
        begin_write()
        sample.load(datetime.now(UTC))
        db.session.commit()
        publish_edition(datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()
    return path


@pytest.fixture(scope="session")
def small_database(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with six public tools, for journeys on which axe reads long pages again and again."""
    path = tmp_path_factory.mktemp("small") / "small.sqlite3"
    shutil.copyfile(sample_database, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE tool SET published_at = NULL WHERE id NOT IN (SELECT id FROM tool ORDER BY position LIMIT 6)"
        )
    return path


def publish_edition(now: datetime) -> None:
    """Put this week's edition into the archive, under the one week that pages.py names."""
    begin_write()
    id = drafting.draft_edition(weeks.week_of(now), now)
    assert id is not None
    freezing.freeze(id, now)
    editions.start(id)
    db.session.execute(sa.update(edition).values(year=EDITION.year, week=EDITION.number))
    db.session.commit()


@pytest.fixture(scope="session")
def site(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(sample_database, tmp_path_factory.mktemp("site")) as site:
        yield site


def start_reader(browser: Browser, site: Site, network: str = "", **options: Any) -> Reader:
    headers = {"X-Forwarded-For": network or new_network()}
    context = browser.new_context(**{"extra_http_headers": headers, **options})
    context.set_default_timeout(LONGEST_WAIT_MS)
    return Reader(context, site)


@pytest.fixture
def new_reader(browser: Browser, site: Site) -> Iterator[Callable[..., Reader]]:
    """Call it for a reader with a fresh browser profile; options are those of Browser.new_context, `at` a site."""
    readers: list[Reader] = []

    def make(*, at: Site = site, network: str = "", **options: Any) -> Reader:
        readers.append(start_reader(browser, at, network, **options))
        return readers[-1]

    yield make
    for reader in readers:
        reader.context.close()
    assert [complaint for reader in readers for complaint in reader.complaints] == []


@pytest.fixture
def reader(new_reader: Callable[..., Reader]) -> Reader:
    return new_reader()


@pytest.fixture(scope="module")
def one_reader(browser: Browser, site: Site) -> Iterator[Reader]:
    reader = start_reader(browser, site)
    yield reader
    reader.context.close()
    assert reader.complaints == []


@pytest.fixture
def onlooker(one_reader: Reader) -> Iterator[Reader]:
    """A reader who only looks at pages, in one profile for all such tests of a module: a new one takes as long."""
    yield one_reader
    complaints = list(one_reader.complaints)
    one_reader.complaints.clear()
    assert complaints == []
