"""Sessions of accounts: database rows found by the hash of the token in the cookie, which can be deleted any time."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.staff.models import MAX_AGENT_LENGTH, Role, account, staff_session

IDLE_TIMEOUT = timedelta(minutes=30)
MAX_AGE = timedelta(hours=12)
TOUCH_INTERVAL = timedelta(minutes=1)  # not each request is worth a write
# How long after its end what a session's account sends is still kept as a draft.
DRAFT_GRACE = timedelta(minutes=10)
RETENTION = timedelta(days=30)


@dataclass(frozen=True)
class CurrentAccount:
    """The account that is logged in, with its session: `token_hash` is its key, `seen_at` its last request."""

    id: int
    name: str
    email: str
    role: Role
    must_change: bool
    has_totp: bool
    token_hash: str
    seen_at: datetime

    def has_role(self, role: Role) -> bool:
        """Return whether this account may do what the role may do. Admins may do all that editors may."""
        return self.role is Role.ADMIN or role is Role.EDITOR


@dataclass(frozen=True)
class OpenSession:
    """A session that has not expired, for the account's own page."""

    token_hash: str
    created_at: datetime
    seen_at: datetime
    agent: str

    @property
    def name(self) -> str:
        """What a form calls it: enough of the hash to tell an account's sessions apart."""
        return self.token_hash[:16]


def create(account_id: int, agent: str, now: datetime) -> str:
    """Create a session and return its token, which is stored in the browser only. The caller commits."""
    token = secrets.token_urlsafe(32)
    values = {"token_hash": hash_token(token), "account_id": account_id, "created_at": now, "seen_at": now}
    db.session.connection().execute(sa.insert(staff_session).values(**values, agent=agent[:MAX_AGENT_LENGTH]))
    return token


def find_account(token: str, now: datetime) -> CurrentAccount | None:
    """Return the account of a session; None where it has expired or the account is disabled. One statement."""
    columns = (account.c.id, account.c.name, account.c.email, account.c.role, account.c.must_change)
    has_totp = account.c.totp_secret.is_not(None)
    row = _find(token, _is_open(now), *columns, has_totp, staff_session.c.token_hash, staff_session.c.seen_at)
    return CurrentAccount(*row) if row else None


def find_expired_account_id(token: str, now: datetime) -> int | None:
    """Return the account of a session that expired within DRAFT_GRACE.

    None where somebody deleted it or disabled the account.
    """
    row = _find(token, ~_is_open(now) & _is_open(now - DRAFT_GRACE), account.c.id)
    return row.id if row else None


def touch(current: CurrentAccount, now: datetime) -> None:
    """Set when a session was last used. The caller has called begin_write(), and commits."""
    row = sa.update(staff_session).where(staff_session.c.token_hash == current.token_hash)
    db.session.connection().execute(row.values(seen_at=now))


def list_open(account_id: int, now: datetime) -> list[OpenSession]:
    """Return an account's open sessions, the one used last first. One statement."""
    columns = [staff_session.c[name] for name in OpenSession.__dataclass_fields__]
    rows = sa.select(*columns).where(staff_session.c.account_id == account_id, _is_open(now))
    ordered = rows.order_by(staff_session.c.seen_at.desc())
    return [OpenSession(*row) for row in db.session.connection().execute(ordered)]


def delete(token_hash: str) -> None:
    db.session.connection().execute(sa.delete(staff_session).where(staff_session.c.token_hash == token_hash))


def delete_all(account_id: int, keep_session: str | None = None) -> int:
    """Delete an account's sessions and return how many. `keep_session` is the token hash of one that stays."""
    rows = sa.delete(staff_session).where(staff_session.c.account_id == account_id)
    if keep_session:
        rows = rows.where(staff_session.c.token_hash != keep_session)
    return db.session.connection().execute(rows).rowcount


def delete_old(now: datetime) -> int:
    """Delete sessions that were last used more than RETENTION ago; return how many."""
    old = sa.delete(staff_session).where(staff_session.c.seen_at < now - RETENTION)
    return db.session.connection().execute(old).rowcount


def hash_token(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _find(
    token: str, condition: sa.ColumnElement[bool], *columns: sa.ColumnElement[Any]
) -> sa.Row[*tuple[Any, ...]] | None:
    rows = sa.select(*columns).select_from(staff_session.join(account))
    is_enabled = account.c.disabled_at.is_(None)
    matching = rows.where(staff_session.c.token_hash == hash_token(token), is_enabled, condition)
    return db.session.connection().execute(matching).one_or_none()


def _is_open(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(staff_session.c.seen_at > now - IDLE_TIMEOUT, staff_session.c.created_at > now - MAX_AGE)
