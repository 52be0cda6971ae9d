"""`flask housekeeping`: decide the votes that have waited long enough, and delete data whose time is over."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import click

from verdicts import outages
from verdicts.catalog import logos, search
from verdicts.cli.recorded_jobs import store_state
from verdicts.config import current_settings
from verdicts.curation import popularity
from verdicts.curation.transfer import pending
from verdicts.engines import gather_statistics
from verdicts.extensions import TRANSIENT_ERRORS, commit_or_retry, db
from verdicts.feedback.retention import clear_addresses, clear_networks
from verdicts.newsletter import not_understood
from verdicts.newsletter.retention import (
    delete_bounced_addresses,
    delete_hard_bounces,
    delete_signup_turns,
    delete_unconfirmed,
)
from verdicts.staff import accounts, drafts, second_factor, sessions, throttle, versions
from verdicts.traffic import storing as traffic
from verdicts.voting.retention import blank_networks, destroy_network_keys, fold_voters
from verdicts.voting.waiting import release_due

T = TypeVar("T")
MAX_TRIES = 10
# The pause after each batch lets voters take SQLite's write lock in between: they poll at least every 0.1 s.
PAUSE_SECONDS = 0.05


@click.command("housekeeping")
def run_housekeeping() -> None:
    """Decide waiting votes; forget networks, voters, old addresses. A timer calls it; twice at once does no harm."""
    for what, count in run_all(datetime.now(UTC)):
        click.echo(f"{what}: {count}")
    store_state("housekeeping")


def run_all(now: datetime) -> Iterator[tuple[str, int]]:
    """Run each step; yield what it did, and to how many. Decisions come before deletions: they need the networks."""
    kept_mail = not_understood.folder_path(current_settings())
    decisions = list(run_batches(lambda: release_due(now, current_settings().votes_per_network_day)))
    yield "Waiting votes counted", sum(batch.released for batch in decisions)
    yield "Waiting votes held for an editor", sum(batch.held for batch in decisions)
    yield "Network keys destroyed", run_step(lambda: destroy_network_keys(now))
    yield "Network hashes blanked", sum(run_batches(lambda: blank_networks(now)))
    yield "Voters of old votes deleted", sum(run_batches(lambda: fold_voters(now)))
    yield "Unconfirmed sign-ups destroyed", sum(run_batches(lambda: delete_unconfirmed(now)))
    yield "Turns of sign-ups forgotten", sum(run_batches(lambda: delete_signup_turns(now)))
    yield "Bounced addresses destroyed", sum(run_batches(lambda: delete_bounced_addresses(now)))
    yield "Marks of bounces forgotten", sum(run_batches(lambda: delete_hard_bounces(now)))
    yield "Networks that doubted a price blanked", sum(run_batches(lambda: clear_networks(now)))
    yield "Addresses of resolved messages forgotten", sum(run_batches(lambda: clear_addresses(now)))
    yield "Sessions destroyed", run_step(lambda: sessions.delete_old(now))
    yield "Secrets of second factors encrypted again", run_step(second_factor.encrypt_again)
    yield "Failed log-ins forgotten", run_step(lambda: throttle.delete_old(now))
    yield "Drafts of forms destroyed", run_step(lambda: drafts.delete_old(now))
    yield "Versions that forms were opened with destroyed", run_step(lambda: versions.delete_old(now))
    yield "Letters for a new password forgotten", run_step(lambda: accounts.delete_expired_resets(now))
    yield "Returned mail not understood destroyed", not_understood.delete_old(kept_mail, now)
    yield "Files waiting to be imported destroyed", run_step(lambda: pending.delete_old(now))
    yield "Old counts of views and searches deleted", sum(run_batches(lambda: traffic.delete_old(now)))
    yield "Figures of tools' views brought up to date", sum(update_popularity(now))
    yield "Logos of no tool destroyed", run_step(logos.delete_unused)
    yield "Tools that the search index had left out", run_step(search.reindex_left_out)
    run_step(lambda: gather_statistics(db.session.connection()))


def update_popularity(now: datetime) -> Iterator[int]:
    """Count before the write lock is taken, since there may be many views; then store a batch at a time."""
    batches = popularity.find_changes(now)
    db.session.rollback()
    for batch in batches:
        yield run_step(partial(popularity.store, batch))
        time.sleep(PAUSE_SECONDS)


def run_batches(step: Callable[[], T | None]) -> Iterator[T]:
    """Run and commit a step until it returns None, which means that nothing is left. Yield the other results."""
    while (result := run_step(step)) is not None:
        yield result
        time.sleep(PAUSE_SECONDS)


def run_step(step: Callable[[], T]) -> T:
    try:
        return commit_or_retry(step, tries=MAX_TRIES)
    except TRANSIENT_ERRORS as error:
        reason = outages.reason_of(error)
        raise click.ClickException(f"The database was busy or away {MAX_TRIES} times: {reason}") from None
