"""Signing up: whatever is known of an address, the same statements run, and the same answer follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.catalog.records import ToolLink
from verdicts.extensions import db, insert
from verdicts.mailing import outbox
from verdicts.mailing.letters import Letter, absolute_url, render
from verdicts.newsletter.addresses import Address
from verdicts.newsletter.headers import confirm_path, delivery_headers
from verdicts.newsletter.models import Rhythm, Status, signup_turn, subscriber, suppression
from verdicts.newsletter.tokens import SINGLE_LETTER, confirm_hash, new_confirm_token

REST_BETWEEN_LETTERS = timedelta(hours=1)
CONFIRM_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class _Recipient:
    id: int
    address: str


def sign_up(address: Address, *, source: str, now: datetime, follow: ToolLink | None = None) -> bool:
    """Mail a confirmation to an address, and note it as pending unless it is known; say whether a letter is on its way.

    None is for an address that was mailed one within REST_BETWEEN_LETTERS, or whose reader has complained. Then what
    was written is taken back, so that a sign-up takes the same statements and time whoever asks: do not tell either.
    `follow` is a tool that confirming will follow. The caller has called begin_write(), and commits.
    """
    token = new_confirm_token()
    letter = confirmation(token, follow)
    may_be_mailed = [_take_turn(address.key, now), not _has_complained(address.key)]  # a list: both are asked
    attempt = db.session.connection().begin_nested()
    recipient = _note(address, token, source, now)
    headers = delivery_headers(SINGLE_LETTER, recipient.id)
    outbox.put(letter, to=recipient.address, now=now, headers=headers)
    if not all(may_be_mailed):
        attempt.rollback()
        return False
    attempt.commit()
    return True


def confirmation(token: str, follow: ToolLink | None) -> Letter:
    """Return the letter that asks whether its reader signed up themselves."""
    path = confirm_path(token) + (f"?tool={follow.slug}" if follow else "")
    return render("confirmation", confirm_url=absolute_url(path), follow=follow, days=CONFIRM_WITHIN.days)


def _take_turn(key: str, now: datetime) -> bool:
    """Say whether an address may be mailed now. Whoever asks at the same time waits here, and is told no."""
    is_over = signup_turn.c.mailed_at <= now - REST_BETWEEN_LETTERS
    taken = insert(signup_turn).values(address_key=key, mailed_at=now, asked=1)
    again = {
        "mailed_at": sa.case((is_over, now), else_=signup_turn.c.mailed_at),
        "asked": sa.case((is_over, 1), else_=signup_turn.c.asked + 1),
    }
    taken = taken.on_conflict_do_update(index_elements=["address_key"], set_=again)
    return bool(db.session.connection().scalar(taken.returning(signup_turn.c.asked)) == 1)


def _has_complained(key: str) -> bool:
    found = (suppression.c.address_key == key) & (suppression.c.reason == Status.COMPLAINED)
    return bool(db.session.connection().scalar(sa.select(sa.exists().where(found))))


def _note(address: Address, token: str, source: str, now: datetime) -> _Recipient:
    """Keep the hash of a letter's token with its address, and return where it goes: as it was first spelled."""
    mailed = {"confirm_hash": confirm_hash(token), "confirm_mailed_at": now, "confirm_until": now + CONFIRM_WITHIN}
    new = {"address": address.text, "address_key": address.key, "status": Status.PENDING, "generation": 1}
    new |= {"rhythm": Rhythm.EVERY_WEEK, "consent_source": source, "consent_at": now}
    noted = insert(subscriber).values({**new, **mailed})
    noted = noted.on_conflict_do_update(index_elements=["address_key"], set_=mailed)
    row = db.session.connection().execute(noted.returning(subscriber.c.id, subscriber.c.address)).one()
    return _Recipient(row.id, row.address)
