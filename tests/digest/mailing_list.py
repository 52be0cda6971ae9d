"""What sending tests share: subscribers, an edition that is sent to them, reads of its deliveries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tests.makers import NOW
from verdicts.digest.blocks import LEAVE_PLACEHOLDER, PREFERENCES_PLACEHOLDER, Block
from verdicts.digest.freezing import content_hash
from verdicts.digest.models import BlockKind, DeliveryState, EditionState, delivery, edition, edition_block
from verdicts.extensions import db
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.models import Rhythm, Status, subscriber

SUBJECT, SENDER = "What changed this week", "digest@verdicts.test"
FOOT = f"Leave: http://verdicts.test/newsletter/leave/{LEAVE_PLACEHOLDER}\nOr choose: {PREFERENCES_PLACEHOLDER}\n"
BLOCKS = (
    Block(BlockKind.HEAD, None, (), False, "Hello\n", "<p>Hello</p>"),
    Block(BlockKind.CATEGORY, None, (), True, "A verdict changed.\n", "<p>A verdict changed.</p>"),
    Block(BlockKind.FOOT, None, (), False, FOOT, f"<p>{FOOT}</p></html>"),
)


def address(number: int) -> str:
    return f"reader{number}@example.org"


def addresses(numbers: Iterable[int]) -> set[str]:
    return {address(number) for number in numbers}


def make_subscribers(count: int, **fields: Any) -> list[int]:
    """Make confirmed subscribers, reader0@example.org and so on, and return their ids in that order."""
    defaults = {"status": Status.CONFIRMED, "rhythm": Rhythm.EVERY_WEEK, "generation": 1, "consent_source": "test"}
    times = {"consent_at": NOW, "confirmed_at": NOW}
    rows = [
        {"id": number + 1, "address": address(number), "address_key": parse_email(address(number)).key}
        | defaults
        | times
        for number in range(count)
    ]
    db.session.connection().execute(sa.insert(subscriber), [row | fields for row in rows])
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text(f"SELECT setval('subscriber_id_seq', {count + 1})"))
    db.session.commit()
    return [row["id"] for row in rows]


def make_edition(subscribers: Iterable[int], state: EditionState = EditionState.SENDING, **fields: Any) -> int:
    """Make a frozen edition, by default one that is being sent, with a delivery for each of these; return its id."""
    defaults = {"year": 2026, "week": 47, "state": state, "intro": "", "subject": SUBJECT, "sender": SENDER}
    defaults |= {"drafted_at": NOW, "frozen_at": NOW, "consecutive_refusals": 0}
    defaults |= {"content_hash": content_hash(SUBJECT, SENDER, [], BLOCKS)}
    made = sa.insert(edition).values(**defaults | fields).returning(edition.c.id)
    id: int = db.session.connection().execute(made).scalar_one()
    blocks = [
        {**vars(block), "tool_ids": list(block.tool_ids), "edition_id": id, "position": position}
        for position, block in enumerate(BLOCKS)
    ]
    db.session.connection().execute(sa.insert(edition_block), blocks)
    waiting = {"edition_id": id, "state": DeliveryState.PENDING, "due_at": NOW, "tries": 0, "changed_at": NOW}
    if rows := [waiting | {"subscriber_id": each} for each in subscribers]:
        db.session.connection().execute(sa.insert(delivery), rows)
    db.session.commit()
    return id


def states(edition_id: int) -> dict[int, DeliveryState]:
    """Return each delivery's state by subscriber, in the subscribers' order."""
    rows = sa.select(delivery.c.subscriber_id, delivery.c.state).where(delivery.c.edition_id == edition_id)
    found = {row.subscriber_id: row.state for row in db.session.execute(rows.order_by(delivery.c.subscriber_id))}
    db.session.rollback()
    return found


def the_delivery(edition_id: int, subscriber_id: int) -> Any:
    """Return one delivery's row."""
    one = (delivery.c.edition_id == edition_id) & (delivery.c.subscriber_id == subscriber_id)
    row = db.session.execute(sa.select(delivery).where(one)).one()
    db.session.rollback()
    return row


def state_of(edition_id: int) -> EditionState:
    found: EditionState = db.session.execute(sa.select(edition.c.state).where(edition.c.id == edition_id)).scalar_one()
    db.session.rollback()
    return found


def make_due(edition_id: int, at: datetime = NOW) -> None:
    """Let whatever was deferred be due: time passes in a test without anyone waiting."""
    deferred = (delivery.c.edition_id == edition_id) & (delivery.c.state == DeliveryState.DEFERRED)
    db.session.execute(sa.update(delivery).where(deferred).values(due_at=at))
    db.session.commit()
