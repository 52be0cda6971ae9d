"""Commands that send an edition, look at how far it has come, and decide what nobody else can.

Exit status, for timers: 0 all is done, or there was nothing to do; 75 there is more to do later, so call again;
3 an edition is paused; 4 uncertain deliveries wait for `flask digest settle`; 1 something went wrong, in words.
"""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import TypeVar

import click

from verdicts.cli.digest import digest, refusals_in_words, week_asked_for, write_down
from verdicts.cli.pinging import ping
from verdicts.cli.progress import watching
from verdicts.config import Settings, current_settings
from verdicts.digest import editions, settling, timetable
from verdicts.digest.editions import Edition
from verdicts.digest.models import EditionState
from verdicts.digest.progress import progress_of
from verdicts.digest.sending import Ended, Report
from verdicts.digest.sending import send as send_edition
from verdicts.digest.settling import Decision
from verdicts.digest.weeks import NotAWeek, parse
from verdicts.extensions import commit_or_retry, db

__all__ = ["digest"]

T = TypeVar("T")
DONE, WRONG, PAUSED, UNCERTAIN, LATER = 0, 1, 3, 4, 75
STATUS = {Ended.DONE: DONE, Ended.CANCELLED: DONE, Ended.PAUSED: PAUSED, Ended.UNCERTAIN: UNCERTAIN}
URGENCY = (WRONG, PAUSED, UNCERTAIN, LATER, DONE)


@digest.command("send")
@click.argument("edition", required=False)
@click.option("--yes", is_flag=True, required=True, help="Say that you mean it: mail cannot be called back.")
def send(edition: str | None, *, yes: bool) -> None:
    """Send EDITION now, freezing it if it is a draft; go on with it if it was interrupted."""
    with refusals_in_words():
        found = found_edition(edition)
        if found.state is EditionState.SENT:
            click.echo(f"Edition {found.name} has been sent. Nothing is left to do.")
            return
        commit_or_retry(lambda: _begin(found))
    with stopping() as stop:
        sys.exit(send_one(found.id, stop))


