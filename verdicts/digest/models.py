"""The digest's tables: editions, their news, their frozen blocks, and one delivery for each subscriber.

The package reads and writes them with SQLAlchemy Core, through the tables at the end. editions.Edition holds a row.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.catalog.columns import closed_set, partial_index
from verdicts.extensions import Base, UtcDateTime


class EditionState(StrEnum):
    DRAFT = "draft"
    FROZEN = "frozen"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class ItemKind(StrEnum):
    """What an item is about, in the order of items in a draft's category."""

    NEW_TOOL = "new-tool"
    NEW_COMPARISON = "new-comparison"
    VERDICT_CHANGE = "verdict-change"
    PRICE_MOVE = "price-move"
    DISAGREEMENT = "disagreement"
    VOTES = "votes"


class BlockKind(StrEnum):
    HEAD = "head"
    CATEGORY = "category"
    TOOL = "tool"
    FOOT = "foot"


class DeliveryState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    TRANSMITTING = "transmitting"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


class Edition(Base):
    """The digest of one ISO week. At most one edition of a week is not cancelled. `sender` is the From header."""

    __tablename__ = "edition"
    __table_args__ = (partial_index("uq_edition_week", "year", "week", where="state != 'cancelled'", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    week: Mapped[int]
    state: Mapped[EditionState] = mapped_column(closed_set(EditionState, "state"), index=True)
    intro: Mapped[str] = mapped_column("note", sa.Text, key="intro", default="")
    subject: Mapped[str] = mapped_column(sa.String(200), default="")
    sender: Mapped[str] = mapped_column(sa.String(300), default="")
    # SHA-256 of the frozen blocks and headers (freezing.content_hash): what was approved is what is sent.
    content_hash: Mapped[str | None] = mapped_column("digest", sa.String(64), key="content_hash")
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str | None] = mapped_column("paused_because", sa.String(500), key="pause_reason")
    # Different recipients refused for good since the last accepted message: see digest.brake.
    consecutive_refusals: Mapped[int] = mapped_column("unrecognised_running", key="consecutive_refusals", default=0)
    # Nothing has been accepted since sending began or was last resumed.
    awaits_acceptance: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class EditionItem(Base):
    """One piece of news. `details` is its content when it was drafted, which later edits of a tool do not change."""

    __tablename__ = "edition_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ItemKind] = mapped_column(closed_set(ItemKind, "kind"))
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("category.id", ondelete="SET NULL"))
    tool_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    details: Mapped[dict[str, object]] = mapped_column("facts", sa.JSON, key="details", default=dict)
    is_removed: Mapped[bool] = mapped_column("dropped", key="is_removed", default=False)
    position: Mapped[int]


class EditionBlock(Base):
    """A piece of the frozen letter as text and as HTML. Placeholders mark where a recipient's own tokens go."""

    __tablename__ = "edition_block"
    __table_args__ = (sa.UniqueConstraint("edition_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"))
    kind: Mapped[BlockKind] = mapped_column(closed_set(BlockKind, "kind"))
    # The category of its news. Only a tool's own block has `tool_ids`: one tool, or all tools of a comparison.
    category_id: Mapped[int | None]
    tool_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    has_verdict_or_price_change: Mapped[bool] = mapped_column(
        "has_change", key="has_verdict_or_price_change", default=False
    )
    text: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    # What the subject and the preheader say of a copy that begins with this block.
    subject: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    preview: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    position: Mapped[int]


class Delivery(Base):
    """One edition for one subscriber. It is transmitted at most once, unless an operator has it sent again."""

    __tablename__ = "delivery"
    __table_args__ = (sa.Index("ix_delivery_edition_id_state_due_at", "edition_id", "state", "due_at"),)

    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id"), primary_key=True, index=True)
    state: Mapped[DeliveryState] = mapped_column(closed_set(DeliveryState, "state"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(sa.String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The mail server's last reply, or why nothing was sent.
    state_reason: Mapped[str | None] = mapped_column("reply", sa.String(500), key="state_reason")
    # Refused for good once, and this site may be the cause. Where it is not failed, it was put back: see digest.brake.
    may_be_our_fault: Mapped[bool] = mapped_column("is_suspicious", key="may_be_our_fault", default=False)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


edition = Base.metadata.tables["edition"]
edition_item = Base.metadata.tables["edition_item"]
edition_block = Base.metadata.tables["edition_block"]
delivery = Base.metadata.tables["delivery"]
