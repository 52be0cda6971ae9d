"""Accounts: who may log in, with which role and password. Callers have called begin_write(), and commit."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from verdicts.extensions import db
from verdicts.mailing import outbox
from verdicts.mailing.addresses import InvalidAddress, parse_address
from verdicts.mailing.rendering import absolute_url
from verdicts.staff import sessions, throttle
from verdicts.staff.models import MAX_NAME_LENGTH, Role, account, password_reset

RESET_TOKEN_LIFETIME = timedelta(hours=1)
_NAME_PATTERN = re.compile(rf"[a-z0-9](?:[a-z0-9._-]{{0,{MAX_NAME_LENGTH - 2}}}[a-z0-9])?")


class InvalidAccount(ValueError):
    """A change to an account is not allowed. `field` names the form field; the message is for people."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True)
class Account:
    """Someone who may log in, or might before they were disabled."""

    id: int
    name: str
    email: str
    role: Role
    password_hash: str
    must_change: bool
    totp_secret: str | None
    disabled_at: datetime | None

    @property
    def password_version(self) -> str:
        return password_version(self.password_hash)


_COLUMNS = [account.c[name] for name in Account.__dataclass_fields__]


def password_version(password_hash: str) -> str:
    """Return what names a password without telling it. What is bound to it ends with the next password."""
    return sha256(password_hash.encode()).hexdigest()[:16]


def create(name: str, email: str, role: Role, password_hash: str, now: datetime, *, must_change: bool = True) -> int:
    """Create an account and return its id. Raises InvalidAccount where name or address are malformed or taken."""
    if not _NAME_PATTERN.fullmatch(name):
        raise InvalidAccount("name", "Use lower-case letters, digits, dots and hyphens, such as ann or ann.lee.")
    try:
        address = _normalised(email)
    except InvalidAddress:
        raise InvalidAccount("email", "Enter an email address such as ann@example.org.") from None
    values = {"name": name, "email": address, "role": role, "password_hash": password_hash, "must_change": must_change}
    insertion = sa.insert(account).values(**values, totp_step=0, created_at=now).returning(account.c.id)
    try:
        with db.session.connection().begin_nested():
            id: int = db.session.connection().execute(insertion).scalar_one()
    except IntegrityError:
        field, word = ("name", "name") if find(name) else ("email", "address")
        raise InvalidAccount(field, f"There is already an account with this {word}.") from None
    return id


def find(name: str) -> Account | None:
    """Return the account with this name, disabled or not. One statement."""
    row = db.session.connection().execute(sa.select(*_COLUMNS).where(account.c.name == name)).one_or_none()
    return Account(*row) if row else None


def get(id: int) -> Account:
    return Account(*db.session.connection().execute(sa.select(*_COLUMNS).where(account.c.id == id)).one())


def list_all() -> list[Account]:
    """Return all accounts by name, the disabled ones last. One statement."""
    rows = sa.select(*_COLUMNS).order_by(account.c.disabled_at.is_not(None), account.c.name)
    return [Account(*row) for row in db.session.connection().execute(rows)]


def set_password(id: int, password_hash: str, *, must_change: bool = False, keep_session: str | None = None) -> None:
    """Set a password and delete the account's sessions and reset tokens.

    `keep_session` is the token hash of a session that stays.
    """
    _update(id, password_hash=password_hash, must_change=must_change)
    db.session.connection().execute(sa.delete(password_reset).where(password_reset.c.account_id == id))
    sessions.delete_all(id, keep_session)


def set_role(id: int, role: Role) -> None:
    """Set a role. Raises InvalidAccount where no enabled admin would be left."""
    if role is not Role.ADMIN:
        _require_another_admin(id)
    _update(id, role=role)


def disable(id: int, now: datetime) -> None:
    """Keep an account from logging in and delete its sessions. Raises InvalidAccount for the last admin."""
    _require_another_admin(id)
    _update(id, disabled_at=now)
    sessions.delete_all(id)


def enable(id: int) -> None:
    _update(id, disabled_at=None)


def send_password_reset(email: str, now: datetime) -> None:
    """Put a letter with a reset link into the outbox for the account with this address, however it was spelled.

    Where there is no such account, it is disabled or got a letter lately (throttle.for_reset), the same statements run
    and are rolled back: the time that this takes must not tell who has an account.
    """
    try:
        address = _normalised(email)
    except InvalidAddress:
        address = "nobody@verdicts.example"
    row = db.session.connection().execute(sa.select(account).where(account.c.email == address)).one_or_none()
    must_wait = throttle.count_attempt([throttle.for_reset(address)], now)
    token = secrets.token_urlsafe(32)
    savepoint = db.session.connection().begin_nested()
    any_id = db.session.connection().scalar(sa.select(sa.func.min(account.c.id)))
    if any_id is not None:
        values = {"token_hash": sessions.hash_token(token), "account_id": row.id if row else any_id}
        expires_at = now + RESET_TOKEN_LIFETIME
        db.session.connection().execute(sa.insert(password_reset).values(**values, until=expires_at))
        minutes = int(RESET_TOKEN_LIFETIME.total_seconds() // 60)
        reset_url = absolute_url(f"/admin/reset/{token}")
        outbox.send_letter("reset", to=address, now=now, reset_url=reset_url, minutes=minutes)
    if row is not None and row.disabled_at is None and not must_wait:
        savepoint.commit()
    else:
        savepoint.rollback()


def find_by_reset_token(token: str, now: datetime) -> Account | None:
    """Return the account whose password a mailed token may set now. One statement."""
    rows = sa.select(*_COLUMNS).join(password_reset, password_reset.c.account_id == account.c.id)
    is_valid = sa.and_(password_reset.c.token_hash == sessions.hash_token(token), password_reset.c.until > now)
    row = db.session.connection().execute(rows.where(is_valid, account.c.disabled_at.is_(None))).one_or_none()
    return Account(*row) if row else None


def delete_expired_resets(now: datetime) -> int:
    """Delete expired reset tokens; return how many."""
    return db.session.connection().execute(sa.delete(password_reset).where(password_reset.c.until <= now)).rowcount


def _normalised(email: str) -> str:
    return str(parse_address(email.strip().lower()))


def _update(id: int, **values: object) -> None:
    db.session.connection().execute(sa.update(account).where(account.c.id == id).values(**values))


def _require_another_admin(id: int) -> None:
    others = sa.and_(account.c.role == Role.ADMIN, account.c.disabled_at.is_(None), account.c.id != id)
    rows = sa.select(account.c.id).where(others).with_for_update()
    if not db.session.connection().execute(rows).all():
        raise InvalidAccount("role", "This is the only admin. Make another user an admin first.")