@digest.command("status")
@click.argument("edition", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
def status(edition: str | None, *, as_json: bool) -> None:
    """Say how far EDITION has come: its state, and how many deliveries are in which."""
    with refusals_in_words():
        found = found_edition(edition)
        progress = read(lambda: progress_of(found.id))
    if as_json:
        counts = {str(state): count for state, count in progress.counts.items()}
        click.echo(json.dumps({"edition": found.name, "state": str(found.state), "counts": counts}))
        return
    because = f" ({found.paused_because})" if found.paused_because else ""
    click.echo(f"Edition {found.name} is {found.state}{because}: {progress.words}")
    if progress.uncertain:
        click.echo(f"List what is uncertain with: flask digest settle {found.name}")


@digest.command("pause")
@click.argument("edition", required=False)
def pause(edition: str | None) -> None:
    """Stop sending EDITION: what is being transmitted is finished, nothing more is begun."""
    with refusals_in_words():
        found = found_edition(edition)
        commit_or_retry(lambda: _pause(found))
    click.echo(f"Edition {found.name} is paused. Go on with: flask digest resume {found.name}")


@digest.command("resume")
@click.argument("edition", required=False)
def resume(edition: str | None) -> None:
    """Let EDITION be sent again: the next `flask digest run` or `send` goes on with it."""
    with refusals_in_words():
        found = found_edition(edition)
        commit_or_retry(lambda: _resume(found))
    click.echo(f"Edition {found.name} may be sent again. Go on now with: flask digest send {found.name} --yes")


@digest.command("settle")
@click.argument("arguments", nargs=-1, metavar="[EDITION] [ADDRESS]...")
@click.option("--sent", "decision", flag_value=Decision.SENT, help="It arrived: the relay's log says so.")
@click.option("--resend", "decision", flag_value=Decision.RESEND, help="It did not arrive: send it again.")
@click.option("--all", "all_of_them", is_flag=True, help="All that are uncertain, instead of addresses.")
def settle(arguments: tuple[str, ...], decision: str | None, *, all_of_them: bool) -> None:
    """Decide uncertain deliveries of EDITION. Without an option, list them."""
    edition, addresses = split(arguments)
    with refusals_in_words():
        found = found_edition(edition)
        uncertain = read(lambda: settling.uncertain(found.id))
        if decision is None:
            list_uncertain(found, uncertain)
            return
        if all_of_them == bool(addresses):
            raise click.UsageError("Name addresses, or say --all.")
        ids = [each.subscriber_id for each in uncertain] if all_of_them else settling.those_at(uncertain, addresses)
        count = commit_or_retry(lambda: _settle(found, ids, Decision(decision)))
    outcome = "counted as sent" if decision == Decision.SENT else "to be sent again by the next run"
    click.echo(f"{count} {'delivery is' if count == 1 else 'deliveries are'} {outcome}.")


def _begin(found: Edition) -> None:
    before = editions.hold(found.id).state
    timetable.begin(found.id, now())
    if before is not EditionState.SENDING:
        write_down("began to send", found.name, {"state": (before, EditionState.SENDING)})


def _pause(found: Edition) -> None:
    editions.pause(found.id, "an operator paused it", now())
    write_down("paused", found.name)


def _resume(found: Edition) -> None:
    editions.resume(found.id, now())
    write_down("resumed", found.name)


def _settle(found: Edition, ids: list[int], decision: Decision) -> int:
    """Settle uncertain deliveries, and write down how many: whose they are is no part of the trail."""
    before = len(settling.uncertain(found.id))
    count = settling.settle(found.id, ids, decision, now())
    if count:
        changes = {"uncertain": (before, before - count), "settled as": (None, decision)}
        write_down("settled deliveries of", found.name, changes)
    return count


@digest.command("run")
def run() -> None:
    """What a timer calls: draft what is due, send what is scheduled, go on with what was interrupted."""
    settings = current_settings()
    with refusals_in_words(), stopping() as stop:
        draft_and_start(settings)
        status = send_all(stop)
    if settings.digest.ping_url:
        ping(settings.digest.ping_url)
    sys.exit(status)


def draft_and_start(settings: Settings) -> None:
    drafted = None
    try:
        drafted = commit_or_retry(lambda: timetable.draft_what_is_due(settings.digest, now()))
    except (editions.EditionExists, editions.NothingToSay, editions.WrongState) as fact:
        click.echo(str(fact))  # another run was quicker, or all that a draft held was dropped
    if drafted:
        name = name_of(drafted)
        click.echo(f"Edition {name} is drafted. Look at it with: flask digest preview {name}")
    commit_or_retry(lambda: timetable.start_what_is_scheduled(now()))


def send_all(stop: threading.Event) -> int:
    """Send every edition that is under way, and return the most urgent exit status."""
    ids = read(timetable.under_way)
    if not ids:
        click.echo("Nothing is due.")
    statuses = [send_or_say_why(id, stop) for id in ids]
    return next((status for status in URGENCY if status in statuses), DONE)


def send_or_say_why(edition_id: int, stop: threading.Event) -> int:
    """Send what is due of an edition; one that cannot be sent must not keep the others waiting."""
    try:
        return send_one(edition_id, stop)
    except click.ClickException as refusal:
        refusal.show()
        return WRONG


def send_one(edition_id: int, stop: threading.Event) -> int:
    """Send what is due of an edition, say how it ended, and return the exit status for that."""
    name = name_of(edition_id)
    with refusals_in_words(), watching(name) as watch:
        report = send_edition(edition_id, stop=stop, watch=watch)
    click.echo(f"Edition {name}: {report.progress.words}.")
    if words := why(name, report):
        click.echo(words, err=True)
    return STATUS.get(report.ended, LATER)


def why(name: str, report: Report) -> str | None:
    """Return what an operator should know or do now."""
    quota = " The quota of the day (MAIL_MAX_PER_DAY) is used up." if report.is_quota_spent else ""
    again = f" There is more to send from {report.again_at:%Y-%m-%d %H:%M:%S} UTC on." if report.again_at else ""
    return {
        Ended.DONE: None,
        Ended.CANCELLED: f"Edition {name} was cancelled.",
        Ended.PAUSED: f"PAUSED: {report.trouble}. Once that is mended: flask digest resume {name}",
        Ended.UNCERTAIN: f"Whether some letters arrived is not known. List them with: flask digest settle {name}",
        Ended.UNREACHABLE: f"The mail server cannot be used now: {report.trouble}.{again}",
        Ended.STOPPED: "Stopped. The next run goes on.",
        Ended.LATER: f"Not all could be sent yet.{quota}{again}",
    }[report.ended]


def list_uncertain(found: Edition, uncertain: list[settling.Uncertain]) -> None:
    if not uncertain:
        click.echo(f"Nothing about edition {found.name} is uncertain.")
        return
    for each in uncertain:
        who = each.address or f"subscriber {each.subscriber_id}, who has left (only --all settles this one)"
        click.echo(f"{who}  {each.since:%Y-%m-%d %H:%M:%S} UTC  {each.reply}")
    click.echo("Look for them in the mail server's log, then: flask digest settle --sent ADDRESS… or --resend ADDRESS…")


def split(arguments: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Return the edition, if the first argument names one, and the addresses."""
    try:
        parse(arguments[0] if arguments else "")
    except NotAWeek:
        return None, arguments
    return arguments[0], arguments[1:]


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C or SIGTERM sets; a second one ends the process at once."""
    stop = threading.Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)
        click.echo("Stopping after the messages that are under way.", err=True)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def found_edition(edition: str | None) -> Edition:
    return read(lambda: editions.get(week_asked_for(edition)))


def name_of(edition_id: int) -> str:
    return read(lambda: editions.by_id(edition_id)).name


def read(ask: Callable[[], T]) -> T:
    """Return what was asked for, and end the transaction: the next one may have to write."""
    found = ask()
    db.session.rollback()
    return found


def now() -> datetime:
    return datetime.now(UTC)
