"""The catalogue file, `verdicts-catalogue/1`: its records and what each key may hold.

An optional key that is absent has its default in a new record, and leaves an existing record as it is. Prices, plans,
facts, releases and entries of a history are values: where a file states them, they replace what is stored.

Exports write the keys in the order in which they are declared here. A field that a table has under the same name needs
no more than its declaration here: reading, writing, copying and comparing derive from it.
"""

from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from verdicts.catalog import models as catalog
from verdicts.catalog.kinds import Basis, Period, PriceModel, ReviewerKind, ToolState, Verdict
from verdicts.comparisons import models as comparisons
from verdicts.curation.catalog_file.values import (
    Amount,
    Currency,
    IsoDate,
    OneOf,
    PastDate,
    Slug,
    Url,
    invalid,
    one_line,
    paragraphs,
)

FORMAT = "verdicts-catalogue/1"
MAX_ENTRIES = 500

Item = TypeVar("Item")
Several = Annotated[list[Item], Field(max_length=MAX_ENTRIES)]
Text = Annotated[str, paragraphs()]
FilledText = Annotated[str, paragraphs(filled=True)]
Reason = Annotated[str, one_line(catalog.ReviewRevision.reason)]
Source = Annotated[Url, one_line(catalog.PriceRecord.source)]


class Record(BaseModel):
    # The validator of a class is built when it is first used: a server seldom needs one.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)

    # The field by which an entry of a list is known: no two of them share its value.
    known_by: ClassVar[str] = ""

    def states(self, key: str) -> bool:
        """Say whether the file gives this key."""
        return key in self.model_fields_set


@cache
def nested_records(kind: type[Record]) -> dict[str, type[Record]]:
    """Return the fields that hold another record or a list of them, each with the class of those."""
    arguments = {name: get_args(field.annotation) for name, field in kind.model_fields.items()}
    return {
        name: each
        for name, types in arguments.items()
        for each in types
        if isinstance(each, type) and issubclass(each, Record)
    }


class CategoryFact(Record):
    known_by: ClassVar[str] = "key"
    key: Annotated[str, one_line(catalog.CategoryFact.key, filled=True)]
    label: Annotated[str, one_line(catalog.CategoryFact.label, filled=True)]


class CategoryPick(Record):
    known_by: ClassVar[str] = "need"
    need: Annotated[str, one_line(catalog.CategoryPick.need, filled=True)]
    tool: str
    runner_up: str | None = None
    skip_if: Annotated[str, one_line(catalog.CategoryPick.skip_if)] = ""
    picked_on: PastDate | None = None


class Category(Record):
    slug: Slug
    name: Annotated[str, one_line(catalog.Category.name, filled=True)]
    description: Text = ""
    facts: Several[CategoryFact] = []
    picks: Several[CategoryPick] = []


class Reviewer(Record):
    slug: Slug
    name: Annotated[str, one_line(catalog.Reviewer.name, filled=True)]
    kind: OneOf[ReviewerKind] = ReviewerKind.UNSTATED
    motto: Annotated[str, one_line(catalog.Reviewer.motto)] = ""
    bio: Text = ""
    likes: Several[FilledText] = []
    dislikes: Several[FilledText] = []


Priced = TypeVar("Priced", "Price", "Plan")


def _refuse_an_amount_without_a_currency(record: Priced) -> Priced:
    if record.amount and record.currency is None:
        raise invalid(f"The amount {record.amount} has no currency. Enter one.")
    return record


class Price(Record):
    model: OneOf[PriceModel] = PriceModel.UNKNOWN
    amount: Amount | None = None
    currency: Currency | None = None
    period: OneOf[Period] | None = None
    checked_on: PastDate | None = None
    source: Source | None = None

    _amount_has_a_currency = model_validator(mode="after")(_refuse_an_amount_without_a_currency)


class PastPrice(Price):
    until: PastDate
    reason: Reason | None = None

    @model_validator(mode="after")
    def _ends_after_it_was_checked(self) -> "PastPrice":
        if self.checked_on and self.until < self.checked_on:
            raise invalid(
                f"This ends on {self.until}, before it was checked on {self.checked_on}. Correct one of the dates."
            )
        return self


