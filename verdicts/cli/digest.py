"""Commands about editions of the digest, until they are sent; digest_sending holds those that send."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from verdicts.config import current_settings
from verdicts.digest import drafting, editions, proofs, weeks
from verdicts.digest.editions import DigestError, Edition
from verdicts.digest.freezing import freeze
from verdicts.digest.models import EditionState
from verdicts.digest.queries import items_of
from verdicts.digest.rendering import LABELS
from verdicts.digest.weeks import NotAWeek, Week
from verdicts.extensions import TooManyWriters, begin_write, db
from verdicts.mailing.addresses import InvalidHeader
from verdicts.mailing.outcomes import OutcomeKind
from verdicts.mailing.transport import open_connection
from verdicts.staff import audit

MOMENT = "%Y-%m-%d %H:%M UTC"

digest = AppGroup("digest", help="The weekly digest. An edition is named after its ISO week: 2026-w47.")


@digest.command("draft")
@click.argument("edition", required=False)
def draft(edition: str | None) -> None:
    """Draft EDITION by rule: what happened in its week. By default the week just ended, in the demo the current one."""
    with refusals_in_words():
        week = week_asked_for(edition)
        begin_write()
        edition_id = drafting.draft(week, datetime.now(UTC))
        if edition_id is not None:
            write_down("drafted", week.name)
        db.session.commit()
    if edition_id is None:
        click.echo(f"Nothing happened in week {week.name}, so it has no edition.")
        return
    click.echo(f"Edition {week.name} is drafted:")
    for kind, count in Counter(item.kind for item in items_of(edition_id)).items():
        click.echo(f"  {LABELS[kind]}: {count}")
    click.echo(f"Look at it with: flask digest preview {week.name}")


@digest.command("preview")
@click.argument("edition", required=False)
def preview(edition: str | None) -> None:
    """Print the letter's text, and write text and HTML to files in the instance folder."""
    with refusals_in_words():
        found = editions.get(week_asked_for(edition))
        proof = proofs.of(found, datetime.now(UTC))
        folder = Path(current_app.instance_path) / "preview"
        folder.mkdir(exist_ok=True)
        text, html = folder / f"{found.name}.txt", folder / f"{found.name}.html"
        text.write_text(proof.text, encoding="utf-8")
        html.write_text(proof.html, encoding="utf-8")
    click.echo(f"Subject: {proof.subject}\n\n{proof.text}")
    click.echo(f"The same in files: {text} and {html}", err=True)


@digest.command("test")
@click.argument("address")
@click.argument("edition", required=False)
def send_test(address: str, edition: str | None) -> None:
    """Send the letter to ADDRESS alone, as it is now. Its links for leaving lead nowhere."""
    with refusals_in_words():
        now = datetime.now(UTC)
        found = editions.get(week_asked_for(edition))
        envelope_from, raw = proofs.letter_to(found, address, now)
        db.session.rollback()
        with open_connection() as connection:
            outcome = connection.transmit(envelope_from, address, raw)
        if outcome.kind is not OutcomeKind.ACCEPTED:
            raise click.ClickException(f"The letter was not accepted: {outcome.code or ''} {outcome.text}")
        begin_write()
        write_down("mailed a test of", found.name)
        db.session.commit()
    click.echo(f"The letter went to {address}.")


@digest.command("schedule")
@click.argument("arguments", nargs=-1, required=True, metavar="[EDITION] WHEN")
def schedule(arguments: tuple[str, ...]) -> None:
    """Freeze EDITION if it is a draft, and let it go out at WHEN (ISO 8601, UTC: 2026-11-23T08:00)."""
    if len(arguments) > 2:
        raise click.UsageError("This takes an edition, which may be left out, and a moment.")
    *edition, moment = arguments
    when = moment_of(moment)
    with refusals_in_words():
        now = datetime.now(UTC)
        begin_write()
        found = editions.get(week_asked_for(*edition))
        if found.state is EditionState.DRAFT:
            freeze(found.id, now)
        editions.schedule(found.id, when, now)
        before = f"{found.scheduled_at:{MOMENT}}" if found.scheduled_at else None
        write_down("scheduled", found.name, {"goes out": (before, f"{when:{MOMENT}}")})
        db.session.commit()
    at_once = " That has passed: the next `flask digest run` sends it." if when <= now else ""
    click.echo(f"Edition {found.name} is frozen and goes out at {when:{MOMENT}}.{at_once}")


@digest.command("cancel")
@click.argument("edition", required=False)
def cancel(edition: str | None) -> None:
    """End EDITION for good: nothing more of it is sent. Its week may be drafted anew."""
    with refusals_in_words():
        begin_write()
        found = editions.get(week_asked_for(edition))
        editions.cancel(found.id, datetime.now(UTC))
        write_down("cancelled", found.name, {"state": (found.state, EditionState.CANCELLED)})
        db.session.commit()
    click.echo(f"Edition {found.name} is cancelled. {_done_before(found)}")


def write_down(words: str, name: str, changes: Mapping[str, tuple[object, object]] | None = None) -> None:
    """Write into the trail what was done to an edition, as the digest desk does, in the caller's transaction."""
    audit.record(words, "edition", name, now=datetime.now(UTC), actor=None, **(changes or {}))


def _done_before(found: Edition) -> str:
    unsent = {EditionState.DRAFT, EditionState.FROZEN}
    return "Nothing of it was sent." if found.state in unsent else "What was transmitted before stays sent."


def week_asked_for(edition: str | None = None) -> Week:
    """Return the week a command is about: the one it names, or the week just ended, in the demo the current one."""
    if edition is not None:
        return weeks.parse(edition)
    settings = current_settings()
    now = datetime.now(UTC)
    return weeks.week_of(now) if settings.demo else weeks.just_ended(now)


def moment_of(words: str) -> datetime:
    """Return a moment written in ISO 8601, in UTC unless it states its offset."""
    try:
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words):  # 2026-W47 is ISO 8601 too, and the name of an edition
            raise ValueError(words)
        moment = datetime.fromisoformat(words)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"“{words[:40]}” is no moment: write it like 2026-11-23T08:00.") from None


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Turn what may go wrong with an edition, a file or the database into a message and exit status 1."""
    try:
        yield
    except (DigestError, NotAWeek, InvalidHeader) as refusal:
        db.session.rollback()
        raise click.ClickException(str(refusal)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'a file'}: {error.strerror or error}") from None
    except (OperationalError, ProgrammingError) as error:
        why = str(error.orig).partition("\n")[0]
        raise click.ClickException(f"The database is busy or not ready. Nothing was changed: {why}") from None
    except TooManyWriters:
        raise click.ClickException("The database is busy. Nothing was changed; try again.") from None
