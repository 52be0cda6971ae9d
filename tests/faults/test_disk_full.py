"""There is no room left for SQLite's files: a vote is refused in words, and nothing is corrupt."""

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, takewhile
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.faults.conftest import PAGE, TOOLS, Figures
from tests.faults.readers import Reader, Response
from tests.faults.serving import Site, app_on_database, serving, wait_until
from tests.postgres import free_port
from tests.programs import SETTINGS, run
from verdicts.extensions import db
from verdicts.voting.models import vote

DISK = "4m"
ROOM_BYTES = 200_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system; the next test limits the size of files instead")
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        reason = f"root may not mount here: {mounted.stderr}"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; CI must not skip what root can do")
        pytest.skip(reason)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_refuses_votes_and_harms_nothing(
    sqlite_url: str, small_disk: Path, tmp_path: Path, figures: Figures
) -> None:
    shutil.move(sqlite_url.removeprefix("sqlite:///"), small_disk / "verdicts.sqlite3")
    url = f"sqlite:///{small_disk / 'verdicts.sqlite3'}"
    with serving(url, tmp_path) as site:
        with little_room_on(small_disk):
            accepted = votes_until_refused(site)
            for worker in site.workers():
                os.kill(worker, signal.SIGKILL)
            wait_until(lambda: serves(site), 20)
        assert accepted > 0
        assert_all_is_well(site, url, accepted)
    figures(f"{accepted} votes accepted until the disk was full, then 503; all of them are there")


def test_a_file_that_may_not_grow_refuses_votes_and_harms_nothing(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path) as site:
        largest = max(path.stat().st_size for path in tmp_path.glob("verdicts.sqlite3*"))
        with site.limited(resource.RLIMIT_FSIZE, lambda _worker: largest + ROOM_BYTES):
            accepted = votes_until_refused(site)
        assert accepted > 0
        assert_all_is_well(site, sqlite_url, accepted)


def test_a_start_on_a_full_disk_is_refused_in_words_and_works_once_there_is_room(small_disk: Path) -> None:
    folder = small_disk / "instance"
    settings = SETTINGS | {"PORT": str(free_port())}
    with little_room_on(small_disk, 0):
        for module in ("verdicts.cli.serve", "verdicts.cli.demo"):
            status, printed = run("-m", module, instance=folder, **(settings if "serve" in module else {}))
            assert status == 1
            assert "Traceback" not in printed
            assert any(words in printed for words in ("its disk is full", "No space left on device"))
    assert not (folder / "demo.env").exists()  # rather than half of it
    assert run("-m", "flask", "db", "upgrade", instance=folder, **SETTINGS)[0] == 0


def votes_until_refused(site: Site) -> int:
    """Let new readers vote until one is refused, in words; return how many were accepted."""
    assert site.get(PAGE).status == 200
    answers = (Reader(site.port, network).vote(TOOLS[0], "ship") for network in count(1))
    accepted = list(takewhile(lambda answer: answer.is_acknowledged, answers))
    assert_refused_in_words(Reader(site.port, 0xFFFF).vote(TOOLS[0], "ship"))
    assert site.get(PAGE).status == 200
    return len(accepted)


def assert_refused_in_words(answer: Response) -> None:
    assert answer.status == 503
    assert answer.retry_after > 0
    assert b"Nothing was saved" in answer.body


def serves(site: Site) -> bool:
    try:
        return site.get(PAGE).status == 200
    except OSError:
        return False


def assert_all_is_well(site: Site, database_url: str, accepted: int) -> None:
    """Check that there is room again, that votes go on, and that just those that were accepted are stored."""
    for network in (0xFFF0, 0xFFF1, 0xFFF2):
        assert Reader(site.port, network).vote(TOOLS[0], "skip").is_acknowledged
    assert site.flask("votes", "recount")[0] == 0
    with app_on_database(database_url, site.folder):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(vote)) == accepted + 3
        assert db.session.scalar(sa.text("PRAGMA integrity_check")) == "ok"


@contextmanager
def little_room_on(disk: Path, room: int = ROOM_BYTES) -> Iterator[None]:
    filler = disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(bytes(shutil.disk_usage(disk).free + 200_000))
    os.truncate(filler, filler.stat().st_size - room)
    try:
        yield
    finally:
        filler.unlink()
