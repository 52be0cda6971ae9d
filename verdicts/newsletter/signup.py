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
from verdicts.newsletter.tokens import (
    NO_EDITION,
    Purpose,
    confirm_hash,
    follow_token,
    new_confirm_token,
    read_token,
)

MIN_LETTER_INTERVAL = timedelta(hours=1)
MAX_LETTERS_PER_DAY = 4  # to one mailbox, under whatever addresses
MAX_WAIT = timedelta(hours=4)  # for a letter to follow a tool
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


def sign_up(
    address: Address, *, source: str, now: datetime, follow: ToolLink | None = None, mail_at: datetime | None = None
) -> bool:
    """Store an address as pending unless it is known, and mail it a confirmation; return whether a letter is queued.

    `follow` is a tool that confirming will follow. Nothing is stored or mailed for an address that got a letter within
    MIN_LETTER_INTERVAL, except that a letter to follow another tool waits for the end of that interval; nor for one
    whose mailbox got MAX_LETTERS_PER_DAY, or whose reader has complained. Then everything is rolled back, after the
    same statements. Tell nobody which it was. No letter goes before `mail_at`. The caller has called begin_write(), and
    commits.
    """
    token = new_confirm_token()
    due, waits = _acquire_turn(address.key, now, follow, mail_at or now)
    letters = _count_turn(mailbox_key(address.text), now, timedelta(days=1), amount=int(due is not None))
    is_unwanted = _has_complained(address.key) or letters > MAX_LETTERS_PER_DAY
    savepoint = db.session.connection().begin_nested()
    subscriber_id, generation, recipient = _store(address, token, source, due or now, keep_link=waits)
    path = confirm_path(follow_token(subscriber_id, generation) if waits else token)
    outbox.send_letter(
        "confirmation",
        to=recipient,
        now=now,
        not_before=due,
        headers=delivery_headers(NO_EDITION, subscriber_id),
        confirm_url=absolute_url(path + (f"?tool={follow.slug}" if follow else "")),
        follow=follow,
        days=CONFIRM_TOKEN_LIFETIME.days,
    )
    if due is None or is_unwanted:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def find_confirmation(token: str, now: datetime, *, lock: bool = False) -> Confirmation | None:
    """Return the subscription of a confirm token; None where it is forged, a later letter replaced it, or it ended."""
    columns = (subscriber.c.id, subscriber.c.address, subscriber.c.address_key, subscriber.c.generation)
    states = (subscriber.c.status == Status.CONFIRMED, subscriber.c.confirm_until <= now)
    has_token = subscriber.c.confirm_hash == confirm_hash(token)
    if content := read_token(Purpose.FOLLOW, token):
        is_theirs = (subscriber.c.id == content.subscriber_id) & (subscriber.c.generation == content.number)
        has_token = is_theirs & subscriber.c.status.in_([Status.PENDING, Status.CONFIRMED])
    rows = sa.select(*columns, *states).where(has_token)
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


def _acquire_turn(key: str, now: datetime, follow: ToolLink | None, earliest: datetime) -> tuple[datetime | None, bool]:
    """Return when an address may be mailed this letter, or None; and whether it waits for the hour of the one before.

    Requests at the same time wait for each other.
    """
    follow_id = follow.id if follow else None
    turn = insert(signup_turn).values(address_key=key, mailed_at=now, asked=1, follow_id=follow_id)
    turn = turn.on_conflict_do_update(index_elements=["address_key"], set_={"asked": signup_turn.c.asked + 1})
    columns = (signup_turn.c.mailed_at, signup_turn.c.asked, signup_turn.c.follow_id)
    mailed_at, asked, former_id = db.session.connection().execute(turn.returning(*columns)).one()
    due = _due(mailed_at, now, is_another=follow_id not in {None, former_id}) if asked > 1 else now
    waits = due is not None and due > now
    due = max(due, earliest) if due else None
    values: dict[str, object] = {"mailed_at": mailed_at, "asked": asked, "follow_id": former_id}
    if due:
        values = {"mailed_at": due, "asked": asked if waits else 1, "follow_id": follow_id}
    db.session.connection().execute(sa.update(signup_turn).where(signup_turn.c.address_key == key).values(**values))
    return due, waits


def _due(mailed_at: datetime, now: datetime, *, is_another: bool) -> datetime | None:
    """Return when the next letter may go: now, or for another tool to follow when the hour is over."""
    next_at = mailed_at + MIN_LETTER_INTERVAL
    if next_at <= now:
        return now
    return next_at if is_another and next_at <= now + MAX_WAIT else None


def _count_turn(key: str, now: datetime, interval: timedelta, amount: int = 1) -> int:
    """Add to the count of an interval that began with its first letter, and return it. Requests at once wait here."""
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


def _store(address: Address, token: str, source: str, now: datetime, *, keep_link: bool) -> tuple[int, int, str]:
    """Store an address with the hash of its letter's token, unless it is to keep the link of an earlier letter.

    Returns the subscriber's id and generation, and the address to mail to: as it was spelled first.
    """
    expires_at = now + CONFIRM_TOKEN_LIFETIME
    letter = {"confirm_hash": confirm_hash(token), "confirm_mailed_at": now, "confirm_until": expires_at}
    changed = {name: value for name, value in letter.items() if name != "confirm_hash" or not keep_link}
    new = {"address": address.text, "address_key": address.key, "status": Status.PENDING, "generation": 1}
    new |= {"rhythm": Rhythm.EVERY_WEEK, "consent_source": source, "consent_at": now}
    upsert = insert(subscriber).values({**new, **letter})
    upsert = upsert.on_conflict_do_update(index_elements=["address_key"], set_=changed)
    columns = (subscriber.c.id, subscriber.c.generation, subscriber.c.address)
    row = db.session.connection().execute(upsert.returning(*columns)).one()
    return row.id, row.generation, row.address
