"""`flask digest`: draft and preview editions, schedule and send them, resolve uncertain deliveries.

Exit status, for timers: 0 all is done, or there was nothing to do; 75 there is more to do later, so call again;
3 an edition is paused; 4 uncertain deliveries wait for `flask digest settle`; 1 something went wrong, in words.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from verdicts.cli.editions import (
    REFUSALS,
    Changes,
    change_edition,
    get_edition,
    optional_edition,
    parse_week,
    read,
    record_audit,
)
from verdicts.cli.errors import errors_as_messages
from verdicts.cli.moments import parse_moment
from verdicts.cli.recorded_jobs import store_state
from verdicts.cli.sending import DONE, FAILED, MOST_URGENT_FIRST, PROBLEMS, draft_and_start, send_edition
from verdicts.cli.timers import ping, stop_on_signal
from verdicts.config import current_settings
from verdicts.digest import drafting, editions, previews, queries, refreshing, resolving, scheduling, weeks
from verdicts.digest.editions import Edition
from verdicts.digest.freezing import freeze
from verdicts.digest.models import DeliveryState, EditionState
from verdicts.digest.queries import RefusedDelivery
from verdicts.digest.resolving import Resolution, UncertainDelivery
from verdicts.digest.sections import KIND_LABELS
from verdicts.digest.sending import utc_now
from verdicts.extensions import begin_write, commit_or_retry, db
from verdicts.mailing.outcomes import OutcomeKind
from verdicts.mailing.transport import open_connection

MINUTE = "%Y-%m-%d %H:%M UTC"
MAX_REFUSED_LISTED = 20

digest = AppGroup("digest", help="The weekly digest. An edition is named after its ISO week: 2026-w47.")


# For editors: drafting, previews, the schedule


@digest.command("draft")
@optional_edition
@click.option("--refresh", is_flag=True, help="Add to a draft what happened since; what editors did to it stays.")
@errors_as_messages(*REFUSALS)
def draft(name: str | None, *, refresh: bool) -> None:
    """Draft EDITION from the news of its week: by default the week just ended, in the demo the current one."""
    week = parse_week(name)
    begin_write()
    existing = editions.find_by_week(week) if refresh else None
    if existing and existing.state is not EditionState.CANCELLED:
        changes = refreshing.refresh(existing.id, utc_now())
        record_audit("refreshed", week.name, {"news": (None, str(changes))})
        db.session.commit()
        click.echo(f"Edition {week.name} is refreshed: {changes}.")
        return
    edition_id = drafting.draft_edition(week, utc_now())
    if edition_id is None:
        click.echo(f"Nothing happened in week {week.name}, so it has no edition.")
        return
    record_audit("drafted", week.name)
    db.session.commit()
    click.echo(f"Edition {week.name} is drafted:")
    for kind, count in Counter(item.kind for item in queries.list_items(edition_id)).items():
        click.echo(f"  {KIND_LABELS[kind]}: {count}")
    click.echo(f"Look at it with: flask digest preview {week.name}")


@digest.command("preview")
@optional_edition
@errors_as_messages(*REFUSALS)
def preview(name: str | None) -> None:
    """Print the email's text, and write text and HTML to files in the instance folder."""
    edition = get_edition(name)
    letter = previews.load_preview(edition, utc_now())
    folder = Path(current_app.instance_path) / "preview"
    folder.mkdir(exist_ok=True)
    text, html = folder / f"{edition.name}.txt", folder / f"{edition.name}.html"
    text.write_text(letter.text, encoding="utf-8")
    html.write_text(letter.html, encoding="utf-8")
    click.echo(f"Subject: {letter.subject}\n\n{letter.text}")
    click.echo(f"The same in files: {text} and {html}", err=True)
    _warn_of_old_names(edition)


def _warn_of_old_names(edition: Edition) -> None:
    items = read(lambda: queries.list_items_with_visibility(edition, utc_now()))
    if count := sum(item.is_renamed and item.is_included for item in items):
        use = "item uses" if count == 1 else "items use"
        click.echo(f"{count} {use} a name from before. Refresh: flask digest draft --refresh {edition.name}", err=True)


