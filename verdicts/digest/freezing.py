"""Freezing an edition: what was approved is what is sent, to everyone who is subscribed at that moment."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import datetime

import sqlalchemy as sa

from verdicts.config import current_settings
from verdicts.digest import editions
from verdicts.digest.blocks import Block
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition, edition_block, edition_item
from verdicts.digest.queries import list_items_with_visibility
from verdicts.digest.rendering import render_blocks, subject_of
from verdicts.extensions import db
from verdicts.newsletter.models import Rhythm, subscriber
from verdicts.newsletter.queries import select_mailable


def freeze(edition_id: int, now: datetime, subject: str | None = None, sender: str | None = None) -> None:
    """Freeze a draft: store its blocks, subject, sender, a hash of all these, and a delivery for each recipient.

    Items that are hidden now are marked as removed. Later edits and sign-ups wait for the next edition. The caller has
    called begin_write(), and commits. Raises EditionIsEmpty, or WrongState unless the edition is a draft.
    """
    editions.lock_draft(edition_id)
    draft = editions.get_by_id(edition_id)
    items = list_items_with_visibility(draft, now)
    blocks = render_blocks(replace(draft, subject=subject or draft.subject), items)
    subject, sender = subject or subject_of(draft, items), sender or current_settings().mail.default_sender
    included_ids = [item.id for item in items if item.is_included]
    _mark_hidden_as_removed([item.id for item in items if item.is_hidden])
    _insert_blocks(edition_id, blocks)
    values = {"state": EditionState.FROZEN, "frozen_at": now, "subject": subject, "sender": sender}
    values["content_hash"] = content_hash(subject, sender, included_ids, blocks)
    db.session.connection().execute(sa.update(edition).where(edition.c.id == edition_id).values(**values))
    _insert_deliveries(edition_id, now)


def count_recipients(edition_id: int) -> int:
    """Return how many subscribers would get a draft if it were frozen now. One statement."""
    recipients = _select_recipients(edition_id).subquery()
    return db.session.connection().scalar(sa.select(sa.func.count()).select_from(recipients)) or 0


def content_hash(subject: str, sender: str, item_ids: Sequence[int], blocks: Sequence[Block]) -> str:
    """Return the SHA-256 of everything that is frozen, in hexadecimal."""
    content = json.dumps([subject, sender, list(item_ids), list(map(_hashed, blocks))], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _hashed(block: Block) -> tuple[object, ...]:
    """Return what is hashed of a block. Editions that an older version froze have no subject and preview in it."""
    fields = astuple(block)
    return fields if block.subject or block.preview else fields[:-2]


def _mark_hidden_as_removed(item_ids: Sequence[int]) -> None:
    """Mark hidden items as removed, so that the archive does not show them either."""
    statement = sa.update(edition_item).where(edition_item.c.id.in_(item_ids))
    db.session.connection().execute(statement.values(is_removed=True))


def _insert_blocks(edition_id: int, blocks: Sequence[Block]) -> None:
    rows = [{**vars(block), "edition_id": edition_id, "position": position} for position, block in enumerate(blocks)]
    db.session.connection().execute(sa.insert(edition_block), rows)


def _insert_deliveries(edition_id: int, now: datetime) -> None:
    """Insert a delivery for each recipient, in one statement."""
    recipients = _select_recipients(edition_id).subquery()
    columns = {
        "edition_id": sa.literal(edition_id),
        "subscriber_id": recipients.c.id,
        "state": sa.literal(DeliveryState.PENDING, delivery.c.state.type),
        "due_at": sa.literal(now, delivery.c.due_at.type),
        "changed_at": sa.literal(now, delivery.c.changed_at.type),
    }
    db.session.connection().execute(sa.insert(delivery).from_select(list(columns), sa.select(*columns.values())))


def _select_recipients(edition_id: int) -> sa.Select[tuple[int, str, Rhythm, int]]:
    """All mailable subscribers, except those who may already have an earlier, cancelled edition of the same week."""
    this, other = edition.alias("this"), edition.alias("other")
    same_week = sa.and_(other.c.year == this.c.year, other.c.week == this.c.week, other.c.id != this.c.id)
    states = (DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.TRANSMITTING)
    to_subscriber = sa.and_(delivery.c.subscriber_id == subscriber.c.id, delivery.c.state.in_(states))
    got_this_week = sa.exists().where(
        this.c.id == edition_id, same_week, delivery.c.edition_id == other.c.id, to_subscriber
    )
    return select_mailable().where(~got_this_week)
