"""The digest's tables: editions, their news, their frozen blocks, and one delivery for each subscriber.

The package reads and writes them by SQLAlchemy Core, through the tables at the end; editions.Edition holds a row.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.catalog.models import closed_set
from verdicts.extensions import Base, UtcDateTime


class EditionState(StrEnum):
    DRAFT = "draft"
    FROZEN = "frozen"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class ItemKind(StrEnum):
    """What an item is about, in the order that items stand in a draft's category."""

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
    """The digest of one ISO week. A week has one edition that is not cancelled."""

    __tablename__ = "edition"
    __table_args__ = (
        sa.Index(
            "uq_edition_week",
            "year",
            "week",
            unique=True,
            sqlite_where=sa.text("state != 'cancelled'"),
            postgresql_where=sa.text("state != 'cancelled'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    week: Mapped[int]
    state: Mapped[EditionState] = mapped_column(closed_set(EditionState, "state"), index=True)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    subject: Mapped[str] = mapped_column(sa.String(200), default="")
    sender: Mapped[str] = mapped_column(sa.String(300), default="")
    # SHA-256 over the frozen blocks and headers (freezing.content_hash): what was approved is what is sent.
    digest: Mapped[str | None] = mapped_column(sa.String(64))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_because: Mapped[str | None] = mapped_column(sa.String(500))
    unrecognised_running: Mapped[int] = mapped_column(default=0)


class EditionItem(Base):
    """One piece of news. `facts` holds what it says, stored when drafted, so later edits of a tool do not change it."""

    __tablename__ = "edition_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ItemKind] = mapped_column(closed_set(ItemKind, "kind"))
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("category.id", ondelete="SET NULL"))
    tool_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    facts: Mapped[dict[str, object]] = mapped_column(sa.JSON, default=dict)
    dropped: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]


class EditionBlock(Base):
    """A piece of the frozen letter as text and as HTML. Placeholders stand where a recipient's own tokens go."""

    __tablename__ = "edition_block"
    __table_args__ = (sa.UniqueConstraint("edition_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"))
    kind: Mapped[BlockKind] = mapped_column(closed_set(BlockKind, "kind"))
    # The category of its news. Only a tool's own block has `tool_ids`: one tool, or all tools of a comparison.
    category_id: Mapped[int | None]
    tool_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    has_change: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    position: Mapped[int]


class Delivery(Base):
    """One edition for one subscriber. It is transmitted at most once, unless an operator orders it sent again."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.Index("ix_delivery_edition_id_state_due_at", "edition_id", "state", "due_at"),
        sa.Index(
            "ix_delivery_lease_until",
            "lease_until",
            sqlite_where=sa.text("state IN ('leased', 'transmitting')"),
            postgresql_where=sa.text("state IN ('leased', 'transmitting')"),
        ),
    )

    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id"), primary_key=True, index=True)
    state: Mapped[DeliveryState] = mapped_column(closed_set(DeliveryState, "state"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(sa.String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str | None] = mapped_column(sa.String(500))
    # Failed on an unrecognised 5xx, and no message was accepted since: the cause may be this site.
    is_suspicious: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


edition = Base.metadata.tables["edition"]
edition_item = Base.metadata.tables["edition_item"]
edition_block = Base.metadata.tables["edition_block"]
delivery = Base.metadata.tables["delivery"]