class Plan(Record):
    known_by: ClassVar[str] = "name"
    name: Annotated[str, one_line(catalog.Plan.name, filled=True)]
    amount: Amount | None = None
    currency: Currency | None = None
    period: OneOf[Period] | None = None
    per: Annotated[str, one_line(catalog.Plan.per)] | None = None
    limit: Annotated[str, one_line(catalog.Plan.limit)] | None = None
    source: Source | None = None
    checked_on: PastDate | None = None

    _amount_has_a_currency = model_validator(mode="after")(_refuse_an_amount_without_a_currency)


class Fact(Record):
    known_by: ClassVar[str] = "key"
    key: Annotated[str, one_line(catalog.ToolFact.key, filled=True)]
    value: Annotated[str, one_line(catalog.ToolFact.value, filled=True)]
    source: Source | None = None
    checked_on: PastDate | None = None


class Release(Record):
    known_by: ClassVar[str] = "version"
    version: Annotated[str, one_line(catalog.Release.version, filled=True)]
    on: IsoDate | None = None


class ChangeReason(Record):
    """Why something changed that readers have seen, and whether that is a matter of wording only."""

    reason: Reason = ""
    wording_only: bool = False


class Revision(Record):
    verdict: OneOf[Verdict]
    quote: FilledText
    reviewed_on: PastDate | None = None
    until: PastDate
    reason: Reason = ""
    wording_only: bool = False

    @model_validator(mode="after")
    def _ends_after_it_was_made(self) -> "Revision":
        if self.reviewed_on and self.until < self.reviewed_on:
            raise invalid(
                f"This ends on {self.until}, before it was reviewed on {self.reviewed_on}. Correct one of the dates."
            )
        return self


class Review(Record):
    known_by: ClassVar[str] = "reviewer"
    reviewer: str
    verdict: OneOf[Verdict]
    quote: FilledText
    reviewed_on: PastDate | None = None
    tool_version: Annotated[str, one_line(catalog.Review.tool_version)] | None = None
    basis: OneOf[Basis] = Basis.UNSTATED
    conflict: Annotated[str, one_line(catalog.Review.conflict)] | None = None
    history: Several[Revision] = []


class Status(Record):
    """Whether a tool goes on; without it, it does. `on` may lie ahead: makers say beforehand when they will end it."""

    state: OneOf[ToolState] = ToolState.ACTIVE
    on: IsoDate | None = None
    successor: str | None = None

    @model_validator(mode="after")
    def _active_goes_on(self) -> "Status":
        if self.state is ToolState.ACTIVE and (self.on or self.successor):
            raise invalid("A tool that is active has no end and no successor. Choose another state, or remove them.")
        return self


class Tool(Record):
    slug: Slug
    aliases: Several[Slug] = []
    status: Status | None = None
    synonyms: Several[Annotated[str, one_line(catalog.Tool.name, filled=True)]] = []
    name: Annotated[str, one_line(catalog.Tool.name, filled=True)]
    tagline: Annotated[str, one_line(catalog.Tool.tagline)] = ""
    category: str | None = None
    description: Text = ""
    website: Annotated[Url, one_line(catalog.Tool.website)] | None = None
    maker: Annotated[str, one_line(catalog.Tool.maker)] = ""
    license: Annotated[str, one_line(catalog.Tool.license)] = ""
    launched_on: IsoDate | None = None
    price: Price | None = None
    price_history: Several[PastPrice] = []
    plans: Several[Plan] = []
    facts: Several[Fact] = []
    releases: Several[Release] = []
    reviews: Several[Review] = []


class ChooseIf(Record):
    tool: str
    when: Annotated[str, one_line(comparisons.ChooseIf.when, filled=True)]


class Comparison(Record):
    tools: Several[str]
    headline: Annotated[str, one_line(comparisons.Comparison.headline)] | None = None
    bottom_line: Text = ""
    choose_if: Several[ChooseIf] = []
    featured: bool = False


class File(Record):
    """A whole file. The records in it are validated one by one."""

    format: Literal["verdicts-catalogue/1"]
    categories: list[Any] = []
    reviewers: list[Any] = []
    tools: list[Any] = []
    comparisons: list[Any] = []
