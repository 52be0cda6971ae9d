"""Tables of the outbox and of how much mail has been sent."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.extensions import Base, UtcDateTime


class OutboxLetter(Base):
    """A rendered letter to one recipient. The row is deleted once the letter is sent or given up."""

    __tablename__ = "outbox_letter"
    __table_args__ = (sa.Index("ix_outbox_letter_due", "next_try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str] = mapped_column(sa.String(300))
    text: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    headers: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    # An earlier try got no reply after the final dot, so the next one may deliver a second copy.
    doubtful: Mapped[bool] = mapped_column(default=False)
    owner: Mapped[str | None] = mapped_column(sa.String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_reply: Mapped[str | None] = mapped_column(sa.String(500))


class SendingAllowance(Base):
    """How many messages all senders together have sent: one row per slot of a minute, one per day."""

    __tablename__ = "sending_allowance"

    period: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    used: Mapped[int] = mapped_column(default=0)


outbox_letter = Base.metadata.tables["outbox_letter"]
sending_allowance = Base.metadata.tables["sending_allowance"]
