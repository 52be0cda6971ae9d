"""Delivering what waits in the outbox: a job that commits as it goes, for no transaction may stay open meanwhile."""

import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from verdicts.extensions import commit_or_retry, db
from verdicts.mailing import allowance, outbox
from verdicts.mailing.addresses import HeaderRefused
from verdicts.mailing.outbox import Claimed, Fate
from verdicts.mailing.outcomes import Outcome, OutcomeKind, Step
from verdicts.mailing.replies import Action, verdict_on
from verdicts.mailing.transport import Connection, send

logger = logging.getLogger(__name__)
TRIES = 10


@dataclass(frozen=True)
class Round:
    """How many letters met which fate, and what kept the others from being tried, if anything did."""

    fates: Counter[Fate]
    trouble: Outcome | None = None


def deliver_due(
    connection: Connection, clock: Callable[[], datetime], is_stopped: Callable[[], bool] = lambda: False
) -> Round:
    """Deliver the letters that are due, one after the other.

    While the server is away, or refuses us, the rest waits untouched. Several may do this at once.
    """
    fates: Counter[Fate] = Counter()
    while not is_stopped() and _is_any_due(clock()):
        if trouble := connection.ready():
            return Round(fates, trouble)
        claimed = commit_or_retry(lambda: outbox.claim(_owner(), clock()), tries=TRIES)
        if claimed is None:
            break
        outcome = _try(connection, claimed)
        fates[_record(claimed, outcome, clock())] += 1
        if verdict_on(outcome) is Action.PAUSE:
            return Round(fates, outcome)
    return Round(fates)


def _try(connection: Connection, claimed: Claimed) -> Outcome:
    try:
        return send(connection, claimed.message())
    except HeaderRefused as fault:  # it could be written when it was put here, so what changed are our settings
        return Outcome.of_fault(OutcomeKind.REFUSED, Step.CONNECT, fault)


def _record(claimed: Claimed, outcome: Outcome, now: datetime) -> Fate:
    fate = commit_or_retry(lambda: _recorded(claimed, outcome, now), tries=TRIES)
    if fate is not Fate.SENT:
        logger.warning("letter %d, try %d: %s, %s", claimed.id, claimed.tries, fate, outcome.words)
    return fate


def _recorded(claimed: Claimed, outcome: Outcome, now: datetime) -> Fate:
    fate = outbox.record(claimed, outcome, now)
    if fate is Fate.SENT:
        allowance.count_one(now)
    return fate


def _is_any_due(now: datetime) -> bool:
    found = outbox.is_any_due(now)
    db.session.rollback()
    return found


def _owner() -> str:
    """Return a name for one claim: which process made it, for operators, and a part that no other claim has."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(8)}"
