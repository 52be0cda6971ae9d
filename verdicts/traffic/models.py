"""Tables of counts by day, and of the figures about tools that are made from them."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.extensions import Base

MAX_PATH_LENGTH = 600  # the address of four tools has up to 533
MAX_REFERRER_LENGTH = 100
MAX_SEARCH_LENGTH = 60


class PageView(Base):
    """How often a page was viewed on a day (UTC). `referrer` is the other site's host that led to it, or ""."""

    __tablename__ = "page_view"

    day: Mapped[date] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(sa.String(MAX_PATH_LENGTH), primary_key=True)
    referrer: Mapped[str] = mapped_column(sa.String(MAX_REFERRER_LENGTH), primary_key=True)
    views: Mapped[int]


class EmptySearch(Base):
    """How often a search on a day found nothing."""

    __tablename__ = "empty_search"

    day: Mapped[date] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(MAX_SEARCH_LENGTH), primary_key=True)
    searches: Mapped[int]


class ToolViews(Base):
    """How often a tool's page and its comparisons were viewed lately. `flask housekeeping` counts it again."""

    __tablename__ = "tool_views"
    __table_args__ = (sa.Index("ix_tool_views_views", "views", "tool_id"),)

    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"), primary_key=True)
    views: Mapped[int]


class PairViews(Base):
    """How often a tool was compared with another one lately: a row in each direction, as in ToolViews."""

    __tablename__ = "pair_views"
    __table_args__ = (
        sa.Index("ix_pair_views_tool_id_views", "tool_id", "views"),
        sa.Index("ix_pair_views_views", "views", "tool_id", "rival_id"),
    )

    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"), primary_key=True)
    rival_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"), primary_key=True, index=True)
    views: Mapped[int]


page_view = Base.metadata.tables["page_view"]
empty_search = Base.metadata.tables["empty_search"]
tool_views = Base.metadata.tables["tool_views"]
pair_views = Base.metadata.tables["pair_views"]
