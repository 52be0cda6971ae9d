"""Freezing: all or nothing, for those who are subscribed at that moment, and never changed afterwards."""

import signal
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount, first_on_both
from tests.digest.weekly import a_week, drafted, items, writing
from tests.makers import NOW, make_subscriber
from tests.programs import SETTINGS, run
from verdicts.digest import editing, editions, freezing
from verdicts.digest.editions import Edition, EditionIsEmpty, EditionIsFrozen
from verdicts.digest.messages import EditionTampered, load_message_builder
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition, edition_block
from verdicts.digest.queries import list_blocks
from verdicts.extensions import db
from verdicts.newsletter import leaving
from verdicts.newsletter.models import Status

FREEZE_AND_DIE = """
import os, signal
from datetime import UTC, datetime
from verdicts import create_app
from verdicts.digest import freezing
from verdicts.extensions import begin_write, db

with create_app().app_context():
    begin_write()
    {patch}
    freezing.freeze({id}, datetime(2026, 11, 22, 12, tzinfo=UTC))
    os.kill(os.getpid(), signal.SIGKILL)
"""
DIE_INSTEAD_OF = "freezing.{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"


def freeze(found: Edition) -> Edition:
    with writing():
        freezing.freeze(found.id, NOW)
    return editions.get_by_id(found.id)


def recipients(found: Edition) -> list[int]:
    rows = sa.select(delivery.c.subscriber_id).where(delivery.c.edition_id == found.id)
    return sorted(db.session.scalars(rows))


def count(table: sa.Table) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.mark.usefixtures("app")
def test_a_frozen_edition_has_its_blocks_subject_sender_and_hash() -> None:
    a_week()
    found = freeze(drafted())
    assert (found.state, found.frozen_at) == (EditionState.FROZEN, NOW)
    assert found.subject == "Alpha: the Skeptic says SHIP now, and more"
    assert found.sender == "verdicts@verdicts.test"
    assert found.content_hash is not None
    assert len(found.content_hash) == 64
    kinds = [block.kind for block in list_blocks(found.id)]
    assert kinds == ["head", "category", "tool", "category", "tool", "foot", "foot"]


@pytest.mark.usefixtures("app")
def test_each_confirmed_subscriber_gets_one_delivery_and_nobody_else() -> None:
    a_week()
    ann, ben = make_subscriber("ann@example.org"), make_subscriber("ben@example.org")
    make_subscriber("new@example.org", status=Status.PENDING)
    gone = make_subscriber("gone@example.org")
    with writing():
        leaving.end(gone.id, Status.LEFT, NOW)
    found = freeze(drafted())
    assert recipients(found) == [ann.id, ben.id]
    row = db.session.execute(sa.select(delivery)).first()
    assert row is not None
    assert (row.state, row.due_at, row.tries) == (DeliveryState.PENDING, NOW, 0)


@pytest.mark.usefixtures("app")
def test_who_subscribes_later_waits_for_the_next_edition() -> None:
    a_week()
    make_subscriber("ann@example.org")
    found = freeze(drafted())
    make_subscriber("late@example.org")
    assert len(recipients(found)) == 1


@pytest.mark.usefixtures("app")
@ON_ONE_DATABASE
def test_what_editors_change_later_does_not_change_the_letter() -> None:
    a_week()
    found = freeze(drafted())
    before = list_blocks(found.id)
    with writing():
        db.session.execute(sa.text("UPDATE tool SET name = 'Renamed'"))
    assert list_blocks(found.id) == before
    assert not any("Renamed" in block.html for block in before)


@pytest.mark.usefixtures("app")
@ON_ONE_DATABASE
def test_what_was_removed_is_not_in_the_letter() -> None:
    a_week()
    found = drafted()
    with writing():
        editing.set_removed(found.id, items(found)[0].id, is_removed=True)
    frozen = freeze(found)
    assert not any("SKIP to SHIP" in block.text for block in list_blocks(found.id))
    assert frozen.subject == "Alpha: $30 / month, was $20 / month, and more"


@pytest.mark.usefixtures("app")
def test_an_edition_of_which_everything_was_removed_is_not_frozen() -> None:
    a_week()
    make_subscriber()
    found = drafted()
    with writing():
        for item in items(found):
            editing.set_removed(found.id, item.id, is_removed=True)
    with pytest.raises(EditionIsEmpty):
        freeze(found)
    assert editions.get_by_id(found.id).state is EditionState.DRAFT
    assert (count(delivery), count(edition_block)) == (0, 0)


