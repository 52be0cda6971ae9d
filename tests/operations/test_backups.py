"""A backup holds all of an installation as it was, in one file; a restore brings just that back, or nothing at all."""

import errno
import json
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_subscriber, make_tool, make_votes
from tests.postgres import PostgresServer
from verdicts.catalog.content_version import bump_content_version, content_version
from verdicts.config import current_settings
from verdicts.extensions import begin_write, db
from verdicts.operations import archive, backups, snapshots
from verdicts.operations.archive import BadArchive, Manifest

EMAIL = "ada@readers.example"


@pytest.fixture
def file(app: Flask, tmp_path: Path) -> Path:
    """A backup of an installation with a tool, votes, a subscriber and a file."""
    make_votes(make_tool("alpha"), ship=range(3), skip=range(3, 5))
    make_subscriber(EMAIL)
    note = Path(app.instance_path) / "not-understood" / "note.eml"
    note.parent.mkdir()
    note.write_text("as it was")
    db.session.rollback()
    path = tmp_path / "backup.zip"
    backups.write_file(path, current_settings(), NOW)
    return path


def flask(app: Flask, *arguments: str) -> tuple[int, str]:
    db.session.rollback()
    done = app.test_cli_runner().invoke(args=arguments)
    return done.exit_code, done.output


def contents() -> tuple[dict[str, int], str]:
    db.session.rollback()
    rows, migration = snapshots.describe(current_settings().database_url)
    # SQLite's search index is in fewer pieces once a migration has built it anew.
    return {table: count for table, count in rows.items() if not table.startswith("tool_search_")}, migration


def rewritten(file: Path, change: Callable[[dict[str, object]], object]) -> Path:
    """Copy a backup with another manifest."""
    copy = file.with_name("rewritten.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == archive.MANIFEST:
                manifest = json.loads(data)
                change(manifest)
                data = json.dumps(manifest).encode()
            new.writestr(name, data)
    return copy


def test_a_restore_brings_back_what_was_and_keeps_what_it_replaces(app: Flask, file: Path) -> None:
    then = contents()
    make_tool("beta")
    begin_write()
    db.session.execute(sa.text("DELETE FROM subscriber"))
    for _ in range(5):
        bump_content_version()
    db.session.commit()
    now, version = contents(), content_version()
    note = Path(app.instance_path) / "not-understood" / "note.eml"
    note.write_text("changed")

    status, printed = flask(app, "restore", str(file))
    assert (status, contents()) == (0, then), printed
    assert note.read_text() == "as it was"
    assert db.session.scalar(sa.text("SELECT address FROM subscriber")) == EMAIL
    assert content_version() > version, "no cache may take pages from before for those of now"

    (kept,) = (Path(app.instance_path) / "replaced").iterdir()
    assert flask(app, "restore", str(kept))[0] == 0
    assert contents() == now
    assert note.read_text() == "changed"


def test_no_cache_takes_what_was_edited_while_a_restore_kept_what_was_there_for_what_it_restored(
    app: Flask, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file, edited = backups.write_file, []

    def write_file_and_edit(*arguments: Any) -> Manifest:
        manifest = write_file(*arguments)
        begin_write()
        bump_content_version()
        db.session.commit()
        edited.append(content_version())
        db.session.rollback()
        return manifest

    monkeypatch.setattr(backups, "write_file", write_file_and_edit)
    assert flask(app, "restore", str(file))[0] == 0
    assert [content_version()] > edited


def test_a_backup_of_an_older_version_is_migrated(app: Flask, file: Path, tmp_path: Path) -> None:
    newest = contents()
    db.session.remove()
    downgrade(revision="0026")
    backups.write_file(tmp_path / "older.zip", current_settings(), NOW)
    assert flask(app, "restore", str(tmp_path / "older.zip"), "--verify")[0] == 0
    assert contents()[1] == "0026", "it was restored into a scratch place only"
    assert flask(app, "restore", str(tmp_path / "older.zip"))[0] == 0
    assert contents() == newest


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_has_statistics_of_what_was_restored(app: Flask, file: Path) -> None:
    assert flask(app, "restore", str(file))[0] == 0
    assert db.session.scalar(sa.text("SELECT count(*) FROM pg_stats WHERE tablename = 'tool'"))


def test_a_backup_with_a_vote_too_few_does_not_pass_its_verification(app: Flask, tmp_path: Path) -> None:
    make_votes(make_tool("alpha"), ship=range(3))
    begin_write()
    db.session.execute(sa.text("UPDATE tally SET ship = 4"))
    db.session.commit()
    status, printed = flask(app, "backup", str(tmp_path / "backup.zip"), "--verify")
    assert status == 1
    assert "The recount of the restored votes finds 1 difference" in printed


def test_a_dump_by_a_newer_client_is_restored_on_a_server_that_knows_less(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    script = tmp_path / "database.sql"
    script.write_bytes(b"SET transaction_timeout = 0;\n" + b"CREATE TABLE restored (id int);\n")
    with postgres.copy_of("template") as url:
        snapshots.load(url, script)
        assert snapshots.describe(url) == ({"restored": 0}, "")


@ON_ONE_DATABASE
@pytest.mark.parametrize("position", [0.3, 0.6, 0.97])
def test_a_damaged_backup_changes_nothing(app: Flask, file: Path, position: float) -> None:
    data = bytearray(file.read_bytes())
    data[int(len(data) * position)] ^= 0xFF
    file.write_bytes(data)
    make_tool("beta")
    now = contents()
    status, printed = flask(app, "restore", str(file))
    assert (status, contents()) == (1, now), printed
    assert printed.startswith("Error: ")


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"migration": "9999", "version": "9.0.0"}, "made by version 9.0.0, which is newer than this one"),
        ({"database": "postgresql"}, "a backup of PostgreSQL, and DATABASE_URL names SQLite"),
        ({"format": "verdicts-backup/2"}, "has the format 'verdicts-backup/2'"),
        ({"counts": {"tool": 2}}, "do not have the rows that were backed up"),
        ({"members": {"files/../../evil": {"size": 0, "sha256": ""}}}, "outside of the instance folder"),
    ],
)
def test_a_backup_that_is_not_for_this_site_is_refused_in_words(
    app: Flask, file: Path, change: dict[str, object], words: str
) -> None:
    wrong = rewritten(file, lambda manifest: manifest.update(change))
    status, printed = flask(app, "restore", str(wrong), "--verify")
    assert status == 1
    assert words in printed


