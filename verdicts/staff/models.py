"""Accounts and what belongs to them, and the audit log. Secrets are stored as hashes where that is possible."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.catalog.columns import closed_set
from verdicts.extensions import Base, UtcDateTime

HASH_LENGTH = 64
MAX_ENCRYPTED_LENGTH = 200
MAX_NAME_LENGTH = 40
MAX_EMAIL_LENGTH = 254
MAX_AGENT_LENGTH = 200
MAX_TAB_LENGTH = 20
MAX_VERSION_LENGTH = 16


class Role(StrEnum):
    """What an account may do. Editors write; admins also manage users, subscribers and sending."""

    EDITOR = "editor"
    ADMIN = "admin"


class Account(Base):
    """Someone who may log in. Accounts are disabled and never deleted: the audit log refers to them."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME_LENGTH), unique=True)
    email: Mapped[str] = mapped_column(sa.String(MAX_EMAIL_LENGTH), unique=True)
    role: Mapped[Role] = mapped_column(closed_set(Role, "role"))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    # Somebody else chose the password: after the next log-in its owner must choose another.
    must_change: Mapped[bool] = mapped_column(default=False)
    # Encrypted by staff.second_factor.
    totp_secret: Mapped[str | None] = mapped_column(sa.String(MAX_ENCRYPTED_LENGTH))
    # The time step of the last code that was used: each works once.
    totp_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code that replaces the second factor once."""

    __tablename__ = "recovery_code"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)


class StaffSession(Base):
    """One browser that is logged in, found by the hash of the token in its cookie."""

    __tablename__ = "staff_session"

    token_hash: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    agent: Mapped[str] = mapped_column(sa.String(MAX_AGENT_LENGTH))


class PasswordReset(Base):
    """The hash of a mailed token that lets its reader choose a new password once, until it expires."""

    __tablename__ = "password_reset"

    token_hash: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class FailedLogin(Base):
    """How often log-ins have failed lately, by account, by network and by other things that staff.throttle counts."""

    __tablename__ = "failed_login"

    key: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AuditEntry(Base):
    """Who did what to which record and when, with the changes. Triggers refuse to update or delete an entry."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_record", "kind", "record"),
        sa.Index("ix_audit_entry_record_id", "kind", "record_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    # The account's name at that time; "the command line" where nobody was logged in.
    actor: Mapped[str] = mapped_column(sa.String(MAX_NAME_LENGTH))
    action: Mapped[str] = mapped_column(sa.String(40), index=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    record: Mapped[str] = mapped_column(sa.String(200))
    # Its id where it is a record of the catalogue, which can be renamed.
    record_id: Mapped[int | None]
    # What changed: {"field": [before, after]}.
    changes: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class FormDraft(Base):
    """Unsaved changes of a form: its fields as the browser would send them."""

    __tablename__ = "form_draft"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    # The address of the form.
    place: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    fields: Mapped[list[list[str]]] = mapped_column(sa.JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # The record that the form of a new one was saved as: a resubmission of the form is known by it.
    record_id: Mapped[int | None]
    # The page of the form that stored it last.
    tab: Mapped[str] = mapped_column(sa.String(MAX_TAB_LENGTH), server_default="")
    discarded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecordVersion(Base):
    """A record as it was when somebody opened its form, so that what they submit is merged with what others saved."""

    __tablename__ = "record_version"

    version: Mapped[str] = mapped_column(sa.String(MAX_VERSION_LENGTH), primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


account = Base.metadata.tables["account"]
recovery_code = Base.metadata.tables["recovery_code"]
staff_session = Base.metadata.tables["staff_session"]
password_reset = Base.metadata.tables["password_reset"]
failed_login = Base.metadata.tables["failed_login"]
audit_entry = Base.metadata.tables["audit_entry"]
form_draft = Base.metadata.tables["form_draft"]
record_version = Base.metadata.tables["record_version"]