@pytest.mark.usefixtures("app")
def test_an_edition_is_frozen_once() -> None:
    a_week()
    make_subscriber()
    found = drafted()
    freeze(found)
    with pytest.raises(EditionIsFrozen):
        freeze(found)
    assert count(delivery) == 1


@pytest.mark.usefixtures("app")
@ON_ONE_DATABASE
def test_subject_and_sender_may_be_given() -> None:
    a_week()
    found = drafted()
    with writing():
        freezing.freeze(found.id, NOW, subject="One SKIP", sender="The panel <panel@verdicts.test>")
    frozen = editions.get_by_id(found.id)
    assert (frozen.subject, frozen.sender) == ("One SKIP", "The panel <panel@verdicts.test>")


@pytest.mark.usefixtures("app")
@first_on_both("step", ["_insert_deliveries", "_insert_blocks", "content_hash", "render_blocks"])
def test_an_error_while_freezing_leaves_a_draft_and_nothing_else(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a_week()
    make_subscriber()
    found = drafted()

    def fail(*_arguments: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(freezing, step, fail)
    with pytest.raises(RuntimeError):
        freeze(found)
    assert editions.get_by_id(found.id) == found
    assert (count(delivery), count(edition_block)) == (0, 0)


@first_on_both("step", ["nothing: it dies just before it commits", "_insert_blocks", "_insert_deliveries"])
def test_a_kill_while_freezing_leaves_a_draft_and_nothing_else(
    app: Flask, database_url: str, tmp_path: Path, step: str
) -> None:
    a_week()
    make_subscriber()
    found = drafted()
    db.session.remove()
    patch = DIE_INSTEAD_OF.format(step=step) if step.startswith("_") else "pass"
    code = FREEZE_AND_DIE.format(id=found.id, patch=patch)
    settings = {**SETTINGS, "DATABASE_URL": database_url}
    status, printed = run("-c", code, instance=tmp_path, **settings)
    assert status == -signal.SIGKILL, printed
    assert editions.get_by_id(found.id) == found
    assert (count(delivery), count(edition_block)) == (0, 0)
    assert freeze(found).state is EditionState.FROZEN


def test_freezing_takes_as_many_statements_for_many_as_for_one(app: Flask, statements: StatementCount) -> None:
    a_week()
    make_subscriber()
    first = drafted()
    before = len(statements)
    freeze(first)
    cost = len(statements) - before
    with writing():
        editions.cancel(first.id, NOW)
    for number in range(50):
        make_subscriber(f"reader{number}@example.org")
    second = drafted()
    before = len(statements)
    freeze(second)
    assert len(statements) - before == cost
    assert len(recipients(second)) == 51


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "change",
    [
        sa.update(edition_block).where(edition_block.c.position == 1).values(text="Buy this."),
        sa.update(edition_block).where(edition_block.c.position == 1).values(has_verdict_or_price_change=False),
        sa.update(edition).values(subject="Buy this"),
        sa.update(edition).values(sender="someone@else.example"),
    ],
    ids=["text", "change", "subject", "sender"],
)
@ON_ONE_DATABASE
def test_what_was_changed_after_it_was_frozen_is_not_sent(change: sa.Update) -> None:
    a_week()
    found = freeze(drafted())
    load_message_builder(found.id)
    with writing():
        db.session.execute(change)
    with pytest.raises(EditionTampered):
        load_message_builder(found.id)


@pytest.mark.usefixtures("app")
def test_a_frozen_edition_is_scheduled_and_may_be_scheduled_again() -> None:
    a_week()
    found = freeze(drafted())
    for hours in (1, 2):
        with writing():
            editions.schedule(found.id, NOW + timedelta(hours=hours))
    assert editions.get_by_id(found.id).scheduled_at == NOW + timedelta(hours=2)


@pytest.mark.usefixtures("app")
def test_who_has_got_a_cancelled_edition_of_the_week_does_not_get_the_week_twice() -> None:
    a_week()
    people = [make_subscriber(f"reader{number}@example.org").id for number in range(5)]
    first = freeze(drafted())
    with writing():
        editions.start(first.id)
        for person, state in zip(people, ("sent", "uncertain", "transmitting", "pending", "failed"), strict=True):
            one = (delivery.c.edition_id == first.id) & (delivery.c.subscriber_id == person)
            db.session.connection().execute(delivery.update().where(one).values(state=DeliveryState(state)))
        editions.cancel(first.id, NOW)
    second = drafted()
    assert freezing.count_recipients(second.id) == 2
    assert recipients(freeze(second)) == people[3:]