@ON_ONE_DATABASE
def test_another_hash_key_is_said_after_a_restore(app: Flask, file: Path) -> None:
    wrong = rewritten(file, lambda manifest: manifest.update(key_mark="0123456789abcdef"))
    status, printed = flask(app, "restore", str(wrong))
    assert status == 0
    assert "HASH_KEY is another one" in printed


@ON_ONE_DATABASE
def test_an_encrypted_backup_shows_nothing_and_opens_with_its_passphrase_alone(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    with pooled_app(database_url, BACKUP_PASSPHRASE="correct horse") as app:
        make_subscriber(EMAIL)
        assert flask(app, "backup", str(file))[0] == 0
        assert flask(app, "restore", str(file), "--verify")[0] == 0
    with zipfile.ZipFile(file) as outer:
        assert outer.namelist() == [archive.KEY, archive.ENCRYPTED]
    assert b"SQLite format 3" not in file.read_bytes()
    with pooled_app(database_url, BACKUP_PASSPHRASE="wrong") as app:
        assert "encrypted with another passphrase" in flask(app, "restore", str(file), "--verify")[1]
    with pooled_app(database_url) as app:
        assert "set BACKUP_PASSPHRASE" in flask(app, "restore", str(file), "--verify")[1]


@ON_ONE_DATABASE
def test_a_backup_is_for_its_owner_alone_and_replaces_none_half(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "backup.zip"
    path.parent.mkdir()
    path.write_bytes(b"the one before")
    db.session.remove()
    gone = current_settings().model_copy(update={"database_url": f"sqlite:///{tmp_path / 'gone' / 'no.sqlite3'}"})
    with pytest.raises(snapshots.SnapshotFailed):
        backups.write_file(path, gone, NOW)
    assert path.read_bytes() == b"the one before"
    backups.write_file(path, current_settings(), NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["backup.zip"]


@ON_ONE_DATABASE
def test_a_full_disk_is_not_said_to_be_a_damaged_backup(
    app: Flask, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_self: archive.MeasuringWriter, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive.MeasuringWriter, "write", write)
    status, printed = flask(app, "restore", str(file), "--verify")
    assert status == 1
    assert "No space left on device" in printed
    assert "damaged" not in printed


@ON_ONE_DATABASE
def test_what_a_killed_backup_has_left_is_deleted_after_a_day(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    left = [Path(app.instance_path) / ".backup-killed", folder / ".verdicts-2026-11-28-030000.zip.7"]
    others = [Path(app.instance_path) / ".backup-at-work", folder / "mine.zip"]
    for path in (*left, *others):
        path.mkdir(parents=True)
    for path in (*left, others[1]):
        os.utime(path, (0, 0))
    db.session.remove()
    backups.write_file(backups.new_path(folder, NOW), current_settings(), NOW)
    assert [path.exists() for path in (*left, *others)] == [False, False, True, True]


def test_the_newest_of_seven_days_and_of_four_weeks_are_kept(tmp_path: Path) -> None:
    last = datetime(2026, 11, 29, 3, tzinfo=UTC)  # a Sunday
    for hours in range(0, 60 * 24, 12):
        backups.new_path(tmp_path, last - timedelta(hours=hours)).touch()
    (tmp_path / "mine.zip").touch()
    backups.rotate(tmp_path)
    kept = sorted(path.name for path in tmp_path.iterdir())
    days = [f"verdicts-2026-11-{day}-150000.zip" for day in range(23, 29)] + ["verdicts-2026-11-29-030000.zip"]
    weeks = [f"verdicts-2026-11-{day:02}-150000.zip" for day in (8, 15, 22)]
    assert kept == ["mine.zip", *weeks, *days]


def test_what_is_no_zip_is_said_to_be_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "backup.zip"
    path.write_text("hello")
    with pytest.raises(BadArchive, match="This is no backup"), archive.reading(path, None, tmp_path):
        pass
