"""Commands about catalogue files."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy.exc import IntegrityError

from verdicts.cli import files
from verdicts.cli.errors import errors_as_messages
from verdicts.curation.catalog_file.faults import CatalogRefused
from verdicts.curation.catalog_file.parsing import MAX_FAULTS_COLLECTED
from verdicts.curation.transfer import reading
from verdicts.curation.transfer.exporting import TooLargeForYaml, write
from verdicts.curation.transfer.importing import import_catalog
from verdicts.curation.transfer.report import ImportReport
from verdicts.extensions import begin_write, db
from verdicts.staff import audit

catalog_commands = AppGroup("catalog", help="Catalogue files in and out.")


@catalog_commands.command("import")
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Say what would change, with old and new values, and store nothing.")
@click.option("--as-drafts", is_flag=True, help="Make new tools and comparisons drafts; without it they are published.")
def import_from(file: str, *, dry_run: bool, as_drafts: bool) -> None:
    """Import a catalogue FILE in JSON or YAML (- is standard input): all of it or, with any fault, nothing.

    A changed verdict, quote or price needs its reason in the file: the history (of a price, price_history) holds what
    was said before, with "until" and "reason".
    """
    with refusals_as_messages(file):
        data = reading.read(files.read_limited(file, reading.MAX_FILE_SIZE), file)
        begin_write()
        report = import_catalog(data, datetime.now(UTC), as_drafts=as_drafts)
        if dry_run:
            db.session.rollback()
        else:
            log_import(report, file)
            db.session.commit()
    for line in report_lines(report, dry_run=dry_run):
        click.echo(line)


@catalog_commands.command("export")
@click.argument("file")
def export_to(file: str) -> None:
    """Export the published catalogue to FILE: YAML where its name ends so, JSON else (- is standard output)."""
    with refusals_as_messages(file):
        files.replace(file, write(datetime.now(UTC), as_yaml=reading.is_yaml(file)))


def log_import(report: ImportReport, file: str) -> None:
    if not report.changed_anything:
        return
    name = "standard input" if file == files.STANDARD_STREAM else reading.bare_name(file)
    now = datetime.now(UTC)
    audit.record_all(report.differences, now=now)
    audit.record("imported", "catalogue", name, now=now, actor=None, **report.figures)


@contextmanager
def refusals_as_messages(file: str) -> Iterator[None]:
    try:
        with errors_as_messages(TooLargeForYaml, file=file):
            yield
    except CatalogRefused as refusal:
        count = len(refusal.faults)
        counted = f"at least {count}" if count >= MAX_FAULTS_COLLECTED else str(count)
        heading = f"{file} was refused and nothing stored: {counted} {'error' if count == 1 else 'errors'}."
        raise click.ClickException(f"{heading}\n{refusal}") from None
    except IntegrityError:
        raise click.ClickException("Someone changed the catalogue meanwhile. Nothing was stored; try again.") from None


def report_lines(report: ImportReport, *, dry_run: bool) -> Iterator[str]:
    if dry_run:
        yield from (line for each in report.records for line in each.lines)
    for kind, count in report.counts.items():
        yield f"{kind}: {count.created} new, {count.changed} changed, {count.unchanged} unchanged"
    if report.drafts:
        yield f"drafts, not published: {report.drafts}"
    if not report.changed_anything:
        yield "The catalogue says all of this already."
    elif dry_run:
        yield "Nothing was stored: this was a dry run."
