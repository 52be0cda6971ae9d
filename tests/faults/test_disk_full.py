"""There is no room left for the database's files: a vote is refused in words, and nothing is corrupt or lost."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.faults.conftest import PAGE, TOOLS, Figures
from tests.faults.deployment import create_filled_database
from tests.faults.readers import NO_RESPONSE, Reader, Response
from tests.faults.serving import Site, app_on_database, serving, wait_until
from tests.postgres import SURVIVES_A_KILL, PostgresServer, free_port, server_programs
from tests.programs import SETTINGS, run
from verdicts.extensions import db
from verdicts.voting.models import vote

ROOM_BYTES = 200_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    with mounted(tmp_path / "disk", "4m") as disk:
        yield disk


@pytest.fixture
def postgres_disk(postgres: PostgresServer) -> Iterator[Path]:
    """A file system with some room beside a server's files. (Asking for the shared server skips or fails without any.)

    User postgres may not look into folders of pytest.
    """
    folder = Path(tempfile.mkdtemp(prefix="verdicts-disk-"))
    folder.chmod(0o755)
    with mounted(folder / "disk", "96m") as disk:
        yield disk
    shutil.rmtree(folder)


@contextmanager
def mounted(disk: Path, size: str) -> Iterator[Path]:
    """Mount a small file system until the block ends. Skips where that is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system; for SQLite another test limits the size of files instead")
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"root may not mount here: {done.stderr}"
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


def test_where_postgresql_finds_no_room_for_rows_votes_are_refused_pages_read_and_nothing_is_lost(
    postgres_disk: Path, tmp_path: Path, figures: Figures
) -> None:
    with server_on(postgres_disk) as server:
        url = create_filled_database(server, tmp_path)
        with serving(url, tmp_path) as site:
            with little_room_on(postgres_disk):
                accepted = votes_until_refused(site)
                assert Reader(site.port, 1).search_anew().status == 200
                assert site.get("/readyz").status == 200
            assert accepted > 0
            assert_all_is_well(site, url, accepted)
    figures(f"{accepted} votes accepted until the disk was full, then 503; all of them are there")


def test_where_postgresql_stops_for_want_of_room_votes_are_refused_and_go_on_once_it_runs_again(
    postgres_disk: Path, tmp_path: Path
) -> None:
    with server_on(postgres_disk) as server:
        url = create_filled_database(server, tmp_path)
        with serving(url, tmp_path, WEB_CONCURRENCY="1") as site:
            assert site.get(PAGE).status == 200
            assert Reader(site.port, 1).vote(TOOLS[0], "ship").is_acknowledged
            process = Path(f"/proc/{server.pid}")
            with little_room_on(postgres_disk, 0):
                server.execute("SELECT pg_switch_wal()")  # the next row finds no room for its log
                assert_refused_in_words(Reader(site.port, 2).vote(TOOLS[0], "ship"))
                wait_until(lambda: not process.exists(), 20)
                assert_refused_in_words(Reader(site.port, 3).vote(TOOLS[0], "ship"))
                assert site.get(PAGE).status == 200
            server.start()
            wait_until(lambda: site.get("/readyz").status == 200, 10)
            assert_all_is_well(site, url, 1)


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
    accepted = 0
    while (answer := Reader(site.port, accepted).vote(TOOLS[0], "ship")).is_acknowledged:
        accepted += 1
    for refused in (answer, *(Reader(site.port, 0xFF00 + number).vote(TOOLS[0], "ship") for number in range(10))):
        assert_refused_in_words(refused)
    assert site.get(PAGE).status == 200
    return accepted


def assert_refused_in_words(answer: Response) -> None:
    assert answer.status == 503
    assert answer.retry_after > 0
    assert b"Nothing was saved" in answer.body


def serves(site: Site) -> bool:
    try:
        return site.get(PAGE).status == 200
    except NO_RESPONSE:
        return False


def assert_all_is_well(site: Site, database_url: str, accepted: int) -> None:
    """Check that there is room again, that votes go on, and that just those that were accepted are stored."""
    for network in (0xFFF0, 0xFFF1, 0xFFF2):
        assert Reader(site.port, network).vote(TOOLS[0], "skip").is_acknowledged
    assert site.flask("votes", "recount")[0] == 0
    with app_on_database(database_url, site.folder):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(vote)) == accepted + 3
        if db.engine.dialect.name == "sqlite":
            assert db.session.scalar(sa.text("PRAGMA integrity_check")) == "ok"


def server_on(disk: Path) -> PostgresServer:
    """Return a server whose files lie on this disk."""
    programs = server_programs()
    assert programs
    return PostgresServer(programs, SURVIVES_A_KILL, disk)


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
