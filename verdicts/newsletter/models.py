"""The newsletter's tables. An address is deleted when its subscription ends; a keyed hash of it remains.

Only an address to which email bounced is kept for a while, unused: see BouncedAddress.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.catalog.columns import closed_set
from verdicts.extensions import Base, UtcDateTime

MAX_ADDRESS_LENGTH = 254
HASH_LENGTH = 64


class Status(StrEnum):
    """The state of a subscription. Only the first two have an address."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"


class Rhythm(StrEnum):
    """When a subscriber wants to get an edition."""

    EVERY_WEEK = "every-week"
    ON_CHANGE = "on-change"


class Subscriber(Base):
    """One subscription, from sign-up to its end. A reader who comes back gets a new row."""

    __tablename__ = "subscriber"
    __table_args__ = (
        sa.CheckConstraint("(address IS NOT NULL) = (status IN ('pending', 'confirmed'))", name="address_while_used"),
        sa.Index("ix_subscriber_status", "status"),
        # Ids are never reused: tokens in old letters contain them.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # As it was typed, normalised. All spellings of one mailbox have the same `address_key`.
    address: Mapped[str | None] = mapped_column(sa.String(MAX_ADDRESS_LENGTH))
    address_key: Mapped[str | None] = mapped_column(sa.String(HASH_LENGTH), unique=True)
    status: Mapped[Status] = mapped_column(closed_set(Status, "status"))
    rhythm: Mapped[Rhythm] = mapped_column(closed_set(Rhythm, "rhythm"), default=Rhythm.EVERY_WEEK)
    # Increasing it revokes all tokens mailed so far.
    generation: Mapped[int] = mapped_column(default=1)
    consent_source: Mapped[str] = mapped_column(sa.String(200))
    consent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The last confirmation letter: the hash of its token, when it was written and when it expires.
    confirm_hash: Mapped[str | None] = mapped_column(sa.String(HASH_LENGTH), unique=True)
    confirm_mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirm_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SubscriberCategory(Base):
    """A category that a subscriber wants to read about. Without any, they read about all."""

    __tablename__ = "subscriber_category"

    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    category_id: Mapped[int] = mapped_column(
        sa.ForeignKey("category.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info={"dependant": ("subscriber who chose it", "subscribers who chose it")},
    )


class SubscriberTool(Base):
    """A tool that a subscriber follows, whatever its category."""

    __tablename__ = "subscriber_tool"

    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    tool_id: Mapped[int] = mapped_column(
        sa.ForeignKey("tool.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info={"dependant": ("subscriber who follows it", "subscribers who follow it")},
    )


class Suppression(Base):
    """An address that must not be mailed, stored as a keyed hash only. Imports skip it."""

    __tablename__ = "suppression"

    address_key: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)
    # The subscription that ended: its reader may complain after leaving.
    subscriber_id: Mapped[int | None] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="SET NULL"), index=True)
    reason: Mapped[Status] = mapped_column(closed_set(Status, "reason"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class HardBounce(Base):
    """A mail server's word that a subscriber's mailbox does not exist. See newsletter.hard_bounces."""

    __tablename__ = "hard_bounce"
    __table_args__ = (sa.Index("ix_hard_bounce_edition_id_at", "edition_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="CASCADE"), index=True)
    # The edition whose email bounced, or tokens.NO_EDITION for a single letter.
    edition_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    # So many addresses bounced together that the mail server is to blame: it says nothing about the mailbox.
    is_held: Mapped[bool] = mapped_column(default=False)


class BouncedAddress(Base):
    """The address of a subscription that ended because email to it bounced. Nothing is sent to it.

    It is kept for retention.BOUNCED_ADDRESS_RETENTION, in which an admin can restore the subscription.
    """

    __tablename__ = "bounced_address"

    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(sa.String(MAX_ADDRESS_LENGTH))
    address_key: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), index=True)
    consent_source: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SignupTurn(Base):
    """When an address was last mailed a confirmation, or will be, or when a mailbox first was; deleted after a day.

    `asked` counts the sign-ups or letters since, and `follow_id` is the tool of an address's letter.
    """

    __tablename__ = "signup_turn"

    address_key: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)
    mailed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    asked: Mapped[int]
    follow_id: Mapped[int | None]


subscriber = Base.metadata.tables["subscriber"]
subscriber_category = Base.metadata.tables["subscriber_category"]
subscriber_tool = Base.metadata.tables["subscriber_tool"]
suppression = Base.metadata.tables["suppression"]
hard_bounce = Base.metadata.tables["hard_bounce"]
bounced_address = Base.metadata.tables["bounced_address"]
signup_turn = Base.metadata.tables["signup_turn"]
