"""The catalogue file, `verdicts-catalogue/1`: its records and what each key may hold.

An optional key that is absent has its default in a new record, and leaves an existing record as it is. Prices, plans,
facts, releases and entries of a history are values: stated, they are taken whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from verdicts.catalog import models as catalog
from verdicts.catalog.kinds import Basis, Period, PriceModel, ReviewerKind, Verdict
from verdicts.comparisons import models as comparisons
from verdicts.curation.catalog_file.faults import CatalogueRefused, fault, place, shown
from verdicts.curation.catalog_file.raw_records import Outline, outline
from verdicts.curation.catalog_file.values import (
    Amount,
    Currency,
    IsoDate,
    OneOf,
    PastDate,
    Slug,
    Url,
    line,
    paragraphs,
    wrong,
)

FORMAT = "verdicts-catalogue/1"
MOST_ENTRIES = 500
MOST_FAULTS_COLLECTED = 1000
GRACE = timedelta(days=1)  # east of us it is tomorrow already

Item = TypeVar("Item")
Several = Annotated[list[Item], Field(max_length=MOST_ENTRIES)]
Text = Annotated[str, paragraphs()]
FilledText = Annotated[str, paragraphs(filled=True)]
Reason = Annotated[str, line(catalog.ReviewRevision.reason)]
Source = Annotated[Url, line(catalog.PriceRecord.source)]


class Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def states(self, key: str) -> bool:
        """Say whether the file gives this key."""
        return key in self.model_fields_set


class CategoryFact(Record):
    key: Annotated[str, line(catalog.CategoryFact.key, filled=True)]
    label: Annotated[str, line(catalog.CategoryFact.label, filled=True)]


class Category(Record):
    slug: Slug
    name: Annotated[str, line(catalog.Category.name, filled=True)]
    description: Text = ""
    facts: Several[CategoryFact] = []


class Reviewer(Record):
    slug: Slug
    name: Annotated[str, line(catalog.Reviewer.name, filled=True)]
    kind: OneOf[ReviewerKind] = ReviewerKind.UNSTATED
    motto: Annotated[str, line(catalog.Reviewer.motto)] = ""
    bio: Text = ""
    likes: Several[FilledText] = []
    dislikes: Several[FilledText] = []


class _Cost(Record):
    amount: Amount | None = None
    currency: Currency | None = None
    period: OneOf[Period] | None = None
    source: Source | None = None
    checked_on: PastDate | None = None

    @model_validator(mode="after")
    def _an_amount_has_a_currency(self) -> "_Cost":
        if self.amount and self.currency is None:
            raise wrong(f"has the amount {self.amount} but no currency")
        return self


class Price(_Cost):
    model: OneOf[PriceModel] = PriceModel.UNKNOWN


class PastPrice(Price):
    until: PastDate
    reason: Reason | None = None

    @model_validator(mode="after")
    def _ends_after_it_was_checked(self) -> "PastPrice":
        if self.checked_on and self.until < self.checked_on:
            raise wrong(f"ends on {self.until}, before it was checked on {self.checked_on}")
        return self


class Plan(_Cost):
    name: Annotated[str, line(catalog.Plan.name, filled=True)]
    per: Annotated[str, line(catalog.Plan.per)] | None = None
    limit: Annotated[str, line(catalog.Plan.limit)] | None = None


class Fact(Record):
    key: Annotated[str, line(catalog.ToolFact.key, filled=True)]
    value: Annotated[str, line(catalog.ToolFact.value, filled=True)]
    source: Source | None = None
    checked_on: PastDate | None = None


class Release(Record):
    version: Annotated[str, line(catalog.Release.version, filled=True)]
    on: IsoDate | None = None


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
            raise wrong(f"ends on {self.until}, before it was reviewed on {self.reviewed_on}")
        return self


class Review(Record):
    reviewer: str
    verdict: OneOf[Verdict]
    quote: FilledText
    reviewed_on: PastDate | None = None
    tool_version: Annotated[str, line(catalog.Review.tool_version)] | None = None
    basis: OneOf[Basis] = Basis.UNSTATED
    conflict: Annotated[str, line(catalog.Review.conflict)] | None = None
    history: Several[Revision] = []


class Tool(Record):
    slug: Slug
    aliases: Several[Slug] = []
    name: Annotated[str, line(catalog.Tool.name, filled=True)]
    tagline: Annotated[str, line(catalog.Tool.tagline)] = ""
    category: str | None = None
    description: Text = ""
    website: Annotated[Url, line(catalog.Tool.website)] | None = None
    maker: Annotated[str, line(catalog.Tool.maker)] = ""
    license: Annotated[str, line(catalog.Tool.license)] = ""
    launched_on: IsoDate | None = None
    price: Price | None = None
    price_history: Several[PastPrice] = []
    plans: Several[Plan] = []
    facts: Several[Fact] = []
    releases: Several[Release] = []
    reviews: Several[Review] = []


class ChooseIf(Record):
    tool: str
    when: Annotated[str, line(comparisons.ChooseIf.when, filled=True)]


class Comparison(Record):
    tools: Several[str]
    headline: Annotated[str, line(comparisons.Comparison.headline)] | None = None
    bottom_line: Text = ""
    choose_if: Several[ChooseIf] = []
    featured: bool = False


class _Outline(Record):
    format: Literal["verdicts-catalogue/1"]
    categories: list[Any] = []
    reviewers: list[Any] = []
    tools: list[Any] = []
    comparisons: list[Any] = []


Placed = TypeVar("Placed", bound=Record)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one value of a record: the way to it, and words."""

    path: tuple[str | int, ...]
    words: str


