"""What a worker does when time, quota or rate run out while it works; the clock is the test's."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE, StatementCount, listening
from tests.digest.mailing_list import SENDER, SUBJECT, addresses, make_edition, make_subscribers, states, the_delivery
from tests.digest.sender import short_options
from tests.makers import NOW
from tests.smtp_server import SmtpServer
from verdicts.digest import delivery
from verdicts.digest.freezing import content_hash
from verdicts.digest.models import DeliveryState
from verdicts.digest.models import edition as edition_table
from verdicts.digest.queries import list_blocks
from verdicts.digest.recording import NextStart, accept_and_start
from verdicts.digest.sending import EndReason, SendingReport, send_due
from verdicts.digest.worker import SendingOptions
from verdicts.extensions import db
from verdicts.mailing.models import sending_allowance


@pytest.fixture
def an_app_with(database_url: str, smtp: SmtpServer) -> Iterator[Callable[..., Flask]]:
    """Makes an application with these settings; it ends with the test."""
    with ExitStack() as stack:

        def make(**changes: str) -> Flask:
            settings = {"MAIL_RATE_PER_MINUTE": "1000000"} | smtp.settings | changes
            return stack.enter_context(pooled_app(database_url, **settings))

        yield make


class Clock:
    """The time as a test wants it: it stands still, or runs faster than others."""

    def __init__(self, speed: float = 0) -> None:
        self._speed = speed
        self._began = datetime.now(NOW.tzinfo)
        self._jumped = timedelta()

    def __call__(self) -> datetime:
        return NOW + self._jumped + (datetime.now(NOW.tzinfo) - self._began) * self._speed

    def jump(self, by: timedelta) -> None:
        self._jumped += by


def test_who_was_stopped_between_the_start_and_mail_from_transmits_nothing_then(
    an_app_with: Callable[..., Flask], smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_app_with(MAIL_CONNECTIONS="1")
    edition, clock, started = make_edition(make_subscribers(3)), Clock(speed=1), []

    def start_and_be_stopped(
        connection: sa.Connection, starts: Sequence[NextStart], time_limit: timedelta, now: datetime
    ) -> list[bool]:
        started.append(starts[0].lease.subscriber_id)
        if len(started) == 2:
            clock.jump(timedelta(minutes=1))
            assert smtp.wait_for(1)
        return accept_and_start(connection, starts, time_limit, now)

    monkeypatch.setattr("verdicts.digest.sending.accept_and_start", start_and_be_stopped)
    stop, real_undo_start = threading.Event(), delivery.undo_start

    def undo_start_and_stop(lease: delivery.Lease, now: datetime) -> None:
        stop.set()
        real_undo_start(lease, now)

    monkeypatch.setattr(delivery, "undo_start", undo_start_and_stop)
    report = send_due(edition, clock=clock, stop=stop, options=short_options(claim_lease=300, transmission_lease=600))
    assert report.end_reason is EndReason.STOPPED
    assert len(smtp.recipients()) == 1
    assert states(edition)[started[1]] is DeliveryState.PENDING


def test_beyond_the_quota_the_rest_goes_on_tomorrow(an_app_with: Callable[..., Flask], smtp: SmtpServer) -> None:
    an_app_with(MAIL_MAX_PER_DAY="10")
    edition, clock = make_edition(make_subscribers(15)), Clock()
    report = send_due(edition, clock=clock, options=short_options())
    assert (report.end_reason, len(smtp.recipients())) == (EndReason.MORE_LATER, 10)
    clock.jump(timedelta(hours=12))
    assert send_due(edition, clock=clock, options=short_options()).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter(addresses(range(15)))


def test_the_rate_is_not_exceeded(an_app_with: Callable[..., Flask], smtp: SmtpServer) -> None:
    an_app_with(MAIL_RATE_PER_MINUTE="60")
    edition, clock = make_edition(make_subscribers(20)), Clock(speed=10)
    assert send_due(edition, clock=clock, options=SendingOptions()).end_reason is EndReason.DONE
    slots = sa.select(sending_allowance.c.used).where(sa.func.length(sending_allowance.c.period) > 10)
    used = db.session.scalars(slots).all()
    assert max(used) <= 5
    assert sum(used) == 20
    assert len(smtp.recipients()) == 20


def test_who_is_skipped_costs_no_quota(an_app_with: Callable[..., Flask], smtp: SmtpServer) -> None:
    an_app_with(MAIL_MAX_PER_DAY="5")
    edition = make_edition(make_subscribers(15))
    db.session.execute(sa.text("UPDATE subscriber SET status = 'left', address = NULL WHERE id <= 10"))
    db.session.commit()
    assert send_due(edition, options=short_options()).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter(addresses(range(10, 15)))


def test_statements_grow_with_the_letters_and_with_nothing_else(
    an_app_with: Callable[..., Flask], smtp: SmtpServer
) -> None:
    an_app_with(MAIL_CONNECTIONS="1")
    make_subscribers(240)
    costs = []
    for week, readers in ((1, range(1, 41)), (2, range(41, 241))):
        edition = make_edition(readers, week=week)
        count = StatementCount()
        with listening("before_cursor_execute", count.record):
            send_all(edition)
        costs.append(len(count) / len(readers))
    assert costs[1] <= costs[0]
    assert costs[1] < 6


def test_who_waits_for_letters_of_another_ends_with_it(
    an_app_with: Callable[..., Flask], smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_app_with(MAIL_CONNECTIONS="2")
    monkeypatch.setattr("verdicts.digest.worker.MAX_WAIT_SECONDS", 60)
    smtp.behave(latency=0.2)
    began = time.monotonic()
    send_all(make_edition(make_subscribers(3)))
    assert time.monotonic() - began < 30


def send_all(edition: int) -> SendingReport:
    report = send_due(edition, options=short_options())
    assert report.end_reason is EndReason.DONE, report
    return report


@ON_ONE_DATABASE
def test_a_worker_s_error_ends_the_others_and_is_raised(
    an_app_with: Callable[..., Flask], smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_app_with()
    edition = make_edition(make_subscribers(10))

    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    def start_and_accept_nothing(
        connection: sa.Connection, starts: Sequence[NextStart], time_limit: timedelta, now: datetime
    ) -> list[bool]:
        if any(each.accepted for each in starts):
            fail()
        return accept_and_start(connection, starts, time_limit, now)

    monkeypatch.setattr("verdicts.digest.sending.accept_and_start", start_and_accept_nothing)
    monkeypatch.setattr("verdicts.digest.worker.record_outcome", fail)
    with pytest.raises(ZeroDivisionError):
        send_due(edition, options=short_options())
    assert the_delivery(edition, 1).state is not DeliveryState.SENT
    assert max(Counter(smtp.recipients()).values()) == 1


def charged() -> int:
    """Return how many messages the day's quota was charged for."""
    used = sa.select(sending_allowance.c.used).where(sending_allowance.c.period == "2026-11-22")
    db.session.rollback()
    return db.session.scalar(used) or 0


