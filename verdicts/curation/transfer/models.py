"""The table of files between their dry run and their import."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.extensions import Base, UtcDateTime

MAX_NAME_LENGTH = 200


class PendingImport(Base):
    """A catalogue file that an account sent for a dry run. The next one replaces it, and it is deleted after a day."""

    __tablename__ = "pending_import"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME_LENGTH))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


pending_import = Base.metadata.tables["pending_import"]
