"""Several owners' acceptances and starts in one statement: each of them as if it stood alone. Time is passed in."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount
from tests.digest.mailing_list import make_edition, make_subscribers, states, the_delivery
from tests.makers import NOW
from verdicts.digest import delivery as steps
from verdicts.digest import editions
from verdicts.digest.delivery import Lease
from verdicts.digest.models import DeliveryState
from verdicts.digest.models import edition as edition_table
from verdicts.digest.recording import NextStart, accept_and_start
from verdicts.extensions import begin_write, db
from verdicts.newsletter import leaving
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.models import Status, suppression

MINUTE = timedelta(minutes=1)
TIME_LIMIT = 20 * MINUTE
LEASED, TRANSMITTING, SENT = DeliveryState.LEASED, DeliveryState.TRANSMITTING, DeliveryState.SENT


@pytest.fixture
def edition(app: Flask) -> int:
    return make_edition(make_subscribers(8))


def claim(edition_id: int, owner: str, most: int = 2, lease: timedelta = MINUTE) -> list[Lease]:
    begin_write()
    leases = steps.claim(edition_id, owner, most, lease, NOW)
    db.session.commit()
    return leases


def start(*starts: NextStart) -> list[bool]:
    begin_write()
    are_started = accept_and_start(db.session.connection(), starts, TIME_LIMIT, NOW)
    db.session.commit()
    return are_started


def test_each_owner_s_acceptance_and_start_are_its_own(edition: int) -> None:
    (first, second), (third, fourth) = claim(edition, "ann:1"), claim(edition, "ben:1")
    assert start(NextStart(first), NextStart(third)) == [True, True]
    assert start(NextStart(second, first, "taken as 1"), NextStart(fourth, third, "taken as 2")) == [True, True]
    for lease, reason in ((first, "taken as 1"), (third, "taken as 2")):
        row = the_delivery(edition, lease.subscriber_id)
        assert (row.state, row.state_reason, row.owner, row.lease_until) == (SENT, reason, None, None)
    for lease in (second, fourth):
        row = the_delivery(edition, lease.subscriber_id)
        assert (row.state, row.state_reason, row.owner) == (TRANSMITTING, None, lease.owner)
        assert (row.tries, row.first_tried_at, row.lease_until) == (1, NOW, NOW + TIME_LIMIT)


def test_one_that_may_not_start_keeps_no_other_from_it(edition: int) -> None:
    left, suppressed, fine = (claim(edition, owner, 1)[0] for owner in ("ann:1", "ben:1", "cat:1"))
    expired = claim(edition, "dan:1", 1, lease=timedelta())[0]
    begin_write()
    leaving.end(left.subscriber_id, Status.LEFT, NOW)
    key = parse_email(f"reader{suppressed.subscriber_id - 1}@example.org").key
    db.session.execute(sa.insert(suppression).values(address_key=key, reason=Status.BOUNCED, at=NOW))
    db.session.commit()
    assert start(*(NextStart(each) for each in (left, suppressed, expired, fine))) == [False, False, False, True]
    assert {states(edition)[each.subscriber_id] for each in (left, suppressed, expired)} == {LEASED}


def test_nobody_starts_or_accepts_what_another_owns(edition: int) -> None:
    (mine, next_one), (theirs,) = claim(edition, "ann:1"), claim(edition, "ben:1", 1)
    start(NextStart(mine))
    foreign = [Lease(edition, each.subscriber_id, "cat:1", each.until) for each in (mine, next_one)]
    assert start(NextStart(foreign[1], foreign[0], "taken"), NextStart(theirs)) == [False, True]
    assert [states(edition)[each.subscriber_id] for each in (mine, next_one)] == [TRANSMITTING, LEASED]


def leased_again(edition_id: int) -> tuple[Lease, Lease]:
    """Return a lease that has expired, and another owner's of the same delivery."""
    (late,) = claim(edition_id, "ann:1", 1, lease=timedelta())
    begin_write()
    steps.recover_expired(edition_id, NOW)
    db.session.commit()
    renewed = next(each for each in claim(edition_id, "ben:1", 8) if each.subscriber_id == late.subscriber_id)
    return late, renewed


@pytest.mark.parametrize("is_late_first", [True, False])
def test_of_two_who_start_one_delivery_together_only_its_owner_does(edition: int, is_late_first: bool) -> None:
    late, renewed = leased_again(edition)
    both = [late, renewed] if is_late_first else [renewed, late]
    assert start(*map(NextStart, both)) == [each is renewed for each in both]


def test_nobody_starts_what_its_owner_says_was_accepted(edition: int) -> None:
    late, renewed = leased_again(edition)
    nothing = Lease(edition, 0, renewed.owner, NOW)
    start(NextStart(renewed))
    assert start(NextStart(late), NextStart(nothing, renewed, "taken")) == [False, False]
    assert states(edition)[renewed.subscriber_id] is SENT


def test_nothing_starts_twice(edition: int) -> None:
    (lease,) = claim(edition, "ann:1", 1)
    assert start(NextStart(lease)) == [True]
    assert start(NextStart(lease)) == [False]


def test_while_the_edition_is_paused_acceptances_are_recorded_and_nothing_starts(edition: int) -> None:
    first, second = claim(edition, "ann:1")
    start(NextStart(first))
    begin_write()
    editions.pause(edition, "a look at it")
    db.session.commit()
    assert start(NextStart(second, first, "taken")) == [False]
    assert [states(edition)[each.subscriber_id] for each in (first, second)] == [SENT, LEASED]


def refusals() -> tuple[int, bool]:
    """Return how many were refused in a row, and whether the edition waits for its first acceptance."""
    db.session.rollback()
    row = db.session.execute(sa.select(edition_table.c.consecutive_refusals, edition_table.c.awaits_acceptance)).one()
    db.session.rollback()
    return row[0], row[1]


def test_an_acceptance_ends_the_refusals_in_a_row(edition: int) -> None:
    first, second, third = claim(edition, "ann:1", 3)
    start(NextStart(first))
    db.session.execute(sa.update(edition_table).values(consecutive_refusals=4))
    db.session.commit()
    start(NextStart(second))
    start(NextStart(claim(edition, "ben:1", 1)[0], first, "not theirs"))
    assert refusals() == (4, True)
    start(NextStart(third, first, "taken"))
    assert refusals() == (0, False)


def test_many_take_as_many_statements_as_one(edition: int, statements: StatementCount) -> None:
    db.session.execute(sa.update(edition_table).values(awaits_acceptance=False))
    db.session.commit()
    leases = [claim(edition, f"ann:{number}", 1)[0] for number in range(4)]
    begin_write()
    before = len(statements)
    assert (
        accept_and_start(db.session.connection(), [NextStart(each) for each in leases], TIME_LIMIT, NOW) == [True] * 4
    )
    assert len(statements) - before == 1
    db.session.rollback()
