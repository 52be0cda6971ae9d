"""An edition's states: each step leaves the states it may, and else raises the error of the state it found."""

from collections.abc import Callable
from itertools import product

import pytest
import sqlalchemy as sa

from tests.conftest import first_on_both
from tests.digest.weekly import THIS_WEEK, a_week, drafted, writing
from tests.makers import NOW, make_subscriber
from verdicts.catalog.content_version import content_version
from verdicts.digest import editions, freezing, scheduling
from verdicts.digest.editions import (
    EditionAlreadySent,
    EditionIsCancelled,
    EditionIsDraft,
    EditionIsFrozen,
    EditionIsPaused,
    EditionIsSending,
    EditionNotFound,
    WrongState,
)
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.digest.weeks import Week
from verdicts.extensions import db

STEPS: dict[str, Callable[[int], object]] = {
    "freeze": lambda id: freezing.freeze(id, NOW),
    "schedule": lambda id: editions.schedule(id, NOW),
    "unschedule": lambda id: editions.unschedule(id),
    "start": lambda id: editions.start(id),
    "pause": lambda id: editions.pause(id, "The relay refuses us."),
    "resume": lambda id: editions.resume(id),
    "cancel": lambda id: editions.cancel(id, NOW),
}
LEADS_TO = {
    ("freeze", EditionState.DRAFT): EditionState.FROZEN,
    ("schedule", EditionState.FROZEN): EditionState.FROZEN,
    ("unschedule", EditionState.FROZEN): EditionState.FROZEN,
    ("start", EditionState.FROZEN): EditionState.SENDING,
    ("pause", EditionState.SENDING): EditionState.PAUSED,
    ("resume", EditionState.PAUSED): EditionState.SENDING,
    ("cancel", EditionState.DRAFT): EditionState.CANCELLED,
    ("cancel", EditionState.FROZEN): EditionState.CANCELLED,
    ("cancel", EditionState.SENDING): EditionState.CANCELLED,
    ("cancel", EditionState.PAUSED): EditionState.CANCELLED,
}
ERRORS = {
    EditionState.DRAFT: EditionIsDraft,
    EditionState.FROZEN: EditionIsFrozen,
    EditionState.SENDING: EditionIsSending,
    EditionState.PAUSED: EditionIsPaused,
    EditionState.SENT: EditionAlreadySent,
    EditionState.CANCELLED: EditionIsCancelled,
}


def an_edition(state: EditionState = EditionState.DRAFT) -> int:
    a_week()
    make_subscriber()
    id = drafted().id
    with writing():
        db.session.execute(sa.update(edition).values(state=state))
    return id


def do(step: str, id: int) -> None:
    with writing():
        STEPS[step](id)


def sending() -> int:
    id = an_edition()
    do("freeze", id)
    do("start", id)
    return id


def deliver(state: DeliveryState) -> None:
    with writing():
        db.session.execute(sa.update(delivery).values(state=state))


@pytest.mark.usefixtures("app")
@first_on_both("step, state", [*LEADS_TO, *sorted({*product(STEPS, EditionState)} - {*LEADS_TO})], count=len(LEADS_TO))
def test_each_step_leaves_from_where_it_may_and_names_what_stands_in_the_way(step: str, state: EditionState) -> None:
    id = an_edition(state)
    if (step, state) in LEADS_TO:
        do(step, id)
        assert editions.get_by_id(id).state is LEADS_TO[step, state]
    else:
        with pytest.raises(ERRORS[state], match="2026-w47"):
            do(step, id)
        assert editions.get_by_id(id).state is state


@pytest.mark.usefixtures("app")
def test_a_pause_has_a_reason_and_resuming_clears_it() -> None:
    id = sending()
    do("pause", id)
    with writing():
        db.session.execute(sa.update(edition).values(consecutive_refusals=3))
    assert editions.get_by_id(id).pause_reason == "The relay refuses us."
    do("resume", id)
    assert editions.get_by_id(id).pause_reason is None
    assert db.session.scalar(sa.select(edition.c.consecutive_refusals)) == 0


@pytest.mark.usefixtures("app")
@first_on_both("state", [DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.DEFERRED])
def test_cancelling_skips_what_was_not_transmitted(state: DeliveryState) -> None:
    id = sending()
    deliver(state)
    do("cancel", id)
    assert db.session.scalar(sa.select(delivery.c.state)) is DeliveryState.SKIPPED


@pytest.mark.usefixtures("app")
@first_on_both("state", [DeliveryState.TRANSMITTING, DeliveryState.SENT, DeliveryState.UNCERTAIN])
def test_cancelling_leaves_alone_what_was_transmitted_or_may_have_been(state: DeliveryState) -> None:
    id = sending()
    deliver(state)
    do("cancel", id)
    assert db.session.scalar(sa.select(delivery.c.state)) is state


@pytest.mark.usefixtures("app")
@first_on_both("state", sorted(DeliveryState, key=lambda state: state is not DeliveryState.SENT))
def test_an_edition_is_sent_once_every_delivery_is_decided(state: DeliveryState) -> None:
    id = sending()
    deliver(state)
    decided = state in {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED}
    with writing():
        assert editions.finish_if_done(id, NOW) is decided
    found = editions.get_by_id(id)
    assert found.state is (EditionState.SENT if decided else EditionState.SENDING)
    assert found.finished_at == (NOW if decided else None)


@pytest.mark.usefixtures("app")
def test_a_paused_edition_is_not_called_sent() -> None:
    id = sending()
    deliver(DeliveryState.SENT)
    do("pause", id)
    with writing():
        assert not editions.finish_if_done(id, NOW)


@pytest.mark.usefixtures("app")
def test_an_edition_without_subscribers_is_sent_at_once() -> None:
    a_week()
    id = drafted().id
    do("freeze", id)
    do("start", id)
    with writing():
        assert editions.finish_if_done(id, NOW)


@pytest.mark.usefixtures("app")
def test_what_readers_see_changes_when_sending_starts_and_when_it_is_cancelled() -> None:
    id = an_edition()
    do("freeze", id)
    versions = [content_version()]
    for step in ("start", "cancel"):
        do(step, id)
        versions.append(content_version())
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]


@pytest.mark.usefixtures("app")
def test_a_week_without_an_edition_is_named() -> None:
    assert editions.find_by_week(THIS_WEEK) is None
    with pytest.raises(EditionNotFound, match="2026-w47"):
        editions.get_by_week(THIS_WEEK)


@pytest.mark.usefixtures("app")
def test_the_edition_that_was_not_cancelled_is_the_weeks() -> None:
    first = an_edition()
    do("cancel", first)
    assert editions.get_by_week(THIS_WEEK).id == first
    second = drafted().id
    assert editions.get_by_week(THIS_WEEK).id == second
    assert editions.find_by_week(Week(2026, 46)) is None


def test_every_state_has_its_error() -> None:
    assert {error.state for error in WrongState.__subclasses__()} == set(EditionState)


@pytest.mark.usefixtures("app")
def test_what_is_taken_off_the_schedule_does_not_start_by_itself() -> None:
    a_week()
    found = drafted()
    with writing():
        freezing.freeze(found.id, NOW)
        editions.schedule(found.id, NOW)
        editions.unschedule(found.id)
        scheduling.start_scheduled(NOW)
    assert (editions.get_by_id(found.id).state, editions.get_by_id(found.id).scheduled_at) == (
        EditionState.FROZEN,
        None,
    )
