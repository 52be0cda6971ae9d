"""Helpers of the newsletter tests: sign-ups, their letters, and what the database holds afterwards."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tests.makers import NOW
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import begin_write, db
from verdicts.mailing.models import outbox_letter
from verdicts.newsletter import leaving, signup
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.models import Rhythm, Status, subscriber, suppression

ANN = "ann@example.org"
CONFIRM_LINK = re.compile(r"https?://\S+/newsletter/confirm/([A-Za-z0-9_-]+)\S*")


@dataclass(frozen=True)
class Sent:
    """A letter in the outbox."""

    recipient: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    next_try_at: datetime

    @property
    def confirm_token(self) -> str:
        found = CONFIRM_LINK.search(self.text)
        assert found, self.text
        return found[1]


def ask(address: str = ANN, now: datetime = NOW, follow: ToolLink | None = None) -> bool:
    """Sign up as the form does; return whether a letter is queued."""
    begin_write()
    mailed = signup.sign_up(parse_email(address), source="A test", now=now, follow=follow)
    db.session.commit()
    return mailed


def confirm(token: str, now: datetime = NOW, follow: int | None = None) -> signup.Confirmation | None:
    begin_write()
    found = signup.confirm(token, now, follow)
    db.session.commit()
    return found


def letters() -> list[Sent]:
    """Return the letters in the outbox, oldest first."""
    columns = [outbox_letter.c[name] for name in Sent.__dataclass_fields__]
    rows = db.session.execute(sa.select(*columns).order_by(outbox_letter.c.id)).all()
    db.session.rollback()
    return [Sent(*row) for row in rows]


def make_subscriber(address: str = ANN, status: Status | str = Status.CONFIRMED, **fields: Any) -> int:
    """Create a subscription, confirmed by default, and return its id."""
    parsed = parse_email(address)
    row = {"address": parsed.text, "address_key": parsed.key, "status": Status(status), "rhythm": Rhythm.EVERY_WEEK}
    row |= {"generation": 1, "consent_source": "A test", "consent_at": NOW, "confirmed_at": NOW}
    begin_write()
    id = db.session.execute(sa.insert(subscriber).values(row | fields)).inserted_primary_key
    db.session.commit()
    assert id is not None
    return int(id[0])


def suppress(address: str, reason: Status | str) -> None:
    db.session.execute(
        sa.insert(suppression).values(address_key=parse_email(address).key, reason=Status(reason), at=NOW)
    )
    db.session.commit()


def statuses() -> list[str]:
    """Return every subscription's status, oldest first."""
    found = db.session.scalars(sa.select(subscriber.c.status).order_by(subscriber.c.id)).all()
    db.session.rollback()
    return [str(status) for status in found]


def suppressed() -> list[str]:
    found = db.session.scalars(sa.select(suppression.c.reason)).all()
    db.session.rollback()
    return [str(reason) for reason in found]


def end(reason: Status, subscriber_id: int, now: datetime = NOW) -> bool:
    """End a subscription for this reason, and commit."""
    begin_write()
    was_active = leaving.end(subscriber_id, reason, now)
    db.session.commit()
    return was_active


def row_of(subscriber_id: int) -> Any:
    row = db.session.execute(sa.select(subscriber).where(subscriber.c.id == subscriber_id)).one()
    db.session.rollback()
    return row
