"""Accounts and sessions for tests of the staff package."""

import re
from datetime import datetime

import sqlalchemy as sa

from tests.makers import NOW
from verdicts.extensions import commit_or_retry, db
from verdicts.mailing.models import outbox_letter
from verdicts.staff import accounts, sessions
from verdicts.staff.models import Role

PASSWORD_HASH = "a hash"


def make_account(name: str = "ann", role: Role = Role.EDITOR) -> int:
    return commit_or_retry(lambda: accounts.create(name, f"{name}@example.org", role, PASSWORD_HASH, NOW))


def make_session(account_id: int, now: datetime = NOW, agent: str = "Firefox") -> str:
    """Create a session and return its token."""
    return commit_or_retry(lambda: sessions.create(account_id, agent, now))


def touch(token: str, now: datetime) -> None:
    """Use a session, which must be open."""
    current = sessions.find_account(token, now)
    assert current
    db.session.rollback()
    commit_or_retry(lambda: sessions.touch(current, now))


def is_open(token: str, now: datetime = NOW) -> bool:
    current = sessions.find_account(token, now)
    db.session.rollback()
    return current is not None


def request_reset(email: str = "ann@example.org", now: datetime = NOW) -> None:
    commit_or_retry(lambda: accounts.send_password_reset(email, now))


def reset_tokens() -> list[str]:
    """Return the tokens in the letters that wait in the outbox, oldest first."""
    texts = list(db.session.scalars(sa.select(outbox_letter.c.text).order_by(outbox_letter.c.id)))
    db.session.rollback()
    return [re.findall(r"/admin/reset/(\S+)", text)[0] for text in texts]
