"""What readers told us, until an editor has looked."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.catalog.models import closed_set
from verdicts.extensions import Base, UtcDateTime


class PriceDoubt(Base):
    """A reader says that a price is wrong: once a network and tool, until the price is checked."""

    __tablename__ = "price_doubt"
    __table_args__ = (sa.UniqueConstraint("tool_id", "network"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"))
    # Hashed under a key of its day (voting.networks); blanked after a week.
    network: Mapped[str | None] = mapped_column(sa.String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CorrectionState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


class Correction(Base):
    """What somebody wrote through /contact. Their address is kept until it is answered, and a month more."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The page it is about: a path of ours, or "".
    page: Mapped[str] = mapped_column(sa.String(300), default="")
    text: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str | None] = mapped_column(sa.String(500))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[CorrectionState] = mapped_column(closed_set(CorrectionState, "state"), index=True)
    outcome: Mapped[str | None] = mapped_column(sa.String(500))
    decided_by: Mapped[str | None] = mapped_column(sa.String(40))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


price_doubt = Base.metadata.tables["price_doubt"]
correction = Base.metadata.tables["correction"]
