"""The command that forgets what its time is over for, and decides what has waited long enough."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import click

from verdicts.catalog import logos
from verdicts.curation.transfer import pending
from verdicts.extensions import TRANSIENT_ERRORS, commit_or_retry
from verdicts.feedback.retention import clear_addresses, clear_networks
from verdicts.newsletter.retention import delete_signup_turns, delete_unconfirmed
from verdicts.staff import accounts, drafts, sessions, throttle
from verdicts.voting.retention import blank_networks, destroy_network_keys, fold_voters
from verdicts.voting.waiting import release_due

T = TypeVar("T")
TRIES = 10
# After each batch, so that voters who wait for SQLite's write lock get it in between: they look every 0.1 s at most.
REST_SECONDS = 0.05


@click.command("housekeeping")
def keep_house() -> None:
    """Decide waiting ballots; forget networks, voters, old addresses. A timer calls it; twice at once does no harm."""
    for line in chores(datetime.now(UTC)):
        click.echo(line)


def chores(now: datetime) -> Iterator[str]:
    """Do each chore and yield a line on it. Decisions come before forgetting: they need the networks."""
    decided = list(batches(lambda: release_due(now)))
    yield f"Waiting ballots counted: {sum(batch.released for batch in decided)}"
    yield f"Waiting ballots held for an editor: {sum(batch.held for batch in decided)}"
    yield f"Network keys destroyed: {committed(lambda: destroy_network_keys(now))}"
    yield f"Network hashes blanked: {sum(batches(lambda: blank_networks(now)))}"
    yield f"Old ballots folded: {sum(batches(lambda: fold_voters(now)))}"
    yield f"Unconfirmed sign-ups destroyed: {sum(batches(lambda: delete_unconfirmed(now)))}"
    yield f"Turns of sign-ups forgotten: {sum(batches(lambda: delete_signup_turns(now)))}"
    yield f"Networks that doubted a price blanked: {sum(batches(lambda: clear_networks(now)))}"
    yield f"Addresses of settled messages forgotten: {sum(batches(lambda: clear_addresses(now)))}"
    yield f"Sessions destroyed: {committed(lambda: sessions.delete_old(now))}"
    yield f"Failed log-ins forgotten: {committed(lambda: throttle.delete_old(now))}"
    yield f"Drafts of forms destroyed: {committed(lambda: drafts.delete_old(now))}"
    yield f"Letters for a new password forgotten: {committed(lambda: accounts.delete_expired_resets(now))}"
    yield f"Files waiting to be imported destroyed: {committed(lambda: pending.delete_old(now))}"
    yield f"Logos of no tool destroyed: {committed(logos.delete_unused)}"


def batches(step: Callable[[], T | None]) -> Iterator[T]:
    """Yield what each committed step returns, until a step returns None: nothing is left to do."""
    while (done := committed(step)) is not None:
        yield done
        time.sleep(REST_SECONDS)


def committed(step: Callable[[], T]) -> T:
    try:
        return commit_or_retry(step, tries=TRIES)
    except TRANSIENT_ERRORS as error:
        raise click.ClickException(f"The database was busy or away {TRIES} times: {error}") from None
