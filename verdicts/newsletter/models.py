"""The newsletter's tables. An address is kept only as long as it is written to; then a keyed hash of it remains."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.catalog.models import closed_set
from verdicts.extensions import Base, UtcDateTime

ADDRESS_LENGTH = 254
HASH_LENGTH = 64


class Status(StrEnum):
    """Where a subscription stands. After the first two the address is gone."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"


class Rhythm(StrEnum):
    """When a subscriber wants an edition."""

    EVERY_WEEK = "every-week"
    ON_CHANGE = "on-change"


class Subscriber(Base):
    """One subscription, from sign-up to its end; whoever comes back is a new one."""

    __tablename__ = "subscriber"
    __table_args__ = (
        sa.CheckConstraint("(address IS NOT NULL) = (status IN ('pending', 'confirmed'))", name="address_while_used"),
        sa.Index("ix_subscriber_status", "status"),
        # An id is never used again: tokens in letters that were mailed name it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # As it was typed, normalised; `address_key` is what two spellings of one mailbox have in common.
    address: Mapped[str | None] = mapped_column(sa.String(ADDRESS_LENGTH))
    address_key: Mapped[str | None] = mapped_column(sa.String(HASH_LENGTH), unique=True)
    status: Mapped[Status] = mapped_column(closed_set(Status, "status"))
    rhythm: Mapped[Rhythm] = mapped_column(closed_set(Rhythm, "rhythm"), default=Rhythm.EVERY_WEEK)
    # Grows when every token mailed so far must stop working.
    generation: Mapped[int] = mapped_column(default=1)
    consent_source: Mapped[str] = mapped_column(sa.String(200))
    consent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The confirmation last mailed: hash of its token, when it was written and until when it holds.
    confirm_hash: Mapped[str | None] = mapped_column(sa.String(HASH_LENGTH), unique=True)
    confirm_mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirm_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SubscriberCategory(Base):
    """A category a subscriber wants to read of. Without any, they read of all."""

    __tablename__ = "subscriber_category"

    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    category_id: Mapped[int] = mapped_column(
        sa.ForeignKey("category.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SubscriberTool(Base):
    """A tool a subscriber follows, whatever its category."""

    __tablename__ = "subscriber_tool"

    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"), primary_key=True, index=True)


class Suppression(Base):
    """An address that must not be written to, known only by its keyed hash. An import cannot bring it back."""

    __tablename__ = "suppression"

    address_key: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)
    # Whose subscription ended so: a complaint may come after its reader has left.
    subscriber_id: Mapped[int | None] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="SET NULL"), index=True)
    reason: Mapped[Status] = mapped_column(closed_set(Status, "reason"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignupTurn(Base):
    """When an address was last mailed a confirmation, and how often it was asked for since; kept for a day."""

    __tablename__ = "signup_turn"

    address_key: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)
    mailed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    asked: Mapped[int]


subscriber = Base.metadata.tables["subscriber"]
subscriber_category = Base.metadata.tables["subscriber_category"]
subscriber_tool = Base.metadata.tables["subscriber_tool"]
suppression = Base.metadata.tables["suppression"]
signup_turn = Base.metadata.tables["signup_turn"]
