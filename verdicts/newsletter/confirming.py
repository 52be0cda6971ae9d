"""Confirming: whoever reads the mailbox says so themselves, by a button behind the link they were mailed."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.queries import lock_existing
from verdicts.extensions import db, insert
from verdicts.newsletter.models import Status, subscriber, subscriber_tool, suppression
from verdicts.newsletter.tokens import confirm_hash


class ConfirmationExpired(Exception):
    """The letter is older than CONFIRM_WITHIN; another one can be asked for."""


@dataclass(frozen=True)
class Confirmation:
    """What a confirm token leads to. `address_key` and `address` are for asking for another letter."""

    subscriber_id: int
    address: str
    address_key: str
    generation: int
    is_confirmed: bool
    is_expired: bool


def find(token: str, now: datetime) -> Confirmation | None:
    """Return what a confirm token stands for; None where it is forged, replaced by a later letter, or done with."""
    return _read(sa.select(subscriber).where(subscriber.c.confirm_hash == confirm_hash(token)), now)


def confirm(token: str, now: datetime, follow: int | None = None) -> Confirmation | None:
    """Confirm a subscription, once or again, and follow a tool if one is given and there; None as `find` returns it.

    It lifts a suppression by leaving, bouncing or erasing. Raises ConfirmationExpired. The caller has called
    begin_write(), and commits.
    """
    mine = sa.select(subscriber).where(subscriber.c.confirm_hash == confirm_hash(token)).with_for_update()
    found = _read(mine, now)
    if found is None or _has_complained_since(found):
        return None
    if found.is_expired:
        raise ConfirmationExpired
    if not found.is_confirmed:
        _accept(found, now)
    if follow is not None and lock_existing([follow]):
        followed = insert(subscriber_tool).values(subscriber_id=found.subscriber_id, tool_id=follow)
        db.session.connection().execute(followed.on_conflict_do_nothing())
    return found


def _read(statement: sa.Select[tuple[object, ...]], now: datetime) -> Confirmation | None:
    row = db.session.connection().execute(statement).one_or_none()
    if row is None:
        return None
    return Confirmation(
        subscriber_id=row.id,
        address=row.address,
        address_key=row.address_key,
        generation=row.generation,
        is_confirmed=row.status == Status.CONFIRMED,
        is_expired=row.confirm_until <= now,
    )


def _has_complained_since(found: Confirmation) -> bool:
    complaint = (suppression.c.address_key == found.address_key) & (suppression.c.reason == Status.COMPLAINED)
    return bool(db.session.connection().scalar(sa.select(sa.exists().where(complaint))))


def _accept(found: Confirmation, now: datetime) -> None:
    connection = db.session.connection()
    connection.execute(sa.delete(suppression).where(suppression.c.address_key == found.address_key))
    confirmed = {"status": Status.CONFIRMED, "confirmed_at": now}
    connection.execute(sa.update(subscriber).where(subscriber.c.id == found.subscriber_id).values(confirmed))