def test_a_server_that_is_away_costs_no_quota(
    an_app_with: Callable[..., Flask], smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_app_with(MAIL_MAX_PER_DAY="30")
    monkeypatch.setattr("verdicts.digest.worker.MAX_LOST_CONNECTIONS_IN_A_ROW", 2)
    edition = make_edition(make_subscribers(20))
    smtp.stop()
    assert send_due(edition, clock=Clock(), options=short_options()).end_reason is EndReason.UNREACHABLE
    assert charged() == 0
    smtp.start()
    assert send_due(edition, clock=Clock(), options=short_options()).end_reason is EndReason.DONE
    assert charged() == len(smtp.recipients()) == 20


@ON_ONE_DATABASE
def test_who_gets_no_letter_costs_no_quota(an_app_with: Callable[..., Flask], smtp: SmtpServer) -> None:
    an_app_with(MAIL_MAX_PER_DAY="10", MAIL_CONNECTIONS="1")
    edition = make_edition(make_subscribers(40))
    db.session.execute(sa.text("UPDATE subscriber SET rhythm = 'on-change' WHERE id <= 30"))
    db.session.execute(sa.text("UPDATE edition_block SET has_change = :no"), {"no": False})
    reseal(edition)
    assert send_due(edition, clock=Clock(), options=short_options()).end_reason is EndReason.DONE
    assert charged() == len(smtp.recipients()) == 10


def reseal(id: int) -> None:
    """Make the hash of an edition match its blocks again."""
    digest = content_hash(SUBJECT, SENDER, [], list_blocks(id))
    db.session.execute(sa.update(edition_table).where(edition_table.c.id == id).values(content_hash=digest))
    db.session.commit()


def test_what_was_leased_for_too_long_costs_no_quota(an_app_with: Callable[..., Flask], smtp: SmtpServer) -> None:
    an_app_with(MAIL_CONNECTIONS="1")
    edition = make_edition(make_subscribers(12))
    smtp.behave(latency=0.05)  # three letters take longer than the lease
    clock = Clock(speed=10)
    assert (
        send_due(
            edition, clock=clock, options=short_options(claim_lease=5, transmission_lease=600, max_idle=60)
        ).end_reason
        is EndReason.DONE
    )
    assert Counter(smtp.recipients()) == Counter(addresses(range(12)))
    assert charged() == 12


@ON_ONE_DATABASE
def test_what_was_leased_for_too_long_is_released_at_once(an_app_with: Callable[..., Flask], smtp: SmtpServer) -> None:
    """To try each of them in vain would take two transactions."""
    an_app_with(MAIL_CONNECTIONS="1")
    edition = make_edition(make_subscribers(30))
    smtp.behave(latency=0.05)
    commits: list[object] = []
    with listening("commit", commits.append):
        send_due(edition, clock=Clock(speed=10), options=short_options(claim_lease=5, transmission_lease=600))
    assert len(smtp.recipients()) == 30
    assert len(commits) < 3 * 30


@ON_ONE_DATABASE
def test_a_used_up_quota_is_reported_with_the_day_on_which_it_goes_on(
    an_app_with: Callable[..., Flask], smtp: SmtpServer
) -> None:
    an_app_with(MAIL_MAX_PER_DAY="5")
    report = send_due(make_edition(make_subscribers(9)), clock=Clock(), options=short_options())
    assert (report.end_reason, report.is_quota_used_up) == (EndReason.MORE_LATER, True)
    assert report.resume_at == NOW.replace(day=23, hour=0)
