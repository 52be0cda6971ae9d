"""The lists that editors work from: searched, filtered, sorted, a page at a time. One statement each, or two."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import ceil
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from verdicts.catalog.kinds import ReviewerKind, Verdict
from verdicts.catalog.models import Category, CategoryFact, PriceRecord, Review, Reviewer, Tool, ToolSlug
from verdicts.catalog.panel import OLD_AFTER
from verdicts.comparisons.models import Comparison, ComparisonTool
from verdicts.curation.editing.publication import Publication, standing
from verdicts.extensions import db

A_PAGE = 50

Line = TypeVar("Line")
Orders = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Wanted:
    """What an editor asked a list for; `filters` maps the name of a filter to the value chosen."""

    text: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    page: int = 1


@dataclass(frozen=True)
class Shelf(Generic[Line]):
    wanted: Wanted
    lines: tuple[Line, ...]
    total: int

    @property
    def pages(self) -> int:
        return max(1, ceil(self.total / A_PAGE))


@dataclass(frozen=True)
class ToolLine:
    id: int
    slug: str
    name: str
    category: str | None
    publication: Publication
    published_at: datetime | None
    reviews: int
    price_checked_on: date | None


@dataclass(frozen=True)
class CategoryLine:
    id: int
    slug: str
    name: str
    facts: int
    tools: int


@dataclass(frozen=True)
class ReviewerLine:
    id: int
    slug: str
    name: str
    kind: ReviewerKind
    reviews: int
    has_left: bool


@dataclass(frozen=True)
class ReviewLine:
    tool_id: int
    tool: str
    reviewer: str
    reviewer_slug: str
    verdict: Verdict
    reviewed_on: date | None
    quote: str


@dataclass(frozen=True)
class ComparisonLine:
    id: int
    names: tuple[str, ...]
    publication: Publication
    published_at: datetime | None
    featured: bool
    has_bottom_line: bool


TOOL_ORDERS: Orders = {
    "newest": (Tool.id.desc(),),
    "name": (sa.func.lower(Tool.name),),
    "shelf": (Tool.position,),
    "price": (sa.nulls_first(PriceRecord.checked_on), sa.func.lower(Tool.name)),
}
CATEGORY_ORDERS: Orders = {"shelf": (Category.position,), "name": (sa.func.lower(Category.name),)}
REVIEWER_ORDERS: Orders = {"shelf": (Reviewer.position,), "name": (sa.func.lower(Reviewer.name),)}
REVIEW_ORDERS: Orders = {
    "newest": (sa.nulls_last(Review.reviewed_on.desc()),),
    "oldest": (sa.nulls_first(Review.reviewed_on),),
    "tool": (sa.func.lower(Tool.name), Reviewer.position),
}
COMPARISON_ORDERS: Orders = {"shelf": (Comparison.position,), "newest": (Comparison.id.desc(),)}


def tools(wanted: Wanted, now: datetime) -> Shelf[ToolLine]:
    """Return a page of tools; filters: "state" (what is archived only where it is asked for), "category" (a slug)."""
    reviews = sa.select(sa.func.count()).where(Review.tool_id == Tool.id).correlate(Tool).scalar_subquery()
    found = (
        _choose(
            Tool.id,
            ToolSlug.slug,
            Tool.name,
            Category.name.label("category"),
            Tool.published_at,
            Tool.archived_at,
            reviews.label("reviews"),
            PriceRecord.checked_on,
        )
        .join(ToolSlug, sa.and_(ToolSlug.tool_id == Tool.id, ToolSlug.is_current))
        .outerjoin(Category, Category.id == Tool.category_id)
        .outerjoin(PriceRecord, sa.and_(PriceRecord.tool_id == Tool.id, PriceRecord.until.is_(None)))
        .where(_is_at(Tool, wanted.filters.get("state", ""), now), *_naming(wanted, Tool.name, ToolSlug.slug))
    )
    if wanted.filters.get("category"):
        found = found.where(Category.slug == wanted.filters["category"])
    rows, total = _page(found, wanted, TOOL_ORDERS, Tool.id)
    lines = [
        ToolLine(
            row.id,
            row.slug,
            row.name,
            row.category,
            standing(row.published_at, row.archived_at, now),
            row.published_at,
            row.reviews,
            row.checked_on,
        )
        for row in rows
    ]
    return Shelf(wanted, tuple(lines), total)


def categories(wanted: Wanted) -> Shelf[CategoryLine]:
    found = _choose(
        Category.id,
        Category.slug,
        Category.name,
        _count_of(CategoryFact.category_id, Category),
        _count_of(Tool.category_id, Category),
    ).where(*_naming(wanted, Category.name, Category.slug))
    rows, total = _page(found, wanted, CATEGORY_ORDERS, Category.id)
    return Shelf(wanted, tuple(CategoryLine(*_values(row)) for row in rows), total)


def reviewers(wanted: Wanted) -> Shelf[ReviewerLine]:
    found = _choose(
        Reviewer.id,
        Reviewer.slug,
        Reviewer.name,
        Reviewer.kind,
        _count_of(Review.reviewer_id, Reviewer),
        Reviewer.archived_at.is_not(None),
    ).where(*_naming(wanted, Reviewer.name, Reviewer.slug))
    rows, total = _page(found, wanted, REVIEWER_ORDERS, Reviewer.id)
    return Shelf(wanted, tuple(ReviewerLine(*_values(row)) for row in rows), total)


def reviews(wanted: Wanted, today: date) -> Shelf[ReviewLine]:
    """Return a page of reviews; filters: "reviewer" (a slug), "verdict", "age" ("old": over 180 days)."""
    found = (
        _choose(
            Tool.id,
            Tool.name,
            Reviewer.name.label("reviewer"),
            Reviewer.slug,
            Review.verdict,
            Review.reviewed_on,
            Review.quote,
        )
        .join(Tool, Tool.id == Review.tool_id)
        .join(Reviewer, Reviewer.id == Review.reviewer_id)
        .where(Tool.merged_into_id.is_(None), *_naming(wanted, Tool.name, Review.quote))
    )
    if wanted.filters.get("reviewer"):
        found = found.where(Reviewer.slug == wanted.filters["reviewer"])
    if wanted.filters.get("verdict"):
        found = found.where(Review.verdict == Verdict(wanted.filters["verdict"]))
    if wanted.filters.get("age"):
        found = found.where(Review.reviewed_on < today - OLD_AFTER)
    rows, total = _page(found, wanted, REVIEW_ORDERS, Review.id)
    return Shelf(wanted, tuple(ReviewLine(*_values(row)) for row in rows), total)


def comparisons(wanted: Wanted, now: datetime) -> Shelf[ComparisonLine]:
    """Return a page of comparisons; filters: "state", "words" ("none": without a bottom line)."""
    found = _choose(
        Comparison.id,
        Comparison.published_at,
        Comparison.archived_at,
        Comparison.featured,
        (Comparison.bottom_line != "").label("has_bottom_line"),
    ).where(_is_at(Comparison, wanted.filters.get("state", ""), now))
    if wanted.text:
        named = sa.select(ComparisonTool.comparison_id).join(Tool, Tool.id == ComparisonTool.tool_id)
        mentioned = named.where(Tool.name.icontains(wanted.text, autoescape=True))
        found = found.where(
            sa.or_(Comparison.id.in_(mentioned), Comparison.headline.icontains(wanted.text, autoescape=True))
        )
    if wanted.filters.get("words"):
        found = found.where(Comparison.bottom_line == "")
    rows, total = _page(found, wanted, COMPARISON_ORDERS, Comparison.id)
    names = _names([row.id for row in rows])
    lines = [
        ComparisonLine(
            row.id,
            tuple(names[row.id]),
            standing(row.published_at, row.archived_at, now),
            row.published_at,
            row.featured,
            row.has_bottom_line,
        )
        for row in rows
    ]
    return Shelf(wanted, tuple(lines), total)


def _names(ids: list[int]) -> dict[int, list[str]]:
    rows = db.session.execute(
        sa.select(ComparisonTool.comparison_id, Tool.name)
        .join(Tool, Tool.id == ComparisonTool.tool_id)
        .where(ComparisonTool.comparison_id.in_(ids))
        .order_by(ComparisonTool.position)
    )
    found: dict[int, list[str]] = {id: [] for id in ids}
    for comparison_id, name in rows:
        found[comparison_id].append(name)
    return found


def _count_of(column: Any, owner: Any) -> Any:
    return sa.select(sa.func.count()).where(column == owner.id).correlate(owner).scalar_subquery()


def _naming(wanted: Wanted, *columns: Any) -> list[sa.ColumnElement[bool]]:
    words = wanted.text.split()[:8]
    return [sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words]


def _is_at(model: Any, state: str, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition for a state; without one, for all that is not put away."""
    if not state:
        return sa.and_(model.archived_at.is_(None), sa.true())
    conditions: dict[str, sa.ColumnElement[bool]] = {
        Publication.DRAFT: sa.and_(model.published_at.is_(None), model.archived_at.is_(None)),
        Publication.SCHEDULED: model.published_at > now,
        Publication.PUBLISHED: model.published_at <= now,
        Publication.ARCHIVED: model.archived_at.is_not(None),
    }
    return conditions[state]


def _choose(*columns: Any) -> sa.Select[Any]:
    return sa.select(*columns)


def _values(row: sa.Row[Any]) -> tuple[Any, ...]:
    """Return a row without the total that stands in each."""
    return tuple(row)[:-1]


def _page(found: sa.Select[Any], wanted: Wanted, orders: Orders, last: Any) -> tuple[list[sa.Row[Any]], int]:
    order = orders.get(wanted.sort) or next(iter(orders.values()))
    rows = db.session.execute(
        found.add_columns(sa.func.count().over().label("total"))
        .order_by(*order, last)
        .limit(A_PAGE)
        .offset((wanted.page - 1) * A_PAGE)
    ).all()
    return list(rows), rows[0].total if rows else 0
