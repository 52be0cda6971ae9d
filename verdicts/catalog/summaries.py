"""What pages show of a tool: frozen records, so that no template can reach back into the database.

A field that is named like a column of its table is read from that column: see queries.columns_of().
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from verdicts.catalog.kinds import Period, ToolState
from verdicts.catalog.prices import Price, amount_in_words


@dataclass(frozen=True)
class CategoryLink:
    slug: str
    name: str


@dataclass(frozen=True)
class CategorySummary(CategoryLink):
    id: int
    description: str


@dataclass(frozen=True)
class ToolLink:
    """A tool's name and what its address is made of."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True)
class ToolStatus:
    """Whether a tool goes on. `on` may lie ahead; readers see a successor once it is published: see successor_at()."""

    state: ToolState = ToolState.ACTIVE
    on: date | None = None
    successor: ToolLink | None = None
    successor_published_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """True too where the end is only announced: nobody should be advised to begin with it."""
        return self.state is not ToolState.ACTIVE

    def is_over(self, today: date) -> bool:
        """Say whether the end has come: readers are asked nothing more of such a tool."""
        return self.has_ended and (self.on is None or self.on <= today)

    def successor_at(self, now: datetime) -> ToolLink | None:
        published_at = self.successor_published_at
        return self.successor if published_at is not None and published_at <= now else None

    def words(self, today: date) -> str:
        """Return "Retired on 4 May 2026", "Will be retired on 1 Mar 2027", or "" for a tool that goes on."""
        if not self.has_ended:
            return ""
        if self.on is None:
            return self.state.capitalize()
        day = f"{self.on.day} {self.on:%b %Y}"
        return f"Will be {self.state} on {day}" if self.on > today else f"{self.state.capitalize()} on {day}"


@dataclass(frozen=True)
class Predecessor(ToolLink):
    """A tool that another succeeds."""

    status: ToolStatus


@dataclass(frozen=True)
class ToolSummary(ToolLink):
    """What a page says of a tool before it says who thinks what. A new column of `tool` is one more line here."""

    tagline: str
    description: str
    website: str | None
    maker: str
    license: str
    launched_on: date | None
    published_at: datetime
    category_id: int | None
    logo_digest: str | None
    # From other tables; queries.to_summary() fills these in.
    category: CategoryLink | None
    price: Price
    status: ToolStatus


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    source: str | None
    checked_on: date | None


@dataclass(frozen=True)
class PlanSummary:
    name: str
    amount: Decimal | None
    currency: str | None
    period: Period | None
    per: str | None
    limit: str | None
    source: str | None
    checked_on: date | None

    @property
    def words(self) -> str:
        """What the plan costs: "$20 / month per seat", or "" where that is not known."""
        if self.amount == 0:
            return "Free"
        cost = amount_in_words(self.amount, self.currency, self.period)
        return f"{cost} per {self.per}" if cost and self.per else cost


@dataclass(frozen=True)
class ReleaseSummary:
    version: str
    on: date | None


@dataclass(frozen=True)
class ToolFacts:
    """What is known of a tool under each key of its category, in the category's order; None is "not checked"."""

    labels: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
