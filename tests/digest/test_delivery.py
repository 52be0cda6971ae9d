"""A delivery's steps: who may take which, and what stands in the way. Time is passed in."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.digest.mailing_list import make_edition, make_subscribers, states, the_delivery
from tests.makers import NOW
from verdicts.digest import delivery as steps
from verdicts.digest import editions
from verdicts.digest.delivery import Lease, StartResult
from verdicts.digest.models import DeliveryState, EditionState, delivery
from verdicts.digest.recording import record_outcome
from verdicts.extensions import begin_write, db
from verdicts.mailing.outcomes import GIVE_UP_AFTER, Outcome, OutcomeKind, Step
from verdicts.newsletter import leaving
from verdicts.newsletter.models import Status, subscriber

MINUTE = timedelta(minutes=1)
ANN, BEN = "ann's machine:1", "ben's machine:1"
ACCEPTED = Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", "kept")
BUSY = Outcome(OutcomeKind.REFUSED, 450, "4.2.0", "busy", Step.RCPT)
LOST = Outcome(OutcomeKind.LOST_BEFORE, None, None, "cut off", Step.DATA)
OUR_FAULT = Outcome(OutcomeKind.REFUSED, 550, "5.7.1", "go away", Step.RCPT)
UNKNOWN = Outcome(OutcomeKind.REFUSED, 550, None, "the policy of the house", Step.RCPT)
REFUSED_US = Outcome(OutcomeKind.REFUSED, 530, "5.7.0", "log in first", Step.MAIL)
NO_MAILBOX = Outcome(OutcomeKind.REFUSED, 550, "5.1.1", "no such user", Step.RCPT)


@pytest.fixture
def edition(app: Flask) -> int:
    return make_edition(make_subscribers(5))


def claim(edition_id: int, owner: str = ANN, most: int = 1, now: datetime = NOW) -> list[Lease]:
    begin_write()
    leases = steps.claim(edition_id, owner, most, MINUTE, now)
    db.session.commit()
    return leases


def begin(lease: Lease, now: datetime = NOW) -> StartResult:
    begin_write()
    gate = steps.start_transmission(lease, 20 * MINUTE, now)
    db.session.commit()
    return gate


def ended(lease: Lease, outcome: Outcome, now: datetime = NOW) -> object:
    begin_write()
    action = record_outcome(lease, outcome, now)
    db.session.commit()
    return action


def recover(edition_id: int, now: datetime) -> None:
    begin_write()
    steps.recover_expired(edition_id, now)
    db.session.commit()


def transmitting(edition_id: int, owner: str = ANN, now: datetime = NOW) -> Lease:
    (lease,) = claim(edition_id, owner, now=now)
    assert begin(lease, now) is StartResult.STARTED
    return lease


def test_what_one_has_claimed_nobody_else_gets(edition: int) -> None:
    mine, theirs = claim(edition, ANN, 3), claim(edition, BEN, 3)
    assert len({lease.subscriber_id for lease in mine + theirs}) == 5
    assert [len(mine), len(theirs)] == [3, 2]
    assert claim(edition, ANN) == []


def test_what_is_not_due_yet_is_not_claimed(edition: int) -> None:
    assert claim(edition, now=NOW - MINUTE) == []
    begin_write()
    assert steps.next_claim_at(edition) == NOW
    db.session.rollback()


def test_what_was_deferred_is_claimed_before_what_is_fresh(edition: int) -> None:
    lease = transmitting(edition)
    ended(lease, BUSY)
    assert [each.subscriber_id for each in claim(edition, now=NOW + timedelta(hours=4))] == [lease.subscriber_id]


def test_a_transmission_starts_once(edition: int) -> None:
    (lease,) = claim(edition)
    assert begin(lease) is StartResult.STARTED
    assert begin(lease) is StartResult.LEASE_LOST
    row = the_delivery(edition, lease.subscriber_id)
    assert (row.state, row.tries, row.first_tried_at) == (DeliveryState.TRANSMITTING, 1, NOW)
    assert row.lease_until == NOW + 20 * MINUTE


def test_no_transmission_starts_after_the_lease_has_expired(edition: int) -> None:
    (lease,) = claim(edition)
    assert begin(lease, NOW + MINUTE) is StartResult.LEASE_LOST
    assert states(edition)[lease.subscriber_id] is DeliveryState.LEASED


def test_no_transmission_starts_once_another_has_claimed_the_delivery(edition: int) -> None:
    mine = claim(edition, ANN, 5)
    recover(edition, NOW + MINUTE)
    theirs = claim(edition, BEN, 5, NOW + MINUTE)
    assert {begin(lease, NOW) for lease in mine} == {StartResult.LEASE_LOST}
    assert {begin(lease, NOW + MINUTE) for lease in theirs} == {StartResult.STARTED}


@pytest.mark.parametrize("state", [EditionState.PAUSED, EditionState.CANCELLED])
def test_no_transmission_starts_while_the_edition_is_not_being_sent(edition: int, state: EditionState) -> None:
    (lease,) = claim(edition)
    begin_write()
    if state is EditionState.PAUSED:
        editions.pause(edition, "a look at it")
    else:
        editions.cancel(edition, NOW)
    db.session.commit()
    assert begin(lease) is StartResult.NOT_SENDING


@pytest.mark.parametrize("reason", [Status.LEFT, Status.ERASED, Status.COMPLAINED, Status.BOUNCED])
def test_no_transmission_starts_to_a_subscriber_who_left(edition: int, reason: Status) -> None:
    (lease,) = claim(edition)
    begin_write()
    leaving.end(lease.subscriber_id, reason, NOW)
    db.session.commit()
    assert begin(lease) is StartResult.UNSUBSCRIBED
    assert states(edition)[lease.subscriber_id] is DeliveryState.SKIPPED


def test_an_expired_lease_is_free_again(edition: int) -> None:
    (lease,) = claim(edition)
    recover(edition, NOW + MINUTE - timedelta(seconds=1))
    assert states(edition)[lease.subscriber_id] is DeliveryState.LEASED
    recover(edition, NOW + MINUTE)
    assert states(edition)[lease.subscriber_id] is DeliveryState.PENDING


def test_an_expired_transmission_is_uncertain_and_never_claimed_again(edition: int) -> None:
    lease = transmitting(edition)
    recover(edition, NOW + 20 * MINUTE)
    assert states(edition)[lease.subscriber_id] is DeliveryState.UNCERTAIN
    assert len(claim(edition, BEN, 10, NOW + timedelta(days=30))) == 4


@pytest.mark.parametrize(("outcome", "state"), [(ACCEPTED, DeliveryState.SENT), (BUSY, DeliveryState.DEFERRED)])
def test_a_sender_that_was_only_slow_still_records_how_it_ended(
    edition: int, outcome: Outcome, state: DeliveryState
) -> None:
    lease = transmitting(edition)
    recover(edition, NOW + 20 * MINUTE)
    assert ended(lease, outcome, NOW + 21 * MINUTE)
    assert states(edition)[lease.subscriber_id] is state


def test_a_sender_is_too_late_once_an_operator_has_decided(edition: int) -> None:
    lease = transmitting(edition)
    recover(edition, NOW + 20 * MINUTE)
    begin_write()
    decided = {"state": DeliveryState.PENDING, "owner": None}
    db.session.execute(sa.update(delivery).where(delivery.c.subscriber_id == lease.subscriber_id).values(**decided))
    db.session.commit()
    assert ended(lease, ACCEPTED, NOW + 21 * MINUTE) is None
    assert states(edition)[lease.subscriber_id] is DeliveryState.PENDING


def test_recording_twice_changes_nothing(edition: int) -> None:
    lease = transmitting(edition)
    ended(lease, ACCEPTED)
    assert ended(lease, BUSY) is None
    assert states(edition)[lease.subscriber_id] is DeliveryState.SENT


def test_the_start_of_what_was_not_transmitted_can_be_undone(edition: int) -> None:
    lease = transmitting(edition)
    begin_write()
    steps.undo_start(lease, NOW)
    db.session.commit()
    row = the_delivery(edition, lease.subscriber_id)
    assert (row.state, row.tries, row.owner) == (DeliveryState.PENDING, 0, None)


def test_what_is_given_back_after_the_edition_was_cancelled_is_over(edition: int) -> None:
    lease = transmitting(edition)
    begin_write()
    editions.cancel(edition, NOW)
    steps.undo_start(lease, NOW)
    db.session.commit()
    row = the_delivery(edition, lease.subscriber_id)
    assert (row.state, row.state_reason, row.owner) == (DeliveryState.SKIPPED, editions.CANCELLED_REASON, None)


def test_what_was_claimed_and_not_started_can_be_released(edition: int) -> None:
    leases = claim(edition, ANN, 3)
    begin(leases[0])
    begin_write()
    steps.release(leases)
    db.session.commit()
    assert list(states(edition).values()) == [DeliveryState.TRANSMITTING] + [DeliveryState.PENDING] * 4


def test_a_delivery_is_given_up_two_days_after_its_first_try(edition: int) -> None:
    lease, now = transmitting(edition), NOW
    while states(edition)[lease.subscriber_id] is not DeliveryState.FAILED:
        ended(lease, BUSY, now)
        row = the_delivery(edition, lease.subscriber_id)
        if row.state is DeliveryState.DEFERRED:
            assert timedelta(minutes=5) <= row.due_at - now <= timedelta(hours=4)
            now = row.due_at
            lease = transmitting(edition, now=now)
    assert GIVE_UP_AFTER - timedelta(hours=4) <= now - NOW <= GIVE_UP_AFTER


def test_a_lost_connection_is_tried_again_soon_and_ever_more_slowly(edition: int) -> None:
    lease, now, delays = transmitting(edition), NOW, []
    for _ in range(4):
        ended(lease, LOST, now)
        due_at = the_delivery(edition, lease.subscriber_id).due_at
        delays.append((due_at - now).total_seconds())
        now = due_at
        lease = transmitting(edition, now=now)
    assert delays == [1, 4, 16, 64]


def test_a_refusal_before_a_recipient_is_named_pauses_and_does_not_count_as_a_try(edition: int) -> None:
    lease = transmitting(edition)
    ended(lease, REFUSED_US)
    row = the_delivery(edition, lease.subscriber_id)
    assert (row.state, row.due_at, row.tries, row.first_tried_at) == (DeliveryState.PENDING, NOW, 0, None)
    assert "530 log in first" in (editions.get_by_id(edition).pause_reason or "")


def test_five_refusals_in_a_row_pause_and_are_all_tried_again_after_the_others(app: Flask) -> None:
    edition = make_edition(make_subscribers(8))
    leases = [transmitting(edition) for _ in range(6)]
    for lease in leases:  # the sixth was under way when the fifth paused the edition
        ended(lease, UNKNOWN, NOW + MINUTE)
    assert set(states(edition).values()) == {DeliveryState.PENDING}
    reason = editions.get_by_id(edition).pause_reason or ""
    db.session.rollback()
    assert "subscriber 5" in reason
    begin_write()
    editions.resume(edition)
    db.session.commit()
    assert [lease.subscriber_id for lease in claim(edition, most=2, now=NOW + 2 * MINUTE)] == [7, 8]


@pytest.mark.parametrize("refusal", [UNKNOWN, OUR_FAULT, NO_MAILBOX])
def test_who_is_refused_again_after_others_were_accepted_fails_alone(edition: int, refusal: Outcome) -> None:
    first = transmitting(edition)
    ended(first, refusal, NOW + MINUTE)
    for _ in range(4):
        ended(transmitting(edition, now=NOW + 2 * MINUTE), ACCEPTED, NOW + 2 * MINUTE)
    if states(edition)[first.subscriber_id] is DeliveryState.PENDING:
        ended(transmitting(edition, now=NOW + 2 * MINUTE), refusal, NOW + 2 * MINUTE)
    assert Counter(states(edition).values()) == {DeliveryState.SENT: 4, DeliveryState.FAILED: 1}
    assert editions.get_by_id(edition).state is EditionState.SENDING


def test_who_is_refused_again_while_others_are_on_their_way_waits_a_moment(edition: int) -> None:
    refused, other = claim(edition, most=2)
    for lease in (refused, other):
        assert begin(lease) is StartResult.STARTED
    ended(refused, UNKNOWN)
    rest = claim(edition, BEN, most=4)
    again = next(lease for lease in rest if lease.subscriber_id == refused.subscriber_id)
    assert begin(again) is StartResult.STARTED
    ended(again, UNKNOWN)
    row = the_delivery(edition, refused.subscriber_id)
    assert (row.state, row.due_at) == (DeliveryState.DEFERRED, NOW + timedelta(seconds=1))


@pytest.mark.parametrize("refusal", [UNKNOWN, NO_MAILBOX])
def test_an_edition_of_which_nothing_is_accepted_pauses_however_few_it_has(app: Flask, refusal: Outcome) -> None:
    edition = make_edition(make_subscribers(2))
    for _ in range(2):
        for lease in (transmitting(edition), transmitting(edition)):
            ended(lease, refusal)
        assert states(edition) == {1: DeliveryState.PENDING, 2: DeliveryState.PENDING}
        assert editions.get_by_id(edition).state is EditionState.PAUSED
        db.session.rollback()
        begin_write()
        editions.resume(edition)
        db.session.commit()


def test_an_accepted_message_between_them_shows_that_refusals_are_the_recipients_own(app: Flask) -> None:
    edition = make_edition(make_subscribers(30))
    for outcome in (ACCEPTED, UNKNOWN, UNKNOWN, UNKNOWN, ACCEPTED, UNKNOWN, UNKNOWN):
        ended(transmitting(edition), outcome)
    assert editions.get_by_id(edition).state is EditionState.SENDING
    assert list(states(edition).values()).count(DeliveryState.FAILED) == 5


def test_too_large_a_share_of_the_hour_pauses_though_others_are_accepted(app: Flask) -> None:
    edition = make_edition(make_subscribers(30))
    for outcome in (ACCEPTED, NO_MAILBOX, NO_MAILBOX) * 2 + (ACCEPTED, NO_MAILBOX):
        ended(transmitting(edition), outcome)
    assert editions.get_by_id(edition).state is EditionState.SENDING
    db.session.rollback()
    ended(transmitting(edition), NO_MAILBOX)
    assert editions.get_by_id(edition).state is EditionState.PAUSED
    assert Counter(states(edition).values()) == {DeliveryState.SENT: 3, DeliveryState.PENDING: 27}


def test_a_refusal_that_comes_after_the_pause_is_tried_again_too(app: Flask) -> None:
    edition = make_edition(make_subscribers(10))
    leases = [transmitting(edition) for _ in range(7)]
    for lease, outcome in zip(leases, [NO_MAILBOX] * 5 + [ACCEPTED, NO_MAILBOX], strict=True):
        ended(lease, outcome)
    assert Counter(states(edition).values()) == {DeliveryState.SENT: 1, DeliveryState.PENDING: 9}


def test_a_missing_mailbox_is_marked_and_ends_the_subscription_at_the_second_edition(app: Flask) -> None:
    readers = make_subscribers(5)
    for week, status in ((47, Status.CONFIRMED), (48, Status.BOUNCED)):
        edition = make_edition(readers, week=week)
        ended(transmitting(edition), ACCEPTED)
        lease = next(each for each in claim(edition, most=5) if each.subscriber_id == 4)
        begin(lease)
        ended(lease, NO_MAILBOX)
        assert states(edition)[4] is DeliveryState.FAILED
        found = db.session.scalar(sa.select(subscriber.c.status).where(subscriber.c.id == 4))
        db.session.rollback()
        assert found is status


def test_what_would_be_put_off_in_a_cancelled_edition_is_over(edition: int) -> None:
    lease = transmitting(edition)
    begin_write()
    editions.cancel(edition, NOW)
    db.session.commit()
    ended(lease, BUSY)
    assert states(edition)[lease.subscriber_id] is DeliveryState.SKIPPED


def test_a_reply_that_repeats_the_address_is_recorded_without_it(edition: int) -> None:
    lease = transmitting(edition)
    ended(lease, Outcome.from_reply(Step.RCPT, 550, b"5.2.1 <reader0@example.org> is disabled", "reader0@example.org"))
    assert "reader0" not in the_delivery(edition, lease.subscriber_id).state_reason