@digest.command("test")
@click.argument("address")
@optional_edition
@errors_as_messages(*REFUSALS)
def send_test(address: str, name: str | None) -> None:
    """Send the email to ADDRESS alone, as it is now. Its unsubscribe links lead nowhere."""
    edition = get_edition(name)
    envelope_from, raw = read(lambda: previews.build_test_message(edition, address, utc_now()))
    with open_connection() as connection:
        outcome = connection.transmit(envelope_from, address, raw)
    if outcome.kind is not OutcomeKind.ACCEPTED:
        raise click.ClickException(f"The test email was not accepted: {outcome.code or ''} {outcome.text}")
    commit_or_retry(lambda: record_audit("sent a test email of", edition.name))
    click.echo(f"The test email went to {address}.")


@digest.command("schedule")
@click.argument("arguments", nargs=-1, required=True, metavar="[EDITION] WHEN")
@errors_as_messages(*REFUSALS)
def schedule(arguments: tuple[str, ...]) -> None:
    """Freeze EDITION if it is a draft, and send it at WHEN (ISO 8601, UTC: 2026-11-23T08:00)."""
    if len(arguments) > 2:
        raise click.UsageError("This takes an edition, which may be left out, and a moment.")
    *names, moment = arguments
    when, now = parse_moment(moment), utc_now()

    def step(edition: Edition) -> Changes:
        if edition.state is EditionState.DRAFT:
            freeze(edition.id, now)
        editions.schedule(edition.id, when)
        before = f"{edition.scheduled_at:{MINUTE}}" if edition.scheduled_at else None
        return {"scheduled for": (before, f"{when:{MINUTE}}")}

    edition = get_edition(names[0] if names else None)
    _warn_of_old_names(edition)
    scheduled = change_edition(edition, "scheduled", step)
    at_once = " That has passed: the next `flask digest run` sends it." if when <= now else ""
    click.echo(f"Edition {scheduled.name} is locked and goes out at {when:{MINUTE}}.{at_once}")


@digest.command("cancel")
@optional_edition
@errors_as_messages(*REFUSALS)
def cancel(name: str | None) -> None:
    """End EDITION for good: nothing more of it is sent. Its week may be drafted again."""

    def step(edition: Edition) -> Changes:
        editions.cancel(edition.id, utc_now())
        return {"state": (edition.state, EditionState.CANCELLED)}

    before = change_edition(get_edition(name), "cancelled", step)
    is_unsent = before.state in {EditionState.DRAFT, EditionState.FROZEN}
    sent = "Nothing of it was sent." if is_unsent else "What was transmitted before stays sent."
    click.echo(f"Edition {before.name} is cancelled. {sent}")


# For operators: sending, progress, uncertain deliveries


@digest.command("send")
@optional_edition
@click.option("--yes", is_flag=True, required=True, help="Say that you mean it: mail cannot be called back.")
@errors_as_messages(*REFUSALS)
def send(name: str | None, *, yes: bool) -> None:
    """Send EDITION now, freezing it if it is a draft; go on with it if it was interrupted."""
    edition = get_edition(name)
    if edition.state is EditionState.SENT:
        click.echo(f"Edition {edition.name} has been sent. Nothing is left to do.")
        return
    commit_or_retry(lambda: start_and_audit(edition))
    with stop_on_signal() as stop:
        sys.exit(send_edition(edition, stop))


def start_and_audit(edition: Edition) -> None:
    before = editions.lock(edition.id).state
    scheduling.start_sending(edition.id, utc_now())
    if before is not EditionState.SENDING:
        record_audit("began to send", edition.name, {"state": (before, EditionState.SENDING)})


@digest.command("status")
@optional_edition
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@errors_as_messages(*REFUSALS)
def status(name: str | None, *, as_json: bool) -> None:
    """Say how far EDITION has come: its state, and how many deliveries are in which."""
    edition = get_edition(name)
    progress = read(lambda: queries.load_progress(edition.id))
    refused = read(lambda: queries.list_refused(edition.id, MAX_REFUSED_LISTED + 1))
    if as_json:
        counts = {str(state): count for state, count in progress.counts.items()}
        click.echo(json.dumps({"edition": edition.name, "state": str(edition.state), "counts": counts}))
        return
    reason = f" ({edition.pause_reason})" if edition.pause_reason else ""
    click.echo(f"Edition {edition.name} is {edition.state}{reason}: {progress.summary}")
    print_refused(refused)
    if progress.uncertain:
        click.echo(f"List what is uncertain with: flask digest settle {edition.name}")


