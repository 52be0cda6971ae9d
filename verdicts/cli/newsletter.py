"""Commands about subscribers: import, export, counts, and what bounced."""

import re
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from verdicts.cli import files, mailboxes
from verdicts.cli.errors import errors_as_messages
from verdicts.cli.mailboxes import MailboxUnavailable
from verdicts.cli.moments import parse_moment
from verdicts.config import current_settings
from verdicts.digest import reports
from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.mailing.rendering import absolute_url
from verdicts.newsletter import csv_file, not_understood, queries, restoring, transfer
from verdicts.newsletter.csv_file import InvalidCsv
from verdicts.newsletter.hard_bounces import Effect
from verdicts.newsletter.returned_mail import NotUnderstood, parse_message
from verdicts.newsletter.tokens import reports_secret
from verdicts.staff import audit

MAX_FILE_BYTES = 64 * 1024 * 1024

newsletter = AppGroup("newsletter", help="The newsletter's subscribers.")


@newsletter.command("import")
@click.argument("file")
def import_from(file: str) -> None:
    """Import subscribers from a CSV FILE (- is standard input) as confirmed: all of it or, with any fault, nothing.

    Its columns are email, consent_source and consent_at. Whoever left, bounced or complained stays out.
    """
    now = datetime.now(UTC)
    with errors_as_messages(InvalidCsv, file=file):
        consents = csv_file.read(_read_text(file), now)
        begin_write()
        counts = transfer.import_consents(consents, now)
        if counts.new or counts.confirmed:
            changes = {"new": (None, counts.new), "confirmed": (None, counts.confirmed)}
            audit.record("imported", "subscriber", "a spreadsheet", now=now, actor=None, **changes)
        db.session.commit()
    click.echo(
        f"{counts.new} new, {counts.confirmed} confirmed that were pending, {counts.known} known already, "
        f"{counts.suppressed} kept out because they left, bounced, complained or were erased."
    )
    _print_counts()


@newsletter.command("export")
@click.argument("file")
def export_to(file: str) -> None:
    """Export everyone who gets the newsletter as CSV to FILE (- is standard output)."""
    with errors_as_messages(InvalidCsv, file=file):
        consents = list(transfer.export_consents())
        text = csv_file.write(consents)
        begin_write_after_read()
        entry = ("exported", "subscriber", "confirmed subscribers")
        audit.record(*entry, now=datetime.now(UTC), addresses=(None, len(consents)))
        db.session.commit()
        files.replace(file, [text], is_private=True)


@newsletter.command("status")
def status() -> None:
    """Print how many subscriptions stand at each status."""
    with errors_as_messages():
        _print_counts()


@newsletter.command("restore")
@click.argument("since", metavar="FROM")
@click.argument("until", metavar="UNTIL", required=False)
def restore(since: str, until: str | None) -> None:
    """Restore all subscriptions that ended between FROM and UNTIL (now) because email bounced.

    Both are times in UTC (2026-11-23T08:00). Addresses are kept for 30 days after they bounced.
    """
    now = datetime.now(UTC)
    span = parse_moment(since), parse_moment(until) if until else now
    with errors_as_messages():
        begin_write()
        count = restoring.restore_span(*span, now)
        if count:
            name = f"what bounced from {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M} UTC"
            audit.record("restored", "subscriber", name, now=now, actor=None, subscriptions=(None, count))
        db.session.commit()
    click.echo(f"{count} subscriptions restored.")
    _print_counts()


@newsletter.command("bounces")
@click.argument("source", required=False)
@click.option("--address", is_flag=True, help="Print the address that a mail provider shall post its events to.")
@click.option("--password", envvar="IMAP_PASSWORD", help="For IMAP; better given as IMAP_PASSWORD.")
def process_bounces(source: str | None, *, address: bool, password: str | None) -> None:
    """Read what came back from SOURCE, and end the subscriptions it is about.

    SOURCE is a maildir, a file with one message or an mbox, - (standard input), or imaps://user@host/folder. Read are
    delivery reports, spam complaints, and letters that ask to leave; what has been read is marked as seen. What is not
    understood is kept in a folder for you to look at.
    """
    if address:
        click.echo(absolute_url(f"/newsletter/bounces/{reports_secret()}"))
    if source is None:
        if not address:
            raise click.UsageError("Name a SOURCE, or ask for the --address.")
        return
    with errors_as_messages(MailboxUnavailable, file=without_password(source)):
        effects = [process_message(raw) for raw in mailboxes.read_unseen(source, password)]
    ended, marked, held, kept = (effects.count(each) for each in (Effect.ENDED, Effect.MARKED, Effect.HELD, None))
    without = len(effects) - ended - marked - held
    marks = f"{marked} marked by a first bounce, " if marked else ""
    holds = f"{held} not believed because so many bounce, " if held else ""
    click.echo(f"{len(effects)} read, {ended} subscriptions ended, {marks}{holds}{without} without effect.")
    if kept:
        folder = not_understood.folder_path(current_settings())
        click.echo(f"Of these {kept} not understood: look at them in {folder}.")


def without_password(source: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:…@", source)


def process_message(raw: bytes) -> Effect | None:
    """Process one returned message; return what it did to its subscription, or None where it was not understood."""
    now = datetime.now(UTC)
    try:
        report = parse_message(raw)
    except NotUnderstood:
        not_understood.keep(not_understood.folder_path(current_settings()), raw, ".eml", now)
        return None
    if report is None:
        return Effect.NONE
    begin_write()
    effect = reports.apply(report, now)
    if effect is Effect.ENDED:
        name = f"subscriber {report.token.subscriber_id}"
        audit.record("ended the subscription of", "subscriber", name, now=now, reason=(None, report.kind))
    db.session.commit()
    return effect


def _print_counts() -> None:
    for each, count in queries.count_by_status().items():
        click.echo(f"{each}: {count}")


def _read_text(file: str) -> str:
    content = files.read_limited(file, MAX_FILE_BYTES)
    if len(content) > MAX_FILE_BYTES:
        raise InvalidCsv([f"it is larger than {MAX_FILE_BYTES // 1024 // 1024} MB"])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidCsv([f"it is not written in UTF-8: byte {error.start + 1}"]) from None
