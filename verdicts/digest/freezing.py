"""Freezing an edition: what was approved is what is sent, to those who were subscribed at that moment."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime

import sqlalchemy as sa

from verdicts.config import current_settings
from verdicts.digest import editions
from verdicts.digest.blocks import Block
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition, edition_block, edition_item
from verdicts.digest.rendering import render, subject_of
from verdicts.digest.sight import items_in_sight
from verdicts.extensions import db
from verdicts.newsletter.models import Rhythm, subscriber
from verdicts.newsletter.queries import confirmed


def freeze(edition_id: int, now: datetime, subject: str | None = None, sender: str | None = None) -> None:
    """Freeze a draft in the caller's transaction: its blocks, subject, sender, a hash over all, and its deliveries.

    What readers do not see at this moment is dropped; later edits and sign-ups wait for the next edition. Raises
    NothingToSay, or the error named for the state that an edition is in which is no draft. The caller has called
    begin_write(), and commits.
    """
    editions.refuse_unless_draft(edition_id)
    found = editions.by_id(edition_id)
    items = items_in_sight(found, now)
    blocks = render(found, items)
    subject, sender = subject or subject_of(found, items), sender or _default_sender()
    kept = [item.id for item in items if item.is_told]
    _drop([item.id for item in items if item.is_out_of_sight])
    _store(edition_id, blocks)
    values = {"state": EditionState.FROZEN, "frozen_at": now, "subject": subject, "sender": sender}
    values["digest"] = hash_of(subject, sender, kept, blocks)
    db.session.connection().execute(sa.update(edition).where(edition.c.id == edition_id).values(**values))
    _address(edition_id, now)


def count_readers(edition_id: int) -> int:
    """Return for how many readers a draft would be frozen now. One statement."""
    readers = _readers(edition_id).subquery()
    return db.session.connection().scalar(sa.select(sa.func.count()).select_from(readers)) or 0


def hash_of(subject: str, sender: str, item_ids: Sequence[int], blocks: Sequence[Block]) -> str:
    """Return the SHA-256 of everything that is frozen, in hexadecimal."""
    whole = json.dumps([subject, sender, list(item_ids), [astuple(block) for block in blocks]], ensure_ascii=False)
    return hashlib.sha256(whole.encode()).hexdigest()


def _drop(item_ids: Sequence[int]) -> None:
    """Note in what is frozen, which the archive shows too, that these are not told."""
    these = sa.update(edition_item).where(edition_item.c.id.in_(item_ids))
    db.session.connection().execute(these.values(dropped=True))


def _store(edition_id: int, blocks: Sequence[Block]) -> None:
    rows = [
        {
            "edition_id": edition_id,
            "kind": block.kind,
            "category_id": block.category_id,
            "tool_ids": list(block.tool_ids),
            "has_change": block.has_change,
            "text": block.text,
            "html": block.html,
            "position": position,
        }
        for position, block in enumerate(blocks)
    ]
    db.session.connection().execute(sa.insert(edition_block), rows)


def _address(edition_id: int, now: datetime) -> None:
    """Make a delivery for each of its readers: one statement, however many they are."""
    readers = _readers(edition_id).subquery()
    columns = {
        "edition_id": sa.literal(edition_id),
        "subscriber_id": readers.c.id,
        "state": sa.literal(DeliveryState.PENDING, delivery.c.state.type),
        "due_at": sa.literal(now, delivery.c.due_at.type),
        "tries": sa.literal(0),
        "is_suspicious": sa.false(),
        "changed_at": sa.literal(now, delivery.c.changed_at.type),
    }
    db.session.connection().execute(sa.insert(delivery).from_select(list(columns), sa.select(*columns.values())))


def _readers(edition_id: int) -> sa.Select[tuple[int, str, Rhythm, int]]:
    """Return the statement for everyone who is subscribed now.

    Who has got an edition of this week that was then cancelled, or may have, is left out: nobody gets a week twice.
    """
    return confirmed().where(~_has_got_this_week(edition_id))


def _has_got_this_week(edition_id: int) -> sa.Exists:
    this, other = edition.alias("this"), edition.alias("other")
    same_week = sa.and_(other.c.year == this.c.year, other.c.week == this.c.week, other.c.id != this.c.id)
    states = (DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.TRANSMITTING)
    got = sa.and_(delivery.c.subscriber_id == subscriber.c.id, delivery.c.state.in_(states))
    return sa.exists().where(this.c.id == edition_id, same_week, delivery.c.edition_id == other.c.id, got)


def _default_sender() -> str:
    settings = current_settings()
    return settings.mail.default_sender
