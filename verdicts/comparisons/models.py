"""Curated comparisons: an editor's words about several tools. Any other tools have a page all the same."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from verdicts.catalog.columns import IDS_NEVER_REUSED, owned
from verdicts.catalog.models import Tool
from verdicts.comparisons.address import canonical
from verdicts.extensions import Base, UtcDateTime


class Comparison(Base):
    __tablename__ = "comparison"
    __table_args__ = (sa.Index("ix_comparison_featured_position", "featured", "position"), IDS_NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    # The tools' ids, ascending, joined by commas: the database refuses a second comparison of the same tools.
    members_key: Mapped[str] = mapped_column(sa.String(60), unique=True)
    headline: Mapped[str | None] = mapped_column(sa.String(60))
    bottom_line: Mapped[str] = mapped_column(sa.Text, default="")
    featured: Mapped[bool] = mapped_column(default=False)
    # Public from this moment on, if its tools are; None for a draft or an unpublished comparison.
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    # When it was first public: publishing it again is no news.
    first_published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    position: Mapped[int]

    members: Mapped[list["ComparisonTool"]] = owned("ComparisonTool.position")
    choose_if: Mapped[list["ChooseIf"]] = owned("ChooseIf.position")

    @property
    def slug(self) -> str:
        """The end of its address."""
        return canonical(member.tool.slug for member in self.members)

    @property
    def name(self) -> str:
        return " vs ".join(member.tool.name for member in self.members)


class ComparisonTool(Base):
    __tablename__ = "comparison_tool"

    comparison_id: Mapped[int] = mapped_column(sa.ForeignKey("comparison.id", ondelete="CASCADE"), primary_key=True)
    tool_id: Mapped[int] = mapped_column(
        sa.ForeignKey("tool.id"), primary_key=True, index=True, info={"dependant": ("comparison", "comparisons")}
    )
    position: Mapped[int]

    tool: Mapped[Tool] = relationship()


class ChooseIf(Base):
    """One line that completes "Choose this tool if …"."""

    __tablename__ = "choose_if"

    id: Mapped[int] = mapped_column(primary_key=True)
    comparison_id: Mapped[int] = mapped_column(sa.ForeignKey("comparison.id", ondelete="CASCADE"), index=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id"))
    when: Mapped[str] = mapped_column(sa.String(300))
    position: Mapped[int]

    tool: Mapped[Tool] = relationship()
