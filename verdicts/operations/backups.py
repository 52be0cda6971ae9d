"""A backup is the database and the files of the instance folder as they are at one moment, in one file."""

import hashlib
import os
import re
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from verdicts.config import CHECKOUT, Settings
from verdicts.operations import archive, snapshots
from verdicts.operations.archive import ArchiveReader, BadArchive, Manifest

FILES = "files/"
KEPT_DAYS, KEPT_WEEKS = 7, 4
SECONDS_UNTIL_LEFT_BEHIND = 24 * 3600  # longer than any backup takes
# Made anew by the site, or of one machine at one moment: databases are copied in a way of their own.
LEFT_OUT = re.compile(r".*\.sqlite3(-wal|-shm|-journal)?|start\.lock|\..*")
_NAME = re.compile(r"verdicts-(\d{4}-\d\d-\d\d-\d{6})\.zip")
_TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_MOMENT = "%Y-%m-%d-%H%M%S"
REPLACED = "replaced"  # the folder of the backups that a restore makes of what it replaces


class WrongBackup(Exception):
    """A backup does not belong to this installation; the message says why."""


@dataclass(frozen=True)
class Miscount:
    """A table that has another number of rows than the backup says."""

    table: str
    rows: int
    expected: int


def version() -> str:
    """Return this site's version. It runs from its checkout, so the project's file has it."""
    return str(tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"])


def key_mark(settings: Settings) -> str:
    """Return what tells one HASH_KEY from another, and nothing about it."""
    return hashlib.sha256(f"verdicts-backup {settings.hash_key}".encode()).hexdigest()[:16]


def write(stream: IO[bytes], settings: Settings, now: datetime) -> Manifest:
    """Write a backup of this installation. Raises SnapshotFailed; OSError where there is no room."""
    with scratch_folder(settings) as scratch, archive.writing(stream, settings.backup.passphrase) as writer:
        counts, migration = snapshots.write(settings.database_url, writer, scratch)
        for path in _files_of(settings):
            try:
                writer.add(f"{FILES}{path.relative_to(settings.instance_path)}", path)
            except FileNotFoundError:  # it was there a moment ago: a message that was read, a file that was imported
                continue
        kind = snapshots.kind_of(settings.database_url)
        made_at = now.astimezone(UTC).isoformat(timespec="seconds")
        manifest = Manifest(version(), migration, kind, made_at, key_mark(settings), counts)
        return writer.finish(manifest)


def write_file(path: Path, settings: Settings, now: datetime) -> Manifest:
    """Write a backup to a file, for its owner alone. Even after a crash there is all of it, or none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _delete_left_behind(path.parent, ".verdicts-*.zip.*")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b") as stream:
            manifest = write(stream, settings, now)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


@contextmanager
def opened(path: Path, settings: Settings, passphrase: str | None) -> Iterator[tuple[ArchiveReader, Path]]:
    """Yield a backup and the folder for its parts. Raises BadArchive, or WrongBackup where it is not for this site."""
    with scratch_folder(settings) as scratch, archive.reading(path, passphrase, scratch) as reader:
        kind = snapshots.kind_of(settings.database_url)
        if reader.manifest.database != kind:
            made_of = _TITLES.get(reader.manifest.database, reader.manifest.database)
            raise WrongBackup(f"This is a backup of {made_of}, and DATABASE_URL names {_TITLES[kind]}.")
        yield reader, scratch


def extract(reader: ArchiveReader, scratch: Path) -> Path:
    """Check all of a backup, and return the file of its database. Raises BadArchive where a part is damaged."""
    for name in _file_names(reader):
        reader.extract(name, scratch / "file")
    database = scratch / snapshots.NAMES[reader.manifest.database]
    reader.extract(database.name, database)
    return database


def load_database(database: Path, manifest: Manifest, database_url: str) -> list[Miscount]:
    """Replace a database by the one of a backup. Return the tables whose rows are not as many as they were."""
    snapshots.load(database_url, database)
    counts, _migration = snapshots.describe(database_url)
    return [
        Miscount(table, counts.get(table, 0), manifest.counts.get(table, 0))
        for table in sorted(counts.keys() | manifest.counts.keys())
        if counts.get(table) != manifest.counts.get(table)
    ]


def place_files(reader: ArchiveReader, scratch: Path, instance_path: Path) -> None:
    """Put the backup's files into the instance folder, over those that are there."""
    for name in _file_names(reader):
        target = instance_path / name.removeprefix(FILES)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        reader.extract(name, scratch / "file")
        shutil.move(scratch / "file", target)


def count_files(manifest: Manifest) -> int:
    """Return how many files of the instance folder a backup holds."""
    return sum(name.startswith(FILES) for name in manifest.members)


def new_path(folder: Path, now: datetime) -> Path:
    """Return where a backup of this moment goes, under a name that rotation knows."""
    return folder / f"verdicts-{now.astimezone(UTC).strftime(_MOMENT)}.zip"


def rotate(folder: Path) -> list[Path]:
    """Delete the backups of new_path() but for the newest of each of the last days and weeks. Return what is gone."""
    found = {path: moment for path in folder.iterdir() if (moment := _moment_of(path))}
    kept = _newest(found, lambda moment: moment.date(), KEPT_DAYS) | _newest(
        found, lambda moment: moment.isocalendar()[:2], KEPT_WEEKS
    )
    gone = sorted(found.keys() - kept)
    for path in gone:
        path.unlink()
    return gone


@contextmanager
def scratch_folder(settings: Settings) -> Iterator[Path]:
    """Yield a folder for large files that are needed for a moment, on the disk that holds the site's own."""
    _delete_left_behind(settings.instance_path, ".backup-*")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.instance_path) as folder:
        yield Path(folder)


def _delete_left_behind(folder: Path, pattern: str) -> None:
    """Delete what a backup that was killed has left: each may be as large as the database."""
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):  # another worker deletes it too
            if time.time() - path.stat().st_mtime <= SECONDS_UNTIL_LEFT_BEHIND:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _files_of(settings: Settings) -> Iterable[Path]:
    """Yield the files of the instance folder that a backup holds, in order."""
    own = Path(settings.backup.folder) if settings.backup.folder else None
    for parent, folders, files in os.walk(settings.instance_path):
        here = Path(parent)
        folders[:] = sorted(
            name for name in folders if not LEFT_OUT.fullmatch(name) and here / name not in {own, here / REPLACED}
        )
        for name in sorted(files):
            if not LEFT_OUT.fullmatch(name) and not (here / name).is_symlink():
                yield here / name


def _file_names(reader: ArchiveReader) -> list[str]:
    names = [name for name in reader.manifest.members if name.startswith(FILES)]
    for name in names:
        if ".." in Path(name).parts or Path(name.removeprefix(FILES)).is_absolute():
            raise BadArchive(f"The backup is no good: {name} would lie outside of the instance folder.")
    return names


def _moment_of(path: Path) -> datetime | None:
    name = _NAME.fullmatch(path.name)
    return datetime.strptime(name[1], _MOMENT).replace(tzinfo=UTC) if name else None


def _newest(found: dict[Path, datetime], period_of: Callable[[datetime], object], count: int) -> set[Path]:
    """Return the newest file of each of the last `count` periods that have one."""
    newest: dict[object, Path] = {}
    for path in sorted(found, key=lambda path: found[path], reverse=True):
        newest.setdefault(period_of(found[path]), path)
    return set(list(newest.values())[:count])
