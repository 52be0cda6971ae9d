"""Accounts: who may log in, as what, and with which password. The callers have called begin_write(), and commit."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from verdicts.extensions import db
from verdicts.mailing import outbox
from verdicts.mailing.addresses import AddressRefused, address_parts
from verdicts.mailing.letters import link, render
from verdicts.staff import sessions
from verdicts.staff.models import NAME_LENGTH, Role, account, password_reset

RESET_WITHIN = timedelta(hours=1)
_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9._-]{{0,{NAME_LENGTH - 2}}}[a-z0-9])?")


class AccountFault(ValueError):
    """Something about an account cannot be so; `field` is which, and the message says why, in words."""

    def __init__(self, field: str, words: str) -> None:
        self.field = field
        super().__init__(words)


@dataclass(frozen=True)
class Account:
    """Someone who may log in. `password_hash` is for passwords.is_right alone."""

    id: int
    name: str
    email: str
    role: Role
    password_hash: str
    must_change: bool
    totp_secret: str | None
    disabled_at: datetime | None


_COLUMNS = [account.c[name] for name in Account.__dataclass_fields__]


def add(name: str, email: str, role: Role, password_hash: str, now: datetime, *, must_change: bool = True) -> int:
    """Add an account and return its id. Raises AccountFault where name or address cannot be, or are another's."""
    if not _NAME.fullmatch(name):
        raise AccountFault("name", "A name has lower-case letters, digits, dots, hyphens: ann, or ann.lee.")
    try:
        address = str(address_parts(email.strip().lower()))
    except AddressRefused:
        raise AccountFault("email", "This is no email address such as ann@example.org.") from None
    row = {"name": name, "email": address, "role": role, "password_hash": password_hash, "must_change": must_change}
    attempt = db.session.connection().begin_nested()
    try:
        made = sa.insert(account).values(**row, totp_step=0, created_at=now).returning(account.c.id)
        id: int = db.session.connection().execute(made).scalar_one()
    except IntegrityError:
        attempt.rollback()
        field = "name" if find(name) else "email"
        raise AccountFault(
            field, f"There is an account with this {'name' if field == 'name' else 'address'}."
        ) from None
    attempt.commit()
    return id


def find(name: str) -> Account | None:
    """Return the account of this name, disabled or not. One statement."""
    row = db.session.connection().execute(sa.select(*_COLUMNS).where(account.c.name == name)).one_or_none()
    return Account(*row) if row else None


def get(id: int) -> Account:
    return Account(*db.session.connection().execute(sa.select(*_COLUMNS).where(account.c.id == id)).one())


def everyone() -> list[Account]:
    """Return all accounts by name, the disabled last. One statement."""
    rows = sa.select(*_COLUMNS).order_by(account.c.disabled_at.is_not(None), account.c.name)
    return [Account(*row) for row in db.session.connection().execute(rows)]


def set_password(id: int, password_hash: str, *, must_change: bool = False, but: str | None = None) -> None:
    """Set a password, end every session (but perhaps one), and make letters that were to reset it worthless."""
    row = sa.update(account).where(account.c.id == id)
    db.session.connection().execute(row.values(password_hash=password_hash, must_change=must_change))
    db.session.connection().execute(sa.delete(password_reset).where(password_reset.c.account_id == id))
    sessions.end_all(id, but)


def set_role(id: int, role: Role) -> None:
    """Raises AccountFault where nobody would be left who is an admin."""
    if role is not Role.ADMIN:
        _refuse_the_last_admin(id)
    db.session.connection().execute(sa.update(account).where(account.c.id == id).values(role=role))


def disable(id: int, now: datetime) -> None:
    """Let someone in no more, and end their sessions. Raises AccountFault for the last admin."""
    _refuse_the_last_admin(id)
    db.session.connection().execute(sa.update(account).where(account.c.id == id).values(disabled_at=now))
    sessions.end_all(id)


def enable(id: int) -> None:
    db.session.connection().execute(sa.update(account).where(account.c.id == id).values(disabled_at=None))


def mail_a_reset(email: str, now: datetime) -> None:
    """Mail a link for a new password to whoever has this address; for others the same is done, and taken back."""
    try:
        address = str(address_parts(email.strip().lower()))
    except AddressRefused:
        address = "nobody@verdicts.example"
    row = db.session.connection().execute(sa.select(account).where(account.c.email == address)).one_or_none()
    may_log_in = row is not None and row.disabled_at is None
    token = secrets.token_urlsafe(32)
    letter = render("reset", reset_url=link(f"/admin/reset/{token}"), minutes=int(RESET_WITHIN.total_seconds() // 60))
    attempt = db.session.connection().begin_nested()
    first = db.session.connection().scalar(sa.select(sa.func.min(account.c.id)))
    if row is not None or first is not None:
        values = {"token_hash": sessions.hash_of(token), "account_id": row.id if row else first}
        db.session.connection().execute(sa.insert(password_reset).values(**values, until=now + RESET_WITHIN))
        outbox.put(letter, to=address, now=now)
    if may_log_in:
        attempt.commit()
    else:
        attempt.rollback()


def find_reset(token: str, now: datetime) -> Account | None:
    """Return whose password a letter's token may set. One statement."""
    rows = sa.select(*_COLUMNS).join(password_reset, password_reset.c.account_id == account.c.id)
    is_it = sa.and_(password_reset.c.token_hash == sessions.hash_of(token), password_reset.c.until > now)
    row = db.session.connection().execute(rows.where(is_it, account.c.disabled_at.is_(None))).one_or_none()
    return Account(*row) if row else None


def forget_resets(now: datetime) -> int:
    """Delete letters' tokens that are past their hour; return how many."""
    return db.session.connection().execute(sa.delete(password_reset).where(password_reset.c.until <= now)).rowcount


def _refuse_the_last_admin(id: int) -> None:
    others = sa.and_(account.c.role == Role.ADMIN, account.c.disabled_at.is_(None), account.c.id != id)
    rows = sa.select(account.c.id).where(others).with_for_update()
    if not db.session.connection().execute(rows).all():
        raise AccountFault("role", "Nobody else is an admin: make another one first.")
