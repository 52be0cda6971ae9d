"""Hard bounces that reports tell of: the first marks, a second ends, and too many together do neither."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.digest.mailing_list import make_edition, make_subscribers, state_of
from tests.makers import NOW
from tests.newsletter.world import make_subscriber, statuses
from verdicts.digest import brake, editions
from verdicts.digest.models import EditionState, delivery
from verdicts.extensions import commit_or_retry, db
from verdicts.newsletter.hard_bounces import MIN_TIME_APART, Effect
from verdicts.newsletter.models import Status
from verdicts.newsletter.tokens import NO_EDITION

pytestmark = pytest.mark.usefixtures("app")

SOON, LATER = timedelta(minutes=5), MIN_TIME_APART


def bounce(subscriber_id: int, edition_id: int = 1, after: timedelta = timedelta()) -> Effect:
    return commit_or_retry(lambda: brake.record_hard_bounce(subscriber_id, edition_id, NOW + after))


@pytest.mark.parametrize(
    ("first", "second", "apart", "effect"),
    [
        (1, 1, SOON, Effect.NONE),
        (1, 1, LATER - SOON, Effect.NONE),
        (1, 1, LATER, Effect.ENDED),
        (1, 2, SOON, Effect.ENDED),
        (1, NO_EDITION, SOON, Effect.MARKED),
        (NO_EDITION, NO_EDITION, SOON, Effect.NONE),
        (NO_EDITION, NO_EDITION, LATER, Effect.ENDED),
        (NO_EDITION, 1, LATER, Effect.ENDED),
        (1, 2, timedelta(days=91), Effect.MARKED),
    ],
)
def test_a_second_bounce_ends_a_subscription_if_it_is_later_or_of_another_edition(
    first: int, second: int, apart: timedelta, effect: Effect
) -> None:
    id = make_subscriber()
    assert bounce(id, first) is Effect.MARKED
    assert bounce(id, second, apart) is effect
    assert statuses() == ["bounced" if effect is Effect.ENDED else "confirmed"]


@pytest.mark.parametrize("status", [Status.PENDING, None])
def test_a_bounce_of_who_is_not_subscribed_means_nothing(status: Status | None) -> None:
    id = make_subscriber(status=status) if status else 4711
    assert bounce(id) is Effect.NONE


def test_too_many_reports_about_an_edition_pause_it_and_end_nobody(app: Flask) -> None:
    readers = make_subscribers(40)
    first = make_edition(readers, week=46)
    sent(first)
    for reader in readers[:7]:
        assert bounce(reader, first) is Effect.MARKED
    second = make_edition(readers)
    sent(second)
    effects = [bounce(reader, second) for reader in readers[:20]]
    assert effects == [Effect.ENDED] * 7 + [Effect.MARKED] + [Effect.HELD] * 12
    assert set(statuses()) == {"confirmed"}
    assert state_of(second) is EditionState.PAUSED
    assert "9 addresses" in (editions.get_by_id(second).pause_reason or "")
    db.session.rollback()
    commit_or_retry(lambda: editions.resume(second))
    assert bounce(readers[20], second) is Effect.HELD
    assert state_of(second) is EditionState.SENDING
    assert bounce(readers[20], 99) is Effect.MARKED


def test_many_single_letters_that_bounce_in_an_hour_end_nobody() -> None:
    readers = [make_subscriber(f"reader{number}@example.org") for number in range(8)]
    effects = [bounce(reader, NO_EDITION) for reader in readers]
    assert effects == [Effect.MARKED] * 4 + [Effect.HELD] * 4
    assert bounce(readers[0], NO_EDITION, LATER) is Effect.MARKED


def sent(edition_id: int) -> None:
    db.session.execute(delivery.update().where(delivery.c.edition_id == edition_id).values(state="sent"))
    db.session.commit()
