"""The catalogue's tables. Rows of review_revision and price_record are only added, so no history is lost."""

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from verdicts.catalog.columns import (
    IDS_NEVER_REUSED,
    closed_set,
    days_since_epoch,
    one_per_tool,
    owned,
    partial_index,
    web_address,
)
from verdicts.catalog.kinds import (
    NAME_LENGTH,
    SLUG_LENGTH,
    Basis,
    Period,
    PriceModel,
    ReviewerKind,
    ToolState,
    Verdict,
)
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS, PLACE_LENGTH, UNKNOWN_PLACE, place_of
from verdicts.extensions import Base, ExactDecimal, UtcDateTime

# The place by panel of a tool without reviews: after all others, which have negative ones.
NOT_REVIEWED_PLACE = 1


class Category(Base):
    __tablename__ = "category"
    __table_args__ = (IDS_NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(SLUG_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    position: Mapped[int]

    facts: Mapped[list["CategoryFact"]] = owned("CategoryFact.position")
    picks: Mapped[list["CategoryPick"]] = owned("CategoryPick.position")
    former_slugs: Mapped[list["CategoryAlias"]] = owned()


class CategoryAlias(Base):
    """A slug that a category had before."""

    __tablename__ = "category_alias"

    slug: Mapped[str] = mapped_column(sa.String(SLUG_LENGTH), primary_key=True)
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("category.id", ondelete="CASCADE"), index=True)


class CategoryFact(Base):
    """One fact that tools of a category are compared on."""

    __tablename__ = "category_fact"
    __table_args__ = (sa.UniqueConstraint("category_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("category.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(40))
    label: Mapped[str] = mapped_column(sa.String(80))
    position: Mapped[int]


_PICKS_DEPEND_ON_IT = {"dependant": ("pick", "picks")}


class CategoryPick(Base):
    """The tool that editors pick for one need, and the next best."""

    __tablename__ = "category_pick"
    __table_args__ = (
        sa.UniqueConstraint("category_id", "need"),
        sa.CheckConstraint("runner_up_id != tool_id", name="another_runner_up"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("category.id", ondelete="CASCADE"))
    need: Mapped[str] = mapped_column(sa.String(120))
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id"), index=True, info=_PICKS_DEPEND_ON_IT)
    runner_up_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tool.id"), index=True, info=_PICKS_DEPEND_ON_IT)
    skip_if: Mapped[str] = mapped_column(sa.String(300), default="")
    picked_on: Mapped[date | None]
    position: Mapped[int]

    tool: Mapped["Tool"] = relationship(foreign_keys=[tool_id])
    runner_up: Mapped["Tool | None"] = relationship(foreign_keys=[runner_up_id])


class Reviewer(Base):
    __tablename__ = "reviewer"
    __table_args__ = (IDS_NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(SLUG_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    kind: Mapped[ReviewerKind] = mapped_column(closed_set(ReviewerKind, "kind"))
    motto: Mapped[str] = mapped_column(sa.String(160), default="")
    bio: Mapped[str] = mapped_column(sa.Text, default="")
    likes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    dislikes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # When they left the panel: their reviews stay, and no more are expected.
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    position: Mapped[int]

    former_slugs: Mapped[list["ReviewerAlias"]] = owned()


class ReviewerAlias(Base):
    """A slug that a reviewer had before."""

    __tablename__ = "reviewer_alias"

    slug: Mapped[str] = mapped_column(sa.String(SLUG_LENGTH), primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("reviewer.id", ondelete="CASCADE"), index=True)


class Logo(Base):
    """A picture in our own encoding, known by the SHA-256 of its bytes: two tools may share one."""

    __tablename__ = "logo"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    image: Mapped[bytes] = mapped_column(sa.LargeBinary)
    width: Mapped[int]
    height: Mapped[int]


def _sort_name_of_new(context: DefaultExecutionContext) -> str:
    name: str = context.get_current_parameters()["name"]  # type: ignore[no-untyped-call]
    return name.lower()


class Tool(Base):
    __tablename__ = "tool"
    __table_args__ = (
        web_address("website"),
        sa.CheckConstraint("successor_id != id", name="another_successor"),
        sa.CheckConstraint("state != 'active' OR (ended_on IS NULL AND successor_id IS NULL)", name="active_goes_on"),
        # A category's tools in the editors' order, and how many of them are published.
        sa.Index("ix_tool_category_id_position", "category_id", "position"),
        sa.Index("ix_tool_category_id_published_at", "category_id", "published_at"),
        # The licences of published tools, each once.
        sa.Index("ix_tool_license_published_at", "license", "published_at"),
        partial_index("ix_tool_ended_on", "ended_on", where="ended_on IS NOT NULL"),
        # What a search leaves out.
        partial_index("ix_tool_unpublished", "id", where="published_at IS NULL"),
        # How many tools have each panel key, and the first ones of a key, in all and in a category.
        sa.Index("ix_tool_panel_key", "panel_key", "position", "published_at", "state"),
        sa.Index("ix_tool_category_id_panel_key", "category_id", "panel_key", "position", "published_at", "state"),
        # The directory's orders.
        sa.Index("ix_tool_panel_place", "panel_place", "position", "id"),
        sa.Index("ix_tool_price_place", "price_place", "position", "id"),
        sa.Index("ix_tool_sort_name", "sort_name", "id"),
        # A category's tools by their panels.
        sa.Index("ix_tool_category_id_panel_place", "category_id", "panel_place", "sort_name", "id"),
        IDS_NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    # The name in small letters, for lists in alphabetical order. Python makes it: the lower() of one SQLite knows other
    # letters than that of the next, and an index must not depend on who opens the file.
    sort_name: Mapped[str] = mapped_column(sa.String(2 * NAME_LENGTH), default=_sort_name_of_new, server_default="")
    tagline: Mapped[str] = mapped_column(sa.String(200), default="")
    category_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("category.id"), index=True, info={"dependant": ("tool", "tools")}
    )
    description: Mapped[str] = mapped_column(sa.Text, default="")
    website: Mapped[str | None] = mapped_column(sa.String(500))
    maker: Mapped[str] = mapped_column(sa.String(120), default="")
    # What people search for and mean this tool by.
    synonyms: Mapped[list[str]] = mapped_column(sa.JSON, default=list, server_default="[]")
    license: Mapped[str] = mapped_column(sa.String(80), default="")
    launched_on: Mapped[date | None]
    state: Mapped[ToolState] = mapped_column(
        closed_set(ToolState, "state"), default=ToolState.ACTIVE, server_default=ToolState.ACTIVE
    )
    # The day on which it was renamed or retired, or will be.
    ended_on: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("tool.id"), index=True, info={"dependant": ("tool that it succeeds", "tools that it succeeds")}
    )
    # Public from this moment on; None for a draft or an unpublished tool.
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    # When it was first public: publishing it again is no news.
    first_published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The record it was merged into: all it had has moved there, except the record of its votes.
    merged_into_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("tool.id"),
        info={"dependant": ("record that was merged into it", "records that were merged into it")},
    )
    logo_digest: Mapped[str | None] = mapped_column(sa.ForeignKey("logo.digest"))
    # What its panel says, for rankings: see catalog.panel_keys.
    panel_key: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    # Where it stands among others by its panel: smaller comes first.
    panel_place: Mapped[int] = mapped_column(default=NOT_REVIEWED_PLACE, server_default=str(NOT_REVIEWED_PLACE))
    # Where it stands by its current price: see prices.place_of().
    price_place: Mapped[str] = mapped_column(
        sa.String(PLACE_LENGTH), default=UNKNOWN_PLACE, server_default=UNKNOWN_PLACE
    )
    position: Mapped[int] = mapped_column(index=True)

    category: Mapped[Category | None] = relationship()
    successor: Mapped["Tool | None"] = relationship(foreign_keys=[successor_id], remote_side=[id])
    slugs: Mapped[list["ToolSlug"]] = owned("ToolSlug.position", back_populates="tool")
    facts: Mapped[list["ToolFact"]] = owned("ToolFact.position")
    plans: Mapped[list["Plan"]] = owned("Plan.position")
    prices: Mapped[list["PriceRecord"]] = owned("PriceRecord.position")
    releases: Mapped[list["Release"]] = owned("Release.position")
    reviews: Mapped[list["Review"]] = owned("Review.position")

    @validates("name")
    def _set_sort_name(self, _field: str, name: str) -> str:
        self.sort_name = name.lower()
        return name

    @property
    def slug(self) -> str:
        """The slug of its address; "" where it was merged into another, which took its names."""
        return next((entry.slug for entry in self.slugs if entry.is_current), "")

    @property
    def aliases(self) -> list[str]:
        return [entry.slug for entry in self.slugs if not entry.is_current]

    @property
    def current_price(self) -> "PriceRecord | None":
        return next((price for price in self.prices if price.until is None), None)

    def set_price_place(self) -> None:
        """Stand where its current price puts it. Call it wherever that changes."""
        price = self.current_price
        self.price_place = place_of(price.model, price.amount, price.currency, price.period) if price else UNKNOWN_PLACE


class ToolSlug(Base):
    """A tool's current slug, or an alias that redirects to it. One table for both, so no two tools share a name."""

    __tablename__ = "tool_slug"
    __table_args__ = (
        sa.CheckConstraint("slug = lower(slug) AND '-' || slug || '-' NOT LIKE '%-vs-%'", name="shape"),
        one_per_tool("uq_tool_slug_current", "is_current"),
    )

    slug: Mapped[str] = mapped_column(sa.String(SLUG_LENGTH), primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"), index=True)
    is_current: Mapped[bool]
    position: Mapped[int]

    tool: Mapped[Tool] = relationship(back_populates="slugs")


class SpellingKey(Base):
    """A term of a tool's names under itself and under itself without one letter: see catalog.spelling."""

    __tablename__ = "spelling_key"

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    term: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    written: Mapped[str] = mapped_column(sa.Text)


class ToolFact(Base):
    """A tool's value for one of its category's fact keys. A key without a row is not checked."""

    __tablename__ = "tool_fact"
    __table_args__ = (sa.UniqueConstraint("tool_id", "key"), web_address("source"))

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(40))
    value: Mapped[str] = mapped_column(sa.String(300))
    source: Mapped[str | None] = mapped_column(sa.String(500))
    checked_on: Mapped[date | None]
    position: Mapped[int]


class Plan(Base):
    __tablename__ = "plan"
    __table_args__ = (sa.UniqueConstraint("tool_id", "name"), web_address("source"))

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    amount: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    period: Mapped[Period | None] = mapped_column(closed_set(Period, "period"))
    per: Mapped[str | None] = mapped_column(sa.String(40))
    limit: Mapped[str | None] = mapped_column(sa.String(200))
    source: Mapped[str | None] = mapped_column(sa.String(500))
    checked_on: Mapped[date | None]
    position: Mapped[int]


_checked_on, _looked_on = sa.column("checked_on", sa.Date), sa.column("looked_on", sa.Date)
_latest_look = sa.case((_looked_on > _checked_on, _looked_on), else_=sa.func.coalesce(_checked_on, _looked_on))


class PriceRecord(Base):
    """A tool's entry price as a dated fact. The current one has no `until`; the others are history."""

    __tablename__ = "price_record"
    __table_args__ = (
        one_per_tool("uq_price_record_current", "until IS NULL"),
        web_address("source"),
        partial_index("ix_price_record_until_id", "until", "id", where="until IS NOT NULL"),
        partial_index("ix_price_record_due_day", "due_day", "tool_id", where="until IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"), index=True)
    model: Mapped[PriceModel] = mapped_column(closed_set(PriceModel, "model"))
    amount: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    period: Mapped[Period | None] = mapped_column(closed_set(Period, "period"))
    source: Mapped[str | None] = mapped_column(sa.String(500))
    checked_on: Mapped[date | None]
    looked_on: Mapped[date | None]  # when an editor looked for a page that shows it, and found none
    until: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(sa.String(500))
    # How long its last check holds: see price_checks.interval_after().
    interval_days: Mapped[int] = mapped_column(default=FIRST_INTERVAL_DAYS)
    # From which day somebody should look again, after the last check and the last look; 0 where there was none. The
    # database computes it: see price_checks.is_due().
    due_day: Mapped[int] = mapped_column(
        sa.Computed(
            sa.func.coalesce(days_since_epoch(_latest_look) + sa.column("interval_days") + 1, 0), persisted=True
        ),
        deferred=True,
    )
    position: Mapped[int]


class Release(Base):
    __tablename__ = "release"
    __table_args__ = (sa.UniqueConstraint("tool_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"))
    version: Mapped[str] = mapped_column(sa.String(60))
    on: Mapped[date | None]
    position: Mapped[int]


_REVIEWS_DEPEND_ON_IT = {"dependant": ("review", "reviews")}


class Review(Base):
    """What one reviewer says of one tool now."""

    __tablename__ = "review"
    __table_args__ = (
        sa.UniqueConstraint("tool_id", "reviewer_id"),
        sa.Index("ix_review_reviewed_on_id", "reviewed_on", "id"),
        # How a tool's panel stands and how old its reviews are, without the quotes.
        sa.Index("ix_review_tool_id_verdict", "tool_id", "verdict", "reviewed_on"),
        # A reviewer's reviews in the order of their page, and of which tools the old ones are.
        sa.Index("ix_review_reviewer_id_reviewed_on", "reviewer_id", "reviewed_on", "id", "tool_id"),
        # All that a reviewer's record counts, without the quotes.
        sa.Index("ix_review_reviewer_id_tool_id_verdict", "reviewer_id", "tool_id", "verdict"),
        partial_index("ix_review_conflict", "reviewer_id", "reviewed_on", "id", where="conflict IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id", ondelete="CASCADE"), info=_REVIEWS_DEPEND_ON_IT)
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("reviewer.id"), info=_REVIEWS_DEPEND_ON_IT)
    verdict: Mapped[Verdict] = mapped_column(closed_set(Verdict, "verdict"))
    quote: Mapped[str] = mapped_column(sa.Text)
    reviewed_on: Mapped[date | None]
    tool_version: Mapped[str | None] = mapped_column(sa.String(60))
    basis: Mapped[Basis] = mapped_column(closed_set(Basis, "basis"))
    conflict: Mapped[str | None] = mapped_column(sa.String(500))
    position: Mapped[int]

    reviewer: Mapped[Reviewer] = relationship()
    revisions: Mapped[list["ReviewRevision"]] = owned("ReviewRevision.position")


class ReviewRevision(Base):
    """What a review said before, until when, and why it changed."""

    __tablename__ = "review_revision"
    __table_args__ = (sa.Index("ix_review_revision_until_id", "until", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="CASCADE"), index=True)
    verdict: Mapped[Verdict] = mapped_column(closed_set(Verdict, "verdict"))
    quote: Mapped[str] = mapped_column(sa.Text)
    reviewed_on: Mapped[date | None]
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(500))
    wording_only: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]


class ContentVersion(Base):
    """One row: a number that grows with whatever editors publish, so that caches know that pages have changed."""

    __tablename__ = "content_version"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