def print_refused(refused: list[RefusedDelivery]) -> None:
    """Name the deliveries that the mail server refused, the latest first."""
    for each in refused[:MAX_REFUSED_LISTED]:
        who = f"{each.address or 'who has left'} (subscriber {each.subscriber_id})"
        again = ", tried again after the others" if each.state is not DeliveryState.FAILED else ""
        click.echo(f"Not delivered to {who}{again}: {each.state_reason}")
    if len(refused) > MAX_REFUSED_LISTED:
        click.echo("There are more that were refused.")


@digest.command("pause")
@optional_edition
@errors_as_messages(*REFUSALS)
def pause(name: str | None) -> None:
    """Stop sending EDITION: what is being transmitted is finished, nothing more is begun."""
    edition = get_edition(name)
    change_edition(edition, "paused", lambda _: editions.pause(edition.id, "an operator paused it"))
    click.echo(f"Edition {edition.name} is paused. Go on with: flask digest resume {edition.name}")


@digest.command("resume")
@optional_edition
@errors_as_messages(*REFUSALS)
def resume(name: str | None) -> None:
    """Let EDITION be sent again: the next `flask digest run` or `send` goes on with it."""
    edition = get_edition(name)
    change_edition(edition, "resumed", lambda _: editions.resume(edition.id))
    click.echo(f"Edition {edition.name} may be sent again. Go on now with: flask digest send {edition.name} --yes")


@digest.command("settle")
@click.argument("arguments", nargs=-1, metavar="[EDITION] [ADDRESS]...")
@click.option("--sent", "option", flag_value=Resolution.SENT, help="It arrived: the relay's log says so.")
@click.option("--resend", "option", flag_value=Resolution.RESEND, help="It did not arrive: send it again.")
@click.option("--all", "is_all", is_flag=True, help="All that are uncertain, instead of addresses.")
@errors_as_messages(*REFUSALS)
def resolve(arguments: tuple[str, ...], option: str | None, *, is_all: bool) -> None:
    """Decide uncertain deliveries of EDITION. Without an option, list them."""
    names = [each for each in arguments[:1] if weeks.is_week_name(each)]
    addresses = arguments[len(names) :]
    edition = get_edition(names[0] if names else None)
    uncertain = read(lambda: resolving.list_uncertain(edition.id))
    if option is None:
        print_uncertain(edition.name, uncertain)
        return
    if is_all == bool(addresses):
        raise click.UsageError("Name addresses, or say --all.")
    by_address = [] if is_all else resolving.get_subscriber_ids(uncertain, addresses)
    ids = [each.subscriber_id for each in uncertain] if is_all else by_address
    count = commit_or_retry(lambda: resolve_and_audit(edition, ids, Resolution(option)))
    outcome = "counted as sent" if option == Resolution.SENT else "to be sent again by the next run"
    click.echo(f"{count} {'delivery is' if count == 1 else 'deliveries are'} {outcome}.")


def resolve_and_audit(edition: Edition, ids: list[int], resolution: Resolution) -> int:
    """Resolve deliveries and record how many. The audit log holds no addresses."""
    before = len(resolving.list_uncertain(edition.id))
    count = resolving.resolve(edition.id, ids, resolution, utc_now())
    if count:
        changes = {"uncertain": (before, before - count), "resolved as": (None, resolution)}
        record_audit("resolved deliveries of", edition.name, changes)
    return count


def print_uncertain(name: str, uncertain: list[UncertainDelivery]) -> None:
    if not uncertain:
        click.echo(f"Nothing about edition {name} is uncertain.")
        return
    for each in uncertain:
        who = each.address or f"subscriber {each.subscriber_id}, who has left (only --all settles this one)"
        click.echo(f"{who}  {each.since:%Y-%m-%d %H:%M:%S} UTC  {each.state_reason}")
    click.echo("Look for them in the mail server's log, then: flask digest settle --sent ADDRESS… or --resend ADDRESS…")


# For timers


@digest.command("run")
@errors_as_messages(*REFUSALS)
def run() -> None:
    """What a timer calls: draft what is due, send what is scheduled, go on with what was interrupted."""
    statuses = []
    with stop_on_signal() as stop:
        for line in draft_and_start():
            click.echo(line)
        for edition in read(scheduling.list_unfinished):
            try:
                statuses.append(send_edition(edition, stop))
            except click.ClickException as error:  # the other editions must not wait
                error.show()
                statuses.append(FAILED)
    if not statuses:
        click.echo("Nothing is due.")
    if url := current_settings().digest.ping_url:
        ping(url)
    status = next((status for status in MOST_URGENT_FIRST if status in statuses), DONE)
    store_state("digest", PROBLEMS.get(status, ""))
    sys.exit(status)
