"""`flask backup` and `flask restore`: all of an installation in one file, while it serves."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import Flask, current_app
from flask_migrate import upgrade

from verdicts.catalog.content_version import bump_content_version, content_version
from verdicts.cli.errors import errors_as_messages
from verdicts.cli.files import STANDARD_STREAM
from verdicts.config import Settings, current_settings
from verdicts.extensions import TRANSIENT_ERRORS, commit_or_retry, db, init_database
from verdicts.operations import archive, backups, snapshots
from verdicts.operations.archive import BadArchive, Manifest
from verdicts.operations.backups import Miscount, WrongBackup
from verdicts.operations.snapshots import SnapshotFailed
from verdicts.voting import recount

REFUSALS = (BadArchive, SnapshotFailed, WrongBackup)


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--verify", "is_verified", is_flag=True, help="Then restore it into a scratch place, recount and compare."
)
def backup(file: str, *, is_verified: bool) -> None:
    """Write the database and the files of the instance folder to FILE, as they are at one moment. `-` is the output."""
    settings = current_settings()
    with errors_as_messages(*REFUSALS):
        if file == STANDARD_STREAM:
            describe(backups.write(sys.stdout.buffer, settings, datetime.now(UTC)), "The backup", settings)
            return
        describe(backups.write_file(Path(file), settings, datetime.now(UTC)), file, settings)
        if is_verified:
            click.echo(verify(Path(file), settings, settings.backup.passphrase))


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--verify", "is_rehearsal", is_flag=True, help="Restore it into a scratch place only, recount and compare."
)
def restore(file: Path, *, is_rehearsal: bool) -> None:
    """Replace the database and the instance folder's files by those in FILE. What was there is kept as a backup."""
    settings = current_settings()
    with errors_as_messages(*REFUSALS):
        passphrase = find_passphrase(file, settings)
        click.echo(verify(file, settings, passphrase) if is_rehearsal else replace(file, settings, passphrase))


def describe(manifest: Manifest, file: str, settings: Settings) -> None:
    """Say what is in a backup, on standard error: standard output may be the backup itself."""
    encrypted = ", encrypted" if settings.backup.passphrase else ""
    click.echo(f"{file}: {contents_of(manifest)}{encrypted}.", err=True)


def find_passphrase(file: Path, settings: Settings) -> str | None:
    """Return the settings' passphrase, or ask for it at a terminal. Raises ClickException where there is none."""
    if settings.backup.passphrase or not archive.is_encrypted(file):
        return settings.backup.passphrase
    if not sys.stdin.isatty():
        raise click.ClickException("This backup is encrypted: set BACKUP_PASSPHRASE.")
    return str(click.prompt("Passphrase of the backup", hide_input=True))


def verify(file: Path, settings: Settings, passphrase: str | None) -> str:
    """Restore a backup into a scratch place, compare its counts, and recount the votes. Return a line about it."""
    with backups.opened(file, settings, passphrase) as (reader, scratch):
        refuse_newer(reader.manifest)
        database = backups.extract(reader, scratch)
        with snapshots.scratch_database(settings.database_url, scratch) as url:
            refuse_miscounts(backups.load_database(database, reader.manifest, url))
            with database_at(url):
                upgrade()
                refuse_differences()
        return f"{file}: it restores. {say_restored(reader.manifest)}"


def replace(file: Path, settings: Settings, passphrase: str | None) -> str:
    with backups.opened(file, settings, passphrase) as (reader, scratch):
        refuse_newer(reader.manifest)
        database = backups.extract(reader, scratch)
        if kept := keep_present(settings):
            click.echo(f"What is there now is kept in {kept}")
        version = current_content_version()  # as late as can be: to keep what is there takes long, and editors go on
        refuse_miscounts(backups.load_database(database, reader.manifest, settings.database_url))
        backups.place_files(reader, scratch, settings.instance_path)
        db.engine.dispose()
        upgrade()
        commit_or_retry(lambda: bump_content_version(version))
        refuse_differences()
        if reader.manifest.key_mark != backups.key_mark(settings):
            click.echo(
                "HASH_KEY is another one than when this backup was made: its voters are not recognised, and links in"
                " letters that were sent lead nowhere. Put the former HASH_KEY into .env and restart.",
                err=True,
            )
        return f"{file} is restored. {say_restored(reader.manifest)}"


def contents_of(manifest: Manifest) -> str:
    rows, files = sum(manifest.counts.values()), backups.count_files(manifest)
    return f"{rows:,} rows of {len(manifest.counts)} tables and {files:,} files"


def say_restored(manifest: Manifest) -> str:
    return f"{contents_of(manifest)} of {manifest.made_at}, every count and every vote as it was."


def keep_present(settings: Settings) -> Path | None:
    """Back up what a restore is about to replace. Return the file, or None where there is nothing."""
    _counts, migration = snapshots.describe(settings.database_url)
    if not migration:
        return None
    path = backups.new_path(settings.instance_path / backups.REPLACED, datetime.now(UTC))
    backups.write_file(path, settings, datetime.now(UTC))
    return path


def current_content_version() -> int:
    """Return the content version that workers may know, 0 without tables."""
    try:
        return content_version()
    except (*TRANSIENT_ERRORS, sa.exc.ProgrammingError):
        return 0
    finally:
        db.session.remove()


def refuse_newer(manifest: Manifest) -> None:
    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    try:
        if manifest.migration:
            scripts.get_revision(manifest.migration)
    except CommandError:
        raise WrongBackup(
            f"This backup was made by version {manifest.version}, which is newer than this one ({backups.version()}):"
            f" its migration {manifest.migration} is not known here. Install that version first."
        ) from None


def refuse_miscounts(found: list[Miscount]) -> None:
    if found:
        tables = ", ".join(f"{each.table} {each.rows:,} instead of {each.expected:,}" for each in found[:5])
        raise BadArchive(f"The restored tables do not have the rows that were backed up: {tables}.")


def refuse_differences() -> None:
    if differences := recount.recount():
        raise BadArchive(f"The recount of the restored votes finds {len(differences)} differences: flask votes recount")


@contextmanager
def database_at(database_url: str) -> Iterator[None]:
    """Push the context of an application that has nothing but this database."""
    app = Flask("verdicts")
    init_database(app, database_url)
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()
