"""Sending through a real SMTP server in another process: what it answers decides what becomes of each delivery."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE, first_on_both
from tests.digest.mailing_list import (
    address,
    addresses,
    make_due,
    make_edition,
    make_subscribers,
    state_of,
    states,
    the_delivery,
)
from tests.digest.sender import short_options
from tests.makers import NOW, make_category
from tests.smtp_server import SmtpServer
from verdicts.digest import editions
from verdicts.digest.delivery import INVALID_ADDRESS_REASON
from verdicts.digest.messages import EditionTampered
from verdicts.digest.models import DeliveryState, EditionState
from verdicts.digest.queries import EditionProgress
from verdicts.digest.sending import EndReason, SendingReport, send_due
from verdicts.extensions import begin_write, db
from verdicts.newsletter import leaving
from verdicts.newsletter.models import Status, subscriber, subscriber_category
from verdicts.newsletter.tokens import leave_token

READERS = 30


@pytest.fixture
def app(database_url: str, smtp: SmtpServer) -> Iterator[Flask]:
    with pooled_app(database_url, MAIL_RATE_PER_MINUTE="1000000", **smtp.settings) as application:
        yield application


@pytest.fixture
def edition(app: Flask) -> int:
    return make_edition(make_subscribers(READERS))


def send_now(edition_id: int, **options: Any) -> SendingReport:
    """Send what is due; `max_idle=0` waits for nothing that is due later, or that another worker holds."""
    return send_due(edition_id, options=short_options(**options))


def test_everyone_gets_one_letter(edition: int, smtp: SmtpServer) -> None:
    report = send_now(edition)
    assert report.end_reason is EndReason.DONE
    assert sorted(smtp.recipients()) == sorted(addresses(range(READERS)))
    assert set(states(edition).values()) == {DeliveryState.SENT}
    assert state_of(edition) is EditionState.SENT


@ON_ONE_DATABASE
def test_who_comes_last_calls_the_edition_sent_though_another_had_the_last_letter(
    edition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, looks = editions.finish_if_done, []

    def finish_but_not_at_first(id: int, now: datetime) -> bool:
        looks.append(id)  # at the first look another sender's letter was still on its way
        return len(looks) > 1 and finish(id, now)

    monkeypatch.setattr(editions, "finish_if_done", finish_but_not_at_first)
    assert send_now(edition).end_reason is EndReason.DONE
    assert state_of(edition) is EditionState.SENT


@ON_ONE_DATABASE
def test_nothing_is_sent_of_an_edition_that_is_paused(app: Flask, smtp: SmtpServer) -> None:
    edition = make_edition(make_subscribers(3), EditionState.PAUSED, pause_reason="Somebody wanted to look.")
    report = send_now(edition)
    assert (report.end_reason, report.problem) == (EndReason.PAUSED, "Somebody wanted to look.")
    assert smtp.recipients() == []
    assert set(states(edition).values()) == {DeliveryState.PENDING}


@ON_ONE_DATABASE
def test_nothing_is_sent_of_an_edition_that_is_not_what_was_frozen(app: Flask, smtp: SmtpServer) -> None:
    edition = make_edition(make_subscribers(3), content_hash="0" * 64)
    with pytest.raises(EditionTampered):
        send_now(edition)
    assert smtp.recipients() == []


@ON_ONE_DATABASE
def test_connections_that_drop_after_some_messages_are_replaced(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(drop_every=3)
    assert send_now(edition).end_reason is EndReason.DONE
    assert sorted(smtp.recipients()) == sorted(addresses(range(READERS)))


@ON_ONE_DATABASE
def test_a_drop_before_the_final_dot_defers_and_is_tried_again_soon(
    edition: int, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verdicts.digest.worker.MAX_LOST_CONNECTIONS_IN_A_ROW", 1)
    smtp.behave(drop_before_dot=[address(3), address(4)])
    report = send_now(edition, max_idle=0, batch_size=1)  # who gives up after both has no others in its hands
    assert report.end_reason in {EndReason.MORE_LATER, EndReason.UNREACHABLE}
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)) - addresses([3, 4]))
    assert "lost before" in the_delivery(edition, 4).state_reason
    smtp.behave()
    make_due(edition)
    assert send_now(edition).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)))


def test_a_drop_after_the_final_dot_is_uncertain_and_never_sent_again(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(drop_after_dot=[address(5)])
    report = send_now(edition)
    assert report.end_reason is EndReason.UNCERTAIN
    smtp.behave()
    assert send_now(edition).end_reason is EndReason.UNCERTAIN
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)))
    assert states(edition)[6] is DeliveryState.UNCERTAIN
    assert state_of(edition) is EditionState.SENDING


@ON_ONE_DATABASE
def test_a_server_that_hangs_before_the_final_dot_defers(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(hang_before_dot=[address(5)])
    report = send_now(edition, reply=0.5, max_idle=0)
    assert states(edition)[6] is DeliveryState.DEFERRED
    assert report.progress.counts[DeliveryState.SENT] == READERS - 1


@ON_ONE_DATABASE
def test_a_server_that_hangs_after_the_final_dot_leaves_it_uncertain(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(hang_after_dot=[address(5)])
    assert send_now(edition, last_reply=0.5).end_reason is EndReason.UNCERTAIN
    assert states(edition)[6] is DeliveryState.UNCERTAIN
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)))


def test_greylisted_messages_wait_and_go_out_later(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(greylists=True)
    report = send_now(edition)
    assert report.end_reason is EndReason.MORE_LATER
    assert report.progress.counts[DeliveryState.DEFERRED] == READERS
    assert smtp.recipients() == []
    make_due(edition)
    assert send_now(edition).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)))
    assert {the_delivery(edition, reader).tries for reader in states(edition)} == {2}


@pytest.mark.parametrize("reply", ["421 4.3.2 closing", "450 4.2.0 busy", "452 4.2.2 full", "454 4.7.0 not now"])
@ON_ONE_DATABASE
def test_a_reply_that_says_later_defers_one_and_lets_the_others_through(
    edition: int, smtp: SmtpServer, reply: str
) -> None:
    smtp.behave(rcpt={address(7): reply})
    send_now(edition)
    assert Counter(states(edition).values()) == {DeliveryState.SENT: READERS - 1, DeliveryState.DEFERRED: 1}
    assert reply[:3] in the_delivery(edition, 8).state_reason
    smtp.behave()
    make_due(edition)
    assert send_now(edition).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)))


def test_a_mailbox_that_does_not_exist_is_not_written_to_after_its_second_edition(
    edition: int, smtp: SmtpServer
) -> None:
    smtp.behave(rcpt={address(7): "550 5.1.1 no such user"})
    next_edition = make_edition(range(1, READERS + 1), week=48)
    for each, status in ((edition, Status.CONFIRMED), (next_edition, Status.BOUNCED)):
        assert send_now(each).end_reason is EndReason.DONE
        assert states(each)[8] is DeliveryState.FAILED
        assert status_of(8) is status
    assert Counter(smtp.recipients()) == Counter([*addresses(range(READERS)) - {address(7)}] * 2)


@first_on_both("where, reply", [("rcpt", "550 5.1.1 no such user"), ("dot", "554 5.1.0 Sender denied")])
def test_a_bad_hour_at_the_mail_server_pauses_and_loses_nobody(
    edition: int, smtp: SmtpServer, where: str, reply: str
) -> None:
    for id in (edition, make_edition(range(1, READERS + 1), week=48)):
        smtp.behave(**{where: {"*": reply}})
        for _ in range(2):
            assert send_now(id).end_reason is EndReason.PAUSED
            assert all_are_confirmed()
            resumed(id)
        smtp.behave()
        assert send_now(id).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter([*addresses(range(READERS))] * 2)


@pytest.mark.parametrize(
    ("refused", "reply"), [(0, "554 no"), (15, "550 5.4.1 no"), (READERS - 1, "550 #5.1.0 Address rejected")]
)
@ON_ONE_DATABASE
def test_one_reader_who_is_refused_stops_no_edition(edition: int, smtp: SmtpServer, reply: str, refused: int) -> None:
    smtp.behave(rcpt={address(refused): reply})
    report = send_now(edition)
    assert (report.end_reason, report.problem) == (EndReason.DONE, None)
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)) - {address(refused)})
    assert states(edition)[refused + 1] is DeliveryState.FAILED
    assert all_are_confirmed()


def test_who_was_refused_before_a_pause_comes_after_the_others(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(rcpt={"*": "554 no"})
    assert send_now(edition).end_reason is EndReason.PAUSED
    refused = [id for id in states(edition) if the_delivery(edition, id).may_be_our_fault]
    smtp.behave(rcpt={address(id - 1): "554 no" for id in refused})
    resumed(edition)
    assert send_now(edition).end_reason is EndReason.DONE
    assert Counter(states(edition).values()) == {
        DeliveryState.SENT: READERS - len(refused),
        DeliveryState.FAILED: len(refused),
    }


@ON_ONE_DATABASE
def test_a_full_mailbox_waits(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(dot={address(7): "552 5.2.2 mailbox full"})
    assert send_now(edition).progress.counts[DeliveryState.SENT] == READERS - 1
    assert states(edition)[8] is DeliveryState.DEFERRED
    assert status_of(8) is Status.CONFIRMED


@pytest.mark.parametrize("reply", ["550 5.7.515 not authenticated", "554 blocked", "530 5.7.0 log in first"])
@ON_ONE_DATABASE
def test_a_refusal_of_us_pauses_the_edition_and_loses_nobody(
    edition: int, smtp: SmtpServer, caplog: pytest.LogCaptureFixture, reply: str
) -> None:
    smtp.behave(rcpt={"*": reply})
    report = send_now(edition)
    assert report.end_reason is EndReason.PAUSED
    assert reply in (report.problem or "")
    assert "edition paused" in caplog.text
    assert all_are_confirmed()
    smtp.behave()
    resumed(edition)
    assert send_now(edition).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)))


@ON_ONE_DATABASE
def test_refusals_running_that_nobody_recognises_pause_the_edition_and_lose_nobody(
    edition: int, smtp: SmtpServer
) -> None:
    smtp.behave(rcpt={"*": "550 the policy of the house"})
    report = send_now(edition)
    assert report.end_reason is EndReason.PAUSED
    assert report.progress.counts[DeliveryState.FAILED] == 0
    assert all_are_confirmed()
    smtp.behave()
    resumed(edition)
    assert send_now(edition).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)))


@ON_ONE_DATABASE
def test_one_refusal_that_nobody_recognises_fails_by_itself(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(rcpt={address(7): "550 the policy of the house"})
    assert send_now(edition).end_reason is EndReason.DONE
    assert states(edition)[8] is DeliveryState.FAILED
    assert status_of(8) is Status.CONFIRMED


@ON_ONE_DATABASE
def test_a_server_that_refuses_to_let_us_in_pauses_the_edition(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(banner="554 5.7.1 you are blocked")
    report = send_now(edition)
    assert report.end_reason is EndReason.PAUSED
    assert set(states(edition).values()) == {DeliveryState.PENDING}


@ON_ONE_DATABASE
def test_a_server_that_is_away_costs_no_tries(edition: int, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verdicts.digest.worker.MAX_LOST_CONNECTIONS_IN_A_ROW", 2)
    smtp.stop()
    report = send_now(edition)
    assert report.end_reason is EndReason.UNREACHABLE
    assert set(states(edition).values()) == {DeliveryState.PENDING}
    assert {the_delivery(edition, reader).tries for reader in states(edition)} == {0}
    smtp.start()
    assert send_now(edition).end_reason is EndReason.DONE


def test_who_has_left_since_the_edition_was_frozen_is_skipped(edition: int, smtp: SmtpServer) -> None:
    begin_write()
    leaving.end(8, Status.LEFT, NOW)
    db.session.commit()
    assert send_now(edition).end_reason is EndReason.DONE
    assert states(edition)[8] is DeliveryState.SKIPPED
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)) - {address(7)})


def test_who_chose_nothing_of_this_edition_is_skipped(app: Flask, smtp: SmtpServer) -> None:
    edition, category = make_edition(make_subscribers(3)), make_category("robots").id
    db.session.execute(sa.insert(subscriber_category).values(subscriber_id=2, category_id=category))
    db.session.commit()
    assert send_now(edition).end_reason is EndReason.DONE
    assert states(edition)[2] is DeliveryState.SKIPPED
    assert Counter(smtp.recipients()) == Counter([address(0), address(2)])


@ON_ONE_DATABASE
def test_who_has_an_invalid_address_is_skipped_and_the_reason_says_so(app: Flask, smtp: SmtpServer) -> None:
    edition = make_edition(make_subscribers(3))
    db.session.execute(sa.update(subscriber).where(subscriber.c.id == 2).values(address="reader at example.org"))
    db.session.commit()
    assert send_now(edition).end_reason is EndReason.DONE
    skipped = the_delivery(edition, 2)
    assert (skipped.state, skipped.state_reason) == (DeliveryState.SKIPPED, INVALID_ADDRESS_REASON)


def test_a_stop_ends_between_messages_and_leaves_nothing_leased(edition: int, smtp: SmtpServer) -> None:
    smtp.behave(latency=0.02)
    stop = threading.Event()
    threading.Timer(0.6, stop.set).start()
    report = send_due(edition, stop=stop, options=short_options())
    assert report.end_reason is EndReason.STOPPED
    assert 0 < report.progress.counts[DeliveryState.SENT] < READERS
    assert set(states(edition).values()) == {DeliveryState.SENT, DeliveryState.PENDING}
    assert send_now(edition).end_reason is EndReason.DONE
    assert Counter(smtp.recipients()) == Counter(addresses(range(READERS)))


@ON_ONE_DATABASE
def test_progress_is_reported_while_it_goes_on_and_at_its_end(
    edition: int, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verdicts.digest.sending.PROGRESS_INTERVAL_SECONDS", 0.1)
    smtp.behave(latency=0.02)
    seen: list[EditionProgress] = []
    send_due(edition, on_progress=seen.append, options=short_options())
    assert len(seen) > 2
    assert {progress.total for progress in seen} == {READERS}
    assert [progress.processed for progress in seen] == sorted(progress.processed for progress in seen)
    assert seen[-1].processed == READERS


@ON_ONE_DATABASE
def test_letters_carry_each_reader_s_own_links(edition: int, smtp: SmtpServer) -> None:
    send_now(edition)
    for letter in smtp.received():
        reader = next(id for id in states(edition) if address(id - 1) == letter.recipient)
        assert letter.message["To"] == letter.recipient
        assert leave_token(reader, 1) in letter.text
        assert leave_token(reader, 1) in letter.html


def status_of(subscriber_id: int) -> Status:
    found: Status = db.session.execute(
        sa.select(subscriber.c.status).where(subscriber.c.id == subscriber_id)
    ).scalar_one()
    db.session.rollback()
    return found


def all_are_confirmed() -> bool:
    return {status_of(reader) for reader in range(1, READERS + 1)} == {Status.CONFIRMED}


def resumed(edition_id: int) -> None:
    begin_write()
    editions.resume(edition_id)
    db.session.commit()
