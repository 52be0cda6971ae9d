"""What is deleted when."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.makers import NOW
from tests.newsletter.world import ask, confirm, letters, make_subscriber, statuses
from verdicts.extensions import begin_write, db
from verdicts.newsletter.models import signup_turn, subscriber
from verdicts.newsletter.retention import (
    SIGNUP_TURN_RETENTION,
    UNCONFIRMED_RETENTION,
    delete_signup_turns,
    delete_unconfirmed,
)
from verdicts.newsletter.signup import MIN_LETTER_INTERVAL

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)


def do(step: Callable[[datetime, int], int | None], now: datetime, limit: int = 500) -> int:
    done = 0
    while True:
        begin_write()
        some = step(now, limit)
        db.session.commit()
        if some is None:
            return done
        done += some


def turns() -> int:
    count = db.session.scalar(sa.select(sa.func.count()).select_from(signup_turn)) or 0
    db.session.rollback()
    return count


@pytest.mark.parametrize(("after", "left"), [(UNCONFIRMED_RETENTION - SECOND, 1), (UNCONFIRMED_RETENTION, 0)])
def test_a_sign_up_that_nobody_confirmed_is_destroyed_after_fourteen_days(after: timedelta, left: int) -> None:
    ask()
    assert do(delete_unconfirmed, NOW + after) == 1 - left
    assert len(statuses()) == left


def test_asking_again_starts_the_fourteen_days_anew() -> None:
    ask()
    ask(now=NOW + timedelta(days=10))
    assert do(delete_unconfirmed, NOW + UNCONFIRMED_RETENTION) == 0


def test_who_confirmed_is_kept() -> None:
    ask()
    confirm(letters()[0].confirm_token)
    make_subscriber("imported@example.org")
    assert do(delete_unconfirmed, NOW + 10 * UNCONFIRMED_RETENTION) == 0
    assert statuses() == ["confirmed", "confirmed"]


def test_destroying_goes_on_in_batches_until_nothing_is_left() -> None:
    for number in range(7):
        ask(f"reader{number}@example.org")
    assert do(delete_unconfirmed, NOW + UNCONFIRMED_RETENTION, limit=3) == 7
    assert do(delete_signup_turns, NOW + SIGNUP_TURN_RETENTION, limit=3) == 14


@pytest.mark.parametrize(("after", "left"), [(SIGNUP_TURN_RETENTION - SECOND, 2), (SIGNUP_TURN_RETENTION, 0)])
def test_the_turns_of_an_address_and_its_mailbox_are_forgotten_after_a_day(after: timedelta, left: int) -> None:
    ask()
    do(delete_signup_turns, NOW + after)
    assert turns() == left


def test_turns_are_kept_longer_than_they_matter() -> None:
    assert SIGNUP_TURN_RETENTION > MIN_LETTER_INTERVAL


def test_the_id_of_a_destroyed_sign_up_is_never_used_again() -> None:
    """Old letters contain the id, and could otherwise end a stranger's subscription."""
    ask("first@example.org")
    kept = ids()
    do(delete_unconfirmed, NOW + UNCONFIRMED_RETENTION)
    ask("second@example.org", now=NOW + UNCONFIRMED_RETENTION)
    assert ids() > kept


def ids() -> list[int]:
    found = list(db.session.scalars(sa.select(subscriber.c.id)))
    db.session.rollback()
    return found
