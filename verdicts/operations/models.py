"""The jobs of `flask work`."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.extensions import Base, UtcDateTime

MAX_NAME_LENGTH = 20
MAX_PROBLEM_LENGTH = 300


class Job(Base):
    """A job that workers do again and again: when one last began it, when one last did it, and what went wrong since.

    `problem` is "" where the last run did what it should.
    """

    __tablename__ = "job"

    name: Mapped[str] = mapped_column(sa.String(MAX_NAME_LENGTH), primary_key=True)
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(sa.String(MAX_PROBLEM_LENGTH), default="", server_default="")


job = Base.metadata.tables["job"]
