"""The lists that editors work from: searched, filtered, sorted, a page at a time. Three statements each, or four."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from verdicts.catalog.kinds import ReviewerKind, ToolState, Verdict
from verdicts.catalog.models import Category, CategoryFact, PriceRecord, Review, Reviewer, Tool, ToolSlug
from verdicts.catalog.reviews import OLD_AFTER
from verdicts.comparisons import address
from verdicts.comparisons.models import Comparison, ComparisonTool
from verdicts.curation.editing.publication import PublicationState, state_of
from verdicts.extensions import count_pages_ahead, db, execute_page, rows_of

PAGE_SIZE = 50
MAX_WORDS = 8

Row = TypeVar("Row")
Orders = Mapping[str, tuple[Any, ...]]
Conditions = Sequence[sa.ColumnElement[bool]]


@dataclass(frozen=True)
class ListQuery:
    """Which rows of a list to return; `filters` maps the name of a filter to the value chosen."""

    text: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    page: int = 1


@dataclass(frozen=True)
class ToolListRow:
    id: int
    slug: str
    name: str
    category: str | None
    publication: PublicationState
    reviews: int
    price_checked_on: date | None


@dataclass(frozen=True)
class CategoryRow:
    id: int
    slug: str
    name: str
    facts: int
    tools: int


@dataclass(frozen=True)
class ReviewerRow:
    id: int
    slug: str
    name: str
    kind: ReviewerKind
    reviews: int
    has_left: bool


@dataclass(frozen=True)
class ReviewRow:
    tool_id: int
    tool: str
    reviewer: str
    verdict: Verdict
    reviewed_on: date | None
    quote: str


@dataclass(frozen=True)
class ComparisonRow:
    id: int
    names: tuple[str, ...]
    publication: PublicationState
    featured: bool
    has_bottom_line: bool


# The first order of each list is the one without a choice.
TOOL_ORDERS: Orders = {
    "newest": (Tool.id.desc(),),
    "name": (Tool.sort_name, Tool.id),
    "shelf": (Tool.position, Tool.id),
    "price": (sa.nulls_first(PriceRecord.checked_on), Tool.sort_name, Tool.id),
}
CATEGORY_ORDERS: Orders = {
    "shelf": (Category.position, Category.id),
    "name": (sa.func.lower(Category.name), Category.id),
}
REVIEWER_ORDERS: Orders = {
    "shelf": (Reviewer.position, Reviewer.id),
    "name": (sa.func.lower(Reviewer.name), Reviewer.id),
}
COMPARISON_ORDERS: Orders = {"shelf": (Comparison.position, Comparison.id), "newest": (Comparison.id.desc(),)}


def list_tools(query: ListQuery, now: datetime) -> tuple[list[ToolListRow], int]:
    """Return a page of tools, and how many there are (extensions.execute_page).

    Filters: "state" (without it, all that is not archived), "category" (a slug), and "going_on" (any value: no tool
    that was renamed or retired).
    """
    statement = (
        sa.select(
            Tool.id,
            ToolSlug.slug,
            Tool.name,
            Category.name,
            Tool.published_at,
            Tool.archived_at,
            _count_of(Review.tool_id, Tool),
            PriceRecord.checked_on,
        )
        .select_from(Tool)
        # Each of them has a slug. For an inner join, SQLite without statistics began with slugs and sorted all tools.
        .outerjoin(ToolSlug, sa.and_(ToolSlug.tool_id == Tool.id, ToolSlug.is_current))
        .outerjoin(Category, Category.id == Tool.category_id)
        .outerjoin(PriceRecord, sa.and_(PriceRecord.tool_id == Tool.id, PriceRecord.until.is_(None)))
        .where(Tool.merged_into_id.is_(None), _is_in_state(Tool, query, now))
        .where(*_matches(query.text, Tool.name, _slugs_of(Tool)))
    )
    if slug := query.filters.get("category"):
        statement = statement.where(Category.slug == slug)
    if query.filters.get("going_on"):
        statement = statement.where(Tool.state == ToolState.ACTIVE)

    def to_row(id: int, slug: str, name: str, category: str | None, *rest: Any) -> ToolListRow:
        published_at, archived_at, reviews, checked_on = rest
        return ToolListRow(id, slug, name, category, state_of(published_at, archived_at, now), reviews, checked_on)

    return _page(statement, query, TOOL_ORDERS, Tool.id, to_row)


def list_categories(query: ListQuery) -> tuple[list[CategoryRow], int]:
    """Return a page of categories, and how many there are (extensions.execute_page)."""
    facts, tools = _count_of(CategoryFact.category_id, Category), _count_of(Tool.category_id, Category)
    statement = sa.select(Category.id, Category.slug, Category.name, facts, tools)
    statement = statement.where(*_matches(query.text, Category.name, Category.slug, _slugs_of(Category)))
    return _page(statement, query, CATEGORY_ORDERS, Category.id, CategoryRow)


def list_reviewers(query: ListQuery) -> tuple[list[ReviewerRow], int]:
    """Return a page of reviewers, and how many there are (extensions.execute_page)."""
    reviews, has_left = _count_of(Review.reviewer_id, Reviewer), Reviewer.archived_at.is_not(None)
    statement = sa.select(Reviewer.id, Reviewer.slug, Reviewer.name, Reviewer.kind, reviews, has_left)
    statement = statement.where(*_matches(query.text, Reviewer.name, Reviewer.slug, _slugs_of(Reviewer)))
    return _page(statement, query, REVIEWER_ORDERS, Reviewer.id, ReviewerRow)


def list_reviews(query: ListQuery, today: date) -> tuple[list[ReviewRow], int]:
    """Return a page of reviews, and how many there are (extensions.execute_page).

    Filters: "reviewer" (a slug), "verdict" and "age" ("old": older than catalog.reviews.OLD_AFTER).
    """
    conditions = _matches(query.text, *_words_of_review())
    if slug := query.filters.get("reviewer"):
        by = sa.select(Reviewer.id).where(Reviewer.slug == slug).correlate(None)
        conditions += [Review.reviewer_id == by.scalar_subquery()]
    if verdict := query.filters.get("verdict"):
        conditions += [Review.verdict == Verdict(verdict)]
    if query.filters.get("age"):
        conditions += [Review.reviewed_on < today - OLD_AFTER]
    end = query.page * PAGE_SIZE
    total = count_pages_ahead(sa.select(Review.id).where(*conditions), query.page, PAGE_SIZE)
    if end - PAGE_SIZE >= total:
        return [], 0
    ids = REVIEW_ORDERS.get(query.sort, _newest_first)(conditions, end).limit(PAGE_SIZE).offset(end - PAGE_SIZE)
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(Tool.id, Tool.name, Reviewer.name, Review.verdict, Review.reviewed_on, Review.quote)
        .join(Tool, Tool.id == Review.tool_id)
        .join(Reviewer, Reviewer.id == Review.reviewer_id)
    )
    rows = rows_of(db.session.scalars(ids).all(), statement, Review.__table__.c.id)
    return [ReviewRow(*row[:-1]) for row in rows], total


def _words_of_review() -> tuple[Any, ...]:
    """Return the names and the words of a review. The names are looked up: joined, they would decide what is read."""
    tool = sa.select(Tool.name).where(Tool.id == Review.tool_id).correlate(Review)
    reviewer = sa.select(Reviewer.name).where(Reviewer.id == Review.reviewer_id).correlate(Review)
    slugs = _slugs_that_lead_to(ToolSlug.tool_id, Review.tool_id)
    return tool.scalar_subquery(), slugs, reviewer.scalar_subquery(), Review.quote


def _newest_first(conditions: Conditions, end: int) -> sa.Select[Any]:
    return _by_day(conditions, end, sa.desc, sa.nulls_last)


def _oldest_first(conditions: Conditions, end: int) -> sa.Select[Any]:
    return _by_day(conditions, end, sa.asc, sa.nulls_first)


def _by_day(conditions: Conditions, end: int, direction: Any, nulls: Any) -> sa.Select[Any]:
    """Return the statement that reads the ids. Dated and undated reviews each come from the index, `end` at most."""
    reviews = sa.select(Review.id, Review.reviewed_on).where(*conditions)
    in_order = reviews.order_by(direction(Review.reviewed_on), direction(Review.id)).limit(end)
    dated, undated = in_order.where(Review.reviewed_on.is_not(None)), in_order.where(Review.reviewed_on.is_(None))
    ids = sa.union_all(sa.select(dated.subquery()), sa.select(undated.subquery())).subquery().c
    return sa.select(ids.id).order_by(nulls(direction(ids.reviewed_on)), direction(ids.id))


def _by_tool(conditions: Conditions, _end: int) -> sa.Select[Any]:
    # What is joined by an outer join is read second: tools come first, in their order. Without coalesce() it would
    # not stay one, and an index of reviews by another column could lead.
    reviews = sa.select(Review.id).select_from(Tool).outerjoin(Review, Review.tool_id == Tool.id)
    found = reviews.outerjoin(Reviewer, Reviewer.id == Review.reviewer_id)
    found = found.where(sa.func.coalesce(sa.and_(Review.id.is_not(None), *conditions), sa.false()))
    return found.order_by(Tool.sort_name, Tool.id, Reviewer.position, Review.id)


REVIEW_ORDERS = {"newest": _newest_first, "oldest": _oldest_first, "tool": _by_tool}


def list_comparisons(query: ListQuery, now: datetime) -> tuple[list[ComparisonRow], int]:
    """Return a page of comparisons, and how many there are (extensions.execute_page).

    Filters: "state" (without it, all that is not archived) and "words" ("none": without a bottom line).
    """
    columns = (Comparison.id, Comparison.published_at, Comparison.archived_at, Comparison.featured)
    statement = sa.select(*columns, Comparison.bottom_line != "").where(_is_in_state(Comparison, query, now))
    text = query.text.replace(address.JOINT, " ")
    statement = statement.where(*_matches(text, Comparison.headline, _names_and_slugs_of_tools()))
    if query.filters.get("words"):
        statement = statement.where(Comparison.bottom_line == "")
    rows, total = _page(statement, query, COMPARISON_ORDERS, Comparison.id, lambda *row: row)
    names = _names_of_tools([row[0] for row in rows])
    return [
        ComparisonRow(id, tuple(names[id]), state_of(published_at, archived_at, now), *rest)
        for id, published_at, archived_at, *rest in rows
    ], total


def _names_of_tools(comparison_ids: list[int]) -> dict[int, list[str]]:
    rows = db.session.execute(
        sa.select(ComparisonTool.comparison_id, Tool.name)
        .join(Tool, Tool.id == ComparisonTool.tool_id)
        .where(ComparisonTool.comparison_id.in_(comparison_ids))
        .order_by(ComparisonTool.position)
    )
    names: dict[int, list[str]] = {id: [] for id in comparison_ids}
    for comparison_id, name in rows:
        names[comparison_id].append(name)
    return names


def _count_of(column: Any, owner: Any) -> Any:
    return sa.select(sa.func.count()).where(column == owner.id).correlate(owner).scalar_subquery()


def _slugs_of(model: type[Tool | Category | Reviewer]) -> sa.ColumnElement[str]:
    """Return all slugs that lead to a record, of a category or reviewer the former ones, in one text."""
    slugs: Any = model.slugs if model is Tool else model.former_slugs  # type: ignore[union-attr]
    table = slugs.property.mapper.class_
    owner = getattr(table, f"{model.__tablename__}_id")
    return _slugs_that_lead_to(owner, model.id)


def _slugs_that_lead_to(owner: Any, id: Any) -> sa.ColumnElement[str]:
    joined = sa.select(sa.func.aggregate_strings(owner.class_.slug, " ")).where(owner == id)
    return sa.func.coalesce(joined.correlate(id.class_).scalar_subquery(), "")


def _names_and_slugs_of_tools() -> sa.ColumnElement[str]:
    """Return the names of a comparison's tools and all slugs that lead to them, in one text."""
    names = sa.select(sa.func.aggregate_strings(Tool.name + " " + _slugs_of(Tool), " ")).select_from(Tool)
    members = names.join(ComparisonTool, ComparisonTool.tool_id == Tool.id)
    return members.where(ComparisonTool.comparison_id == Comparison.id).correlate(Comparison).scalar_subquery()


def _matches(text: str, *columns: Any) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for rows that hold each word of a text in one of these columns."""
    words = text.split()[:MAX_WORDS]
    return [sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words]


def _is_in_state(model: Any, query: ListQuery, now: datetime) -> sa.ColumnElement[bool]:
    conditions: dict[str, sa.ColumnElement[bool]] = {
        "": model.archived_at.is_(None),
        PublicationState.DRAFT: sa.and_(model.published_at.is_(None), model.archived_at.is_(None)),
        PublicationState.SCHEDULED: model.published_at > now,
        PublicationState.PUBLISHED: model.published_at <= now,
        PublicationState.ARCHIVED: model.archived_at.is_not(None),
    }
    return conditions[query.filters.get("state", "")]


def _page(
    statement: sa.Select[*tuple[Any, ...]], query: ListQuery, orders: Orders, id: Any, to_row: Callable[..., Row]
) -> tuple[list[Row], int]:
    order = orders.get(query.sort) or next(iter(orders.values()))
    rows, total = execute_page(statement.order_by(*order), id, query.page, PAGE_SIZE)
    return [to_row(*row[:-1]) for row in rows], total
