"""Tables of what readers report."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.catalog.columns import closed_set
from verdicts.extensions import Base, UtcDateTime

MAX_PAGE_LENGTH = 600  # the address of four tools has up to 533
MAX_SOURCE_LENGTH = 500


class PriceDoubt(Base):
    """A reader doubts a tool's price: one row per network and tool, until an editor checks the price."""

    __tablename__ = "price_doubt"
    __table_args__ = (sa.UniqueConstraint("tool_id", "network"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"))
    # A hash under the key of its day (voting.networks); see retention.py for when it is cleared.
    network: Mapped[str | None] = mapped_column(sa.String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CorrectionState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


class Correction(Base):
    """A message sent through /contact. See retention.py for when its address is cleared."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The page it is about: a path of this site, or "".
    page: Mapped[str] = mapped_column(sa.String(MAX_PAGE_LENGTH), default="")
    text: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str | None] = mapped_column(sa.String(MAX_SOURCE_LENGTH))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[CorrectionState] = mapped_column(closed_set(CorrectionState, "state"), index=True)
    outcome: Mapped[str | None] = mapped_column(sa.String(500))
    decided_by: Mapped[str | None] = mapped_column(sa.String(40))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


price_doubt = Base.metadata.tables["price_doubt"]
correction = Base.metadata.tables["correction"]
