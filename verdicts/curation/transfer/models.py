"""What waits between the dry run of an import and the word to go on."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.extensions import Base, UtcDateTime


class PendingImport(Base):
    """A catalogue file that somebody sent for a dry run; the next one takes its place, and a day ends it."""

    __tablename__ = "pending_import"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


pending_import = Base.metadata.tables["pending_import"]
