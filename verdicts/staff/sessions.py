"""Sessions: rows known by the hash of a token, 30 minutes idle and 12 hours in all, and ended whenever one wants."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.staff.models import Role, account, staff_session

IDLE_AT_MOST = timedelta(minutes=30)
AT_MOST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # not each request is worth a write
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Person:
    """Who is logged in, and since when they have been seen."""

    id: int
    name: str
    email: str
    role: Role
    must_change: bool
    has_totp: bool
    token_hash: str
    seen_at: datetime

    def may(self, role: Role) -> bool:
        return self.role is Role.ADMIN or role is Role.EDITOR


@dataclass(frozen=True)
class OpenSession:
    """One of a person's browsers, as their own page shows it."""

    token_hash: str
    created_at: datetime
    seen_at: datetime
    agent: str


def begin(account_id: int, agent: str, now: datetime) -> str:
    """Begin a session and return its token, which only the browser keeps. The caller commits."""
    token = secrets.token_urlsafe(32)
    row = {"token_hash": hash_of(token), "account_id": account_id, "created_at": now, "seen_at": now}
    db.session.connection().execute(sa.insert(staff_session).values(**row, agent=agent[:200]))
    return token


def find(token: str, now: datetime) -> Person | None:
    """Return who a token stands for; None where its session has ended, or its account was disabled. One statement."""
    columns = (account.c.id, account.c.name, account.c.email, account.c.role, account.c.must_change)
    rows = sa.select(*columns, account.c.totp_secret, staff_session.c.token_hash, staff_session.c.seen_at)
    rows = rows.join(account, account.c.id == staff_session.c.account_id)
    is_it = sa.and_(staff_session.c.token_hash == hash_of(token), account.c.disabled_at.is_(None), _is_open(now))
    row = db.session.connection().execute(rows.where(is_it)).one_or_none()
    if row is None:
        return None
    has_totp = row.totp_secret is not None
    return Person(row.id, row.name, row.email, row.role, row.must_change, has_totp, row.token_hash, row.seen_at)


def find_ended(token: str, now: datetime) -> int | None:
    """Return whose session a token stood for until it ended by itself; None where somebody ended it."""
    rows = sa.select(account.c.id).join(staff_session, staff_session.c.account_id == account.c.id)
    is_it = sa.and_(staff_session.c.token_hash == hash_of(token), account.c.disabled_at.is_(None), ~_is_open(now))
    return db.session.connection().scalar(rows.where(is_it))


def touch(person: Person, now: datetime) -> None:
    """Note that somebody was seen. The caller has called begin_write(), and commits."""
    seen = sa.update(staff_session).where(staff_session.c.token_hash == person.token_hash)
    db.session.connection().execute(seen.values(seen_at=now))


def open_ones(account_id: int, now: datetime) -> list[OpenSession]:
    columns = [staff_session.c[name] for name in OpenSession.__dataclass_fields__]
    rows = sa.select(*columns).where(staff_session.c.account_id == account_id, _is_open(now))
    found = db.session.connection().execute(rows.order_by(staff_session.c.seen_at.desc()))
    return [OpenSession(*row) for row in found]


def end(token_hash: str) -> None:
    db.session.connection().execute(sa.delete(staff_session).where(staff_session.c.token_hash == token_hash))


def end_all(account_id: int, but: str | None = None) -> int:
    """End all sessions of an account, but perhaps one; return how many."""
    rows = sa.delete(staff_session).where(staff_session.c.account_id == account_id)
    if but:
        rows = rows.where(staff_session.c.token_hash != but)
    return db.session.connection().execute(rows).rowcount


def destroy_ended(now: datetime) -> int:
    """Delete sessions that ended long ago; return how many."""
    return (
        db.session.connection().execute(sa.delete(staff_session).where(staff_session.c.seen_at < now - KEPT)).rowcount
    )


def hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _is_open(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(staff_session.c.seen_at > now - IDLE_AT_MOST, staff_session.c.created_at > now - AT_MOST)