@dataclass(frozen=True)
class Catalogue:
    """A file's records that are sound in themselves, each under its place in the file.

    `written` has all records, the broken ones too, so that one fault in a record does not hide another.
    """

    categories: Mapping[str, Category] = field(default_factory=dict)
    reviewers: Mapping[str, Reviewer] = field(default_factory=dict)
    tools: Mapping[str, Tool] = field(default_factory=dict)
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    written: Outline = field(default_factory=Outline)


def parse(data: object, today: date) -> tuple[Catalogue, list[str]]:
    """Return the sound records of a file, and what is wrong with the others."""
    if not isinstance(data, dict):
        raise CatalogueRefused([fault("", f"must be an object with keys, not {shown(data)}")])
    faults: Several[str] = []
    _validated(_Outline, data, (), faults, today)

    def records(kind: type[Placed], section: str) -> dict[str, Placed]:
        found = {
            place(section, index): _validated(kind, item, (section, index), faults, today)
            for index, item in enumerate(_items(data, section))
            if len(faults) < MOST_FAULTS_COLLECTED
        }
        return {where: record for where, record in found.items() if record is not None}

    catalogue = Catalogue(
        categories=records(Category, "categories"),
        reviewers=records(Reviewer, "reviewers"),
        tools=records(Tool, "tools"),
        comparisons=records(Comparison, "comparisons"),
        written=outline(data),
    )
    return catalogue, faults


def check(kind: type[Placed], data: object, today: date) -> tuple[Placed | None, list[Fault]]:
    """Return one record by itself, or what is wrong with it."""
    try:
        return kind.model_validate(data, context={"latest": today + GRACE}), []
    except ValidationError as error:
        return None, [Fault(detail["loc"], _in_words(detail)) for detail in error.errors(include_url=False)]


def _validated(
    kind: type[Placed], data: object, path: tuple[str | int, ...], faults: Several[str], today: date
) -> Placed | None:
    record, found = check(kind, data, today)
    faults += [fault(place(*path, *each.path), each.words) for each in found]
    return record


def _items(data: Mapping[str, Any], section: str) -> list[Any]:
    items = data.get(section, [])
    return items if isinstance(items, list) else []


_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a key of this format",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be an object with keys",
    "too_long": f"must have at most {MOST_ENTRIES} entries",
}


def _in_words(detail: Mapping[str, Any]) -> str:
    kind = detail["type"]
    if kind == "words":
        return str(detail["msg"])
    expected = str(detail.get("ctx", {}).get("expected", "")).replace("'", '"')
    words = _WORDS.get(kind) or f"must be {expected}"
    return words if kind in {"missing", "extra_forbidden", "too_long"} else f"{words}, not {shown(detail['input'])}"
