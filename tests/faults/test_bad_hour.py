"""A provider says for an hour of all its mailboxes that they do not exist: nobody who reads is lost, the dead are.

The mail server is simulated, and so is the time; the workers, their threads and the database are real.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.apps import new_app
from tests.digest.mailing_list import make_edition, make_subscribers, state_of, states
from tests.faults import IS_LONG
from tests.faults.conftest import Figures
from tests.makers import NOW
from verdicts.digest import brake, editions
from verdicts.digest.models import DeliveryState, EditionState
from verdicts.digest.sending import EndReason, send_due
from verdicts.digest.worker import SendingOptions
from verdicts.extensions import commit_or_retry, db
from verdicts.mailing.outcomes import Outcome, OutcomeKind, Step
from verdicts.newsletter.models import Status, subscriber
from verdicts.newsletter.queries import select_mailable

READERS = 50_000 if IS_LONG else 300
HOUR = timedelta(hours=1)
LETTERS_AN_HOUR = READERS * 3 // 10
# A letter of a short list takes long, so that its edition takes hours too: no lease ends meanwhile.
DAY = timedelta(days=1)
OPTIONS = SendingOptions(claim_lease=DAY, transmission_lease=DAY, max_start_delay=DAY, max_idle=timedelta())
OPERATOR_TAKES = timedelta(minutes=50)
ACCEPTED = Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", "kept")
NO_MAILBOX = Outcome.from_reply(Step.RCPT, 550, b"5.1.1 The email account that you tried to reach does not exist.")


@dataclass
class Simulation:
    """A mail server, and the time, which passes with each letter."""

    is_sorted: bool  # whether the provider's readers stand together in the list
    now: datetime = NOW
    bad_from: datetime = NOW
    bad_until: datetime = NOW
    copies: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_dead(self, reader: int) -> bool:
        return reader % 50 == 7

    def is_at_provider(self, reader: int) -> bool:
        return READERS * 3 // 10 <= reader < READERS * 7 // 10 if self.is_sorted else reader % 5 in {1, 3}

    def transmit(self, reader: int) -> Outcome:
        with self.lock:
            self.now += HOUR / LETTERS_AN_HOUR
            is_bad = self.is_at_provider(reader) and self.bad_from <= self.now < self.bad_until
            if is_bad or self.is_dead(reader):
                return NO_MAILBOX
            self.copies[reader] += 1
            return ACCEPTED

    def clock(self) -> datetime:
        return self.now


@dataclass
class SimulatedConnection:
    simulation: Simulation

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def connect(self) -> None:
        pass

    def transmit(self, _envelope_from: str, recipient: str, _raw: bytes, *, is_dot_free: bool = False) -> Outcome:
        return self.simulation.transmit(int(recipient.removeprefix("reader").partition("@")[0]))

    def close(self) -> None:
        pass


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    settings = {"MAIL_RATE_PER_MINUTE": "1000000", "MAIL_MAX_PER_DAY": "10000000", "MAIL_CONNECTIONS": "4"}
    with new_app(database_url, tmp_path, **settings) as application:
        yield application


def send(edition: int, simulation: Simulation) -> int:
    """Send an edition as an operator does, who takes a while to resume it; return how often it was paused."""
    pauses = 0
    while (ended := send_due(edition, clock=simulation.clock, options=OPTIONS).end_reason) is not EndReason.DONE:
        assert ended in {EndReason.PAUSED, EndReason.MORE_LATER}
        assert set(statuses().values()) - {Status.CONFIRMED} <= {Status.BOUNCED}
        if ended is EndReason.PAUSED:
            pauses += 1
            simulation.now += OPERATOR_TAKES
            commit_or_retry(lambda: editions.resume(edition))
        else:
            simulation.now += timedelta(minutes=1)
    return pauses


def statuses() -> dict[int, Status]:
    """Return each reader's status, by their number in the list."""
    rows = db.session.execute(sa.select(subscriber.c.id, subscriber.c.status)).all()
    db.session.rollback()
    return {row.id - 1: row.status for row in rows}


def mailable() -> list[int]:
    ids = list(db.session.scalars(select_mailable().order_by(subscriber.c.id)))
    db.session.rollback()
    return ids


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("is_sorted", [False, True], ids=["mixed", "sorted"])
def test_a_provider_s_bad_hour_loses_nobody_and_the_dead_are_suppressed_after_two_editions(
    app: Flask, monkeypatch: pytest.MonkeyPatch, figures: Figures, is_sorted: bool
) -> None:
    simulation = Simulation(is_sorted)
    monkeypatch.setattr("verdicts.digest.sending.open_connection", lambda _timeouts: SimulatedConnection(simulation))
    make_subscribers(READERS)
    dead = {reader for reader in range(READERS) if simulation.is_dead(reader)}
    alive = set(range(READERS)) - dead
    pauses, missing = [], []
    for number, week in enumerate((47, 48)):
        simulation.now = NOW + timedelta(weeks=number)
        simulation.bad_from = simulation.now + HOUR
        simulation.bad_until = simulation.bad_from + (HOUR if week == 47 else timedelta())
        edition = make_edition(mailable(), week=week, drafted_at=simulation.now)
        pauses.append(send(edition, simulation))
        assert state_of(edition) is EditionState.SENT
        assert max(simulation.copies.values()) <= number + 1
        failed = {id - 1 for id, state in states(edition).items() if state is DeliveryState.FAILED}
        assert dead <= failed
        # Those whose refusals are too few for the brake, among the letters of that hour, stay marked as failed.
        missing.append(len(failed - dead))
        assert not brake.is_too_many(missing[-1], LETTERS_AN_HOUR)
        ended = {reader for reader, status in statuses().items() if status is Status.BOUNCED}
        assert ended == (dead if week == 48 else set())
    figures(
        f"{READERS:,} readers, {len(dead):,} dead: {pauses} pauses; {len(ended & alive)} alive and {len(ended)} dead "
        f"suppressed; {missing} alive without an edition; at most one copy of each"
    )
