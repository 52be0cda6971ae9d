"""Drafting and sending what is due, the progress that an operator sees meanwhile, and how it ended."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from verdicts.cli.editions import REFUSALS, read
from verdicts.cli.errors import errors_as_messages
from verdicts.cli.timers import Round
from verdicts.config import current_settings
from verdicts.digest import editions, scheduling, sending
from verdicts.digest.editions import Edition
from verdicts.digest.models import EditionState
from verdicts.digest.queries import EditionProgress
from verdicts.digest.sending import EndReason, SendingReport, utc_now
from verdicts.extensions import commit_or_retry

SECONDS_BETWEEN_LINES = 30.0
SECONDS_BETWEEN_ROUNDS = 5.0
DONE, FAILED, PAUSED, UNCERTAIN, LATER = 0, 1, 3, 4, 75
MOST_URGENT_FIRST = (FAILED, PAUSED, UNCERTAIN, LATER, DONE)
PROBLEMS = {
    FAILED: "An edition could not be sent.",
    PAUSED: "An edition is paused.",
    UNCERTAIN: "Whether some emails arrived is not known.",
    LATER: "Not all could be sent yet.",
}
EXIT_STATUS = {
    EndReason.DONE: DONE,
    EndReason.CANCELLED: DONE,
    EndReason.PAUSED: PAUSED,
    EndReason.UNCERTAIN: UNCERTAIN,
}


def send_due(stop: threading.Event) -> Round:
    """Draft and send what is due. What keeps it from being sent is tried again in the next round."""
    lines: list[str] = []
    problems: list[str] = []
    try:
        with errors_as_messages(*REFUSALS):
            lines += draft_and_start()
            for edition in read(scheduling.list_unfinished):
                if edition.state is EditionState.SENDING:
                    report = sending.send_due(edition.id, stop=stop)
                    explanation = explain(edition.name, report)
                    progress = f"Edition {edition.name}: {report.progress.summary}."
                    (problems if explanation else lines).append(f"{progress} {explanation}".strip())
    except click.ClickException as error:
        problems.append(error.message)
    return Round(lines, "\n".join(problems), SECONDS_BETWEEN_ROUNDS)


def draft_and_start() -> list[str]:
    """Draft the edition that is due, and start those that are scheduled for now. Return lines about it."""
    settings = current_settings().digest
    lines = []
    try:
        if drafted := commit_or_retry(lambda: scheduling.draft_due_edition(settings, utc_now())):
            lines.append(f"Edition {drafted.name} is drafted. Look at it with: flask digest preview {drafted.name}")
    except (editions.EditionExists, editions.EditionIsEmpty, editions.WrongState) as error:
        lines.append(str(error))  # another run was faster, or everything in a draft was removed
    commit_or_retry(lambda: scheduling.start_scheduled(utc_now()))
    return lines


def send_edition(edition: Edition, stop: threading.Event) -> int:
    """Send what is due of an edition, print how it ended, and return the exit status."""
    with errors_as_messages(*REFUSALS), progress_output(edition.name) as on_progress:
        report = sending.send_due(edition.id, stop=stop, on_progress=on_progress)
    click.echo(f"Edition {edition.name}: {report.progress.summary}.")
    if explanation := explain(edition.name, report):
        click.echo(explanation, err=True)
    return EXIT_STATUS.get(report.end_reason, LATER)


def explain(name: str, report: SendingReport) -> str:
    """Return what an operator should know or do now; "" if nothing."""
    quota = " The quota of the day (MAIL_MAX_PER_DAY) is used up." if report.is_quota_used_up else ""
    resume = f" There is more to send from {report.resume_at:%Y-%m-%d %H:%M:%S} UTC on." if report.resume_at else ""
    return {
        EndReason.DONE: "",
        EndReason.CANCELLED: f"Edition {name} was cancelled.",
        EndReason.PAUSED: f"PAUSED: {report.problem}. Once that is mended: flask digest resume {name}",
        EndReason.UNCERTAIN: f"Whether some emails arrived is not known. List them with: flask digest settle {name}",
        EndReason.UNREACHABLE: f"The mail server cannot be used now: {report.problem}.{resume}",
        EndReason.STOPPED: "Stopped. The next run goes on.",
        EndReason.MORE_LATER: f"Not all could be sent yet.{quota}{resume}",
    }[report.end_reason]


@contextmanager
def progress_output(name: str) -> Iterator[Callable[[EditionProgress], None]]:
    """Yield a function that shows progress: as a bar on a terminal, elsewhere as a line every half minute."""
    if sys.stdout.isatty():
        with click.progressbar(length=1, label=f"Edition {name}", show_pos=True) as bar:

            def update_bar(progress: EditionProgress) -> None:
                bar.length = max(1, progress.total)
                bar.update(progress.processed - bar.pos)

            yield update_bar
        return
    printed_at = time.monotonic()

    def print_line(progress: EditionProgress) -> None:
        nonlocal printed_at
        if time.monotonic() - printed_at >= SECONDS_BETWEEN_LINES:
            printed_at = time.monotonic()
            click.echo(f"Edition {name}: {progress.summary}")

    yield print_line
