"""Double opt-in: signing up mails a letter, and the button behind its link confirms the subscription.

A sign-up takes the same statements and gets the same answer whatever is known of the address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.catalog.queries import lock_existing
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import db, insert
from verdicts.mailing import outbox
from verdicts.mailing.rendering import absolute_url
from verdicts.newsletter.addresses import Address, mailbox_key
from verdicts.newsletter.headers import confirm_path, delivery_headers
from verdicts.newsletter.models import (
    Rhythm,
    Status,
    bounced_address,
    signup_turn,
    subscriber,
    subscriber_tool,
    suppression,
)
from verdicts.newsletter.tokens import NO_EDITION, confirm_hash, new_confirm_token

MIN_LETTER_INTERVAL = timedelta(hours=1)
MAX_LETTERS_PER_DAY = 4  # to one mailbox, under whatever addresses
CONFIRM_TOKEN_LIFETIME = timedelta(days=7)


class ConfirmationExpired(Exception):
    """The letter is older than CONFIRM_TOKEN_LIFETIME; the subscriber can ask for another one."""


@dataclass(frozen=True)
class Confirmation:
    """The subscription that a confirm token belongs to."""

    subscriber_id: int
    address: str
    address_key: str
    generation: int
    is_confirmed: bool
    is_expired: bool


def sign_up(address: Address, *, source: str, now: datetime, follow: ToolLink | None = None) -> bool:
    """Store an address as pending unless it is known, and mail it a confirmation; return whether a letter is queued.

    Nothing is stored or mailed for an address that got a letter within MIN_LETTER_INTERVAL, whose mailbox got
    MAX_LETTERS_PER_DAY, or whose reader has complained: then everything is rolled back, after the same statements. Tell
    nobody which it was. `follow` is a tool
    that confirming will follow. The caller has called begin_write(), and commits.
    """
    token = new_confirm_token()
    path = confirm_path(token) + (f"?tool={follow.slug}" if follow else "")
    has_turn = _count_turn(address.key, now, MIN_LETTER_INTERVAL) == 1
    letters = _count_turn(mailbox_key(address.text), now, timedelta(days=1), amount=int(has_turn))
    conditions = [has_turn, letters <= MAX_LETTERS_PER_DAY, not _has_complained(address.key)]  # a list: all run
    savepoint = db.session.connection().begin_nested()
    subscriber_id, recipient = _store(address, token, source, now)
    outbox.send_letter(
        "confirmation",
        to=recipient,
        now=now,
        headers=delivery_headers(NO_EDITION, subscriber_id),
        confirm_url=absolute_url(path),
        follow=follow,
        days=CONFIRM_TOKEN_LIFETIME.days,
    )
    if not all(conditions):
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def find_confirmation(token: str, now: datetime, *, lock: bool = False) -> Confirmation | None:
    """Return the subscription of a confirm token; None where it is forged, a later letter replaced it, or it ended."""
    columns = (subscriber.c.id, subscriber.c.address, subscriber.c.address_key, subscriber.c.generation)
    states = (subscriber.c.status == Status.CONFIRMED, subscriber.c.confirm_until <= now)
    rows = sa.select(*columns, *states).where(subscriber.c.confirm_hash == confirm_hash(token))
    row = db.session.connection().execute(rows.with_for_update() if lock else rows).one_or_none()
    return Confirmation(*row) if row else None


def confirm(token: str, now: datetime, follow: int | None = None) -> Confirmation | None:
    """Confirm a subscription, and follow the tool with the id `follow` if it exists; None as in find_confirmation().

    Confirming twice does no harm. It lifts a suppression, except after a complaint. Raises ConfirmationExpired. The
    caller has called begin_write(), and commits.
    """
    confirmation = find_confirmation(token, now, lock=True)
    if confirmation is None or _has_complained(confirmation.address_key):
        return None
    if confirmation.is_expired:
        raise ConfirmationExpired
    connection = db.session.connection()
    if not confirmation.is_confirmed:
        for table in (suppression, bounced_address):
            connection.execute(sa.delete(table).where(table.c.address_key == confirmation.address_key))
        row = sa.update(subscriber).where(subscriber.c.id == confirmation.subscriber_id)
        connection.execute(row.values(status=Status.CONFIRMED, confirmed_at=now))
    if follow is not None and lock_existing([follow]):
        tool = insert(subscriber_tool).values(subscriber_id=confirmation.subscriber_id, tool_id=follow)
        connection.execute(tool.on_conflict_do_nothing())
    return confirmation


def _count_turn(key: str, now: datetime, interval: timedelta, amount: int = 1) -> int:
    """Add to the count of an interval that began with its first sign-up, and return it. Requests at once wait here."""
    is_over = signup_turn.c.mailed_at <= now - interval
    turn = insert(signup_turn).values(address_key=key, mailed_at=now, asked=amount)
    values = {
        "mailed_at": sa.case((is_over, now), else_=signup_turn.c.mailed_at),
        "asked": sa.case((is_over, amount), else_=signup_turn.c.asked + amount),
    }
    turn = turn.on_conflict_do_update(index_elements=["address_key"], set_=values)
    count: int = db.session.connection().execute(turn.returning(signup_turn.c.asked)).scalar_one()
    return count


def _has_complained(key: str) -> bool:
    complaint = (suppression.c.address_key == key) & (suppression.c.reason == Status.COMPLAINED)
    return bool(db.session.connection().scalar(sa.select(sa.exists().where(complaint))))


def _store(address: Address, token: str, source: str, now: datetime) -> tuple[int, str]:
    """Store an address with the hash of its letter's token; return the subscriber's id and the address to mail to.

    That is the address as it was spelled first.
    """
    expires_at = now + CONFIRM_TOKEN_LIFETIME
    letter = {"confirm_hash": confirm_hash(token), "confirm_mailed_at": now, "confirm_until": expires_at}
    new = {"address": address.text, "address_key": address.key, "status": Status.PENDING, "generation": 1}
    new |= {"rhythm": Rhythm.EVERY_WEEK, "consent_source": source, "consent_at": now}
    upsert = insert(subscriber).values({**new, **letter})
    upsert = upsert.on_conflict_do_update(index_elements=["address_key"], set_=letter)
    row = db.session.connection().execute(upsert.returning(subscriber.c.id, subscriber.c.address)).one()
    return row.id, row.address
