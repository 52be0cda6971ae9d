"""The catalogue's reads, as few wide statements that return frozen records."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from verdicts.catalog import models, search
from verdicts.catalog.kinds import ToolState
from verdicts.catalog.prices import UNKNOWN_PRICE, Price
from verdicts.catalog.reviews import Panel, PanelReview, ReviewerSummary, Revision
from verdicts.catalog.summaries import (
    CategoryLink,
    Fact,
    PlanSummary,
    Predecessor,
    ReleaseSummary,
    ToolFacts,
    ToolLink,
    ToolStatus,
    ToolSummary,
)
from verdicts.engines import PLANNED_EACH_TIME
from verdicts.extensions import db, limit_to
from verdicts.prepared import Prepared

MAX_LINKS_FOUND = 12
MAX_PREDECESSORS = 3

T = TypeVar("T")

tool = models.Tool.__table__
current_slug = models.ToolSlug.__table__.alias("current_slug")
requested_slug = models.ToolSlug.__table__.alias("requested_slug")
successor, successor_slug = tool.alias("successor"), models.ToolSlug.__table__.alias("successor_slug")
category = models.Category.__table__
price = models.PriceRecord.__table__
review = models.Review.__table__
reviewer = models.Reviewer.__table__
revision = models.ReviewRevision.__table__
key, fact = models.CategoryFact.__table__, models.ToolFact.__table__
plan = models.Plan.__table__

is_current_slug = sa.and_(current_slug.c.tool_id == tool.c.id, current_slug.c.is_current)
# Tools that end are shown, but not proposed: not among rivals, rankings, the newest or what is featured.
is_active = tool.c.state == ToolState.ACTIVE


def columns_of(table: sa.FromClause, record_type: type[Any]) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the table's columns that this dataclass has fields for, in the order of the fields."""
    return tuple(table.c[field.name] for field in fields(record_type) if field.name in table.c)


_TOOL = columns_of(tool, ToolSummary)
_TOOL_FIELDS = [column.name for column in _TOOL]
_PRICE = columns_of(price, Price)
_REVIEWER = columns_of(reviewer, ReviewerSummary)
_to_reviewer = lru_cache(256)(ReviewerSummary)  # the same few stand in every panel
_REVIEW = columns_of(review, PanelReview)
_REVISION = columns_of(revision, Revision)

_STATUS = (tool.c.state, tool.c.ended_on)
_SUCCESSOR = (successor.c.id, successor_slug.c.slug, successor.c.name, successor.c.published_at)
_STATUS_LENGTH = len(_STATUS) + len(_SUCCESSOR)
_LINK_COLUMNS = (tool.c.id, current_slug.c.slug, tool.c.name)


def is_published(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(tool.c.published_at <= now, sa.false())


def select_summaries() -> sa.Select[Any]:
    """Return the statement that reads every tool, one row each, for to_summary()."""
    return _select_summaries(tool, current_slug.c.slug, tool.join(current_slug, is_current_slug))


def _select_summaries(tools: sa.FromClause, slug: sa.ColumnElement[str], source: sa.FromClause) -> sa.Select[Any]:
    own, status = ([tools.c[column.name] for column in columns] for columns in (_TOOL, _STATUS))
    return (
        sa.select(*own, slug, category.c.slug, category.c.name, *status, *_SUCCESSOR, *_PRICE)
        .select_from(source)
        .outerjoin(category, category.c.id == tools.c.category_id)
        .outerjoin(price, sa.and_(price.c.tool_id == tools.c.id, price.c.until.is_(None)))
        .outerjoin(successor, successor.c.id == tools.c.successor_id)
        .outerjoin(successor_slug, sa.and_(successor_slug.c.tool_id == successor.c.id, successor_slug.c.is_current))
    )


# What every reader waits for is built once: putting a statement together costs more than running it.
_has_requested_slug = requested_slug.c.slug.in_(sa.bindparam("slugs", expanding=True))
_is_requested = _has_requested_slug & is_published(sa.bindparam("now"))

# The published tools under these slugs or aliases. PostgreSQL plans them apart from what is joined to them. It compares
# all orders in which tables can be joined: for eight tables that took ten times as long as to read the rows.
requested_tool = (
    sa.select(*_TOOL, *_STATUS, tool.c.successor_id)
    .add_columns(current_slug.c.slug.label("current_slug"), requested_slug.c.slug.label("requested"))
    .join_from(tool, current_slug, is_current_slug)
    .join(requested_slug, requested_slug.c.tool_id == tool.c.id)
    .where(_is_requested)
    .cte("requested_tool")
    .prefix_with("MATERIALIZED")
)
# It takes `slugs` and `now`; each row names the slug that was `requested`.
SUMMARIES_BY_SLUG = _select_summaries(requested_tool, requested_tool.c.current_slug, requested_tool).add_columns(
    requested_tool.c.requested
)
_FIND = Prepared(SUMMARIES_BY_SLUG)
_ids = sa.bindparam("ids", type_=sa.Integer, expanding=True)
_SUMMARIES_BY_ID = Prepared(select_summaries().where(tool.c.id.in_(_ids)))
_PANELS = Prepared(
    sa.select(review.c.tool_id, review.c.id, *_REVIEWER, *_REVIEW, *_REVISION)
    .join(reviewer, reviewer.c.id == review.c.reviewer_id)
    .outerjoin(revision, revision.c.review_id == review.c.id)
    .where(review.c.tool_id.in_(_ids))
    .order_by(reviewer.c.position, reviewer.c.id, review.c.id, revision.c.until, revision.c.position)
)
_PANEL_VERDICTS = Prepared(
    sa.select(review.c.tool_id, review.c.verdict, review.c.reviewed_on, *_REVIEWER)
    .join(reviewer, reviewer.c.id == review.c.reviewer_id)
    .where(review.c.tool_id.in_(_ids))
    .order_by(reviewer.c.position, reviewer.c.id)
)
_FACTS = Prepared(
    sa.select(tool.c.id, key.c.key, key.c.label, *columns_of(fact, Fact))
    .join(key, key.c.category_id == tool.c.category_id)
    .outerjoin(fact, sa.and_(fact.c.tool_id == tool.c.id, fact.c.key == key.c.key))
    .where(tool.c.id.in_(_ids))
    .order_by(key.c.position)
)
_PLANS = Prepared(
    sa.select(plan.c.tool_id, *columns_of(plan, PlanSummary)).where(plan.c.tool_id.in_(_ids)).order_by(plan.c.position)
)
_PAST_PRICES = Prepared(
    sa.select(price.c.tool_id, *_PRICE)
    .where(price.c.tool_id.in_(_ids), price.c.until.is_not(None))
    .order_by(price.c.until, price.c.position)
)
_PREDECESSORS = Prepared(
    sa.select(*_LINK_COLUMNS, tool.c.state, tool.c.ended_on)
    .join(current_slug, is_current_slug)
    .where(tool.c.successor_id == sa.bindparam("id"), tool.c.published_at <= sa.bindparam("now"))
    .order_by(tool.c.ended_on.desc(), tool.c.id)
    .limit(limit_to(MAX_PREDECESSORS))
)
_LINKS_BY_SLUG = Prepared(
    sa.select(*_LINK_COLUMNS)
    .distinct()
    .join(current_slug, is_current_slug)
    .join(requested_slug, requested_slug.c.tool_id == tool.c.id)
    .where(_is_requested)
)
LINK_BY_SLUG = (
    sa.select(*_LINK_COLUMNS)
    .join(current_slug, is_current_slug)
    .join(requested_slug, requested_slug.c.tool_id == tool.c.id)
    .where(requested_slug.c.slug == sa.bindparam("slug"), is_published(sa.bindparam("now")))
)


def to_summary(row: sa.Row[Any]) -> ToolSummary:
    """Make a ToolSummary of a row of select_summaries()."""
    slug, category_slug, category_name, *values = row[len(_TOOL) :]
    status, (model, *cost) = values[:_STATUS_LENGTH], values[_STATUS_LENGTH : _STATUS_LENGTH + len(_PRICE)]
    return ToolSummary(
        **dict(zip(_TOOL_FIELDS, row, strict=False)),
        slug=slug,
        category=CategoryLink(category_slug, category_name) if category_slug else None,
        price=Price(model, *cost) if model else UNKNOWN_PRICE,
        status=_to_status(*status),
    )


def _to_status(
    state: ToolState, on: date | None, id: int | None, slug: str | None, name: str, published_at: datetime | None
) -> ToolStatus:
    # One that was merged into another has no slug.
    return ToolStatus(state, on, ToolLink(id, slug, name) if id and slug else None, published_at)


def find_published(slug: str, now: datetime) -> ToolSummary | None:
    """Return the published tool under a slug or alias; compare its own slug to see whether to redirect."""
    rows = _FIND.execute(db.session.connection(), {"slugs": [slug], "now": now})
    return to_summary(rows[0]) if rows else None


def summaries_of(tool_ids: Sequence[int]) -> dict[int, ToolSummary]:
    """Return each of these tools, public or not, by its id. One statement."""
    rows = _SUMMARIES_BY_ID.execute(db.session.connection(), {"ids": list(tool_ids)})
    return {row.id: to_summary(row) for row in rows}


def panels_of(tool_ids: Sequence[int]) -> dict[int, Panel]:
    """Return each tool's reviews with their history, in the panel's order. One statement."""
    rows = _PANELS.execute(db.session.connection(), {"ids": list(tool_ids)})
    reviews = [
        (tool_id, _to_review([row[2:] for row in group])) for (tool_id, _), group in groupby(rows, itemgetter(0, 1))
    ]
    return {tool_id: Panel(panel) for tool_id, panel in _by_tool(tool_ids, reviews).items()}


def panel_verdicts_of(tool_ids: Sequence[int]) -> dict[int, Panel]:
    """Return each tool's verdicts without the words, for lists. One statement."""
    rows = _PANEL_VERDICTS.execute(db.session.connection(), {"ids": list(tool_ids)})
    reviews = [(tool_id, PanelReview(_to_reviewer(*by), verdict, reviewed_on=on)) for tool_id, verdict, on, *by in rows]
    return {tool_id: Panel(panel) for tool_id, panel in _by_tool(tool_ids, reviews).items()}


def all_reviewers() -> list[ReviewerSummary]:
    """Return the whole panel in its order."""
    rows = db.session.execute(sa.select(*_REVIEWER).order_by(reviewer.c.position, reviewer.c.id))
    return [_to_reviewer(*row) for row in rows]


def facts_of(tool_ids: Sequence[int]) -> dict[int, ToolFacts]:
    """Return each tool's facts under its category's labels, known or not. One statement."""
    rows = _FACTS.execute(db.session.connection(), {"ids": list(tool_ids)})
    labels: dict[int, dict[str, str]] = {tool_id: {} for tool_id in tool_ids}
    facts: dict[int, dict[str, Fact]] = {tool_id: {} for tool_id in tool_ids}
    for tool_id, name, label, value, *basis in rows:
        labels[tool_id][name] = label
        if value is not None:
            facts[tool_id][name] = Fact(label, value, *basis)
    return {tool_id: ToolFacts(labels[tool_id], facts[tool_id]) for tool_id in tool_ids}


def find_published_link(slug: str, now: datetime, connection: sa.Connection | None = None) -> ToolLink | None:
    """Return the published tool under a slug or alias, without what only its page needs. One statement.

    It is sent over the connection, or that of the session.
    """
    row = (connection or db.session.connection()).execute(LINK_BY_SLUG, {"slug": slug, "now": now}).first()
    return ToolLink(*row) if row else None


def list_published_links(slugs: Sequence[str], now: datetime) -> list[ToolLink]:
    """Return the published tools under these slugs or aliases, each once. One statement where there are slugs.

    They are in the order of their current slugs; those that are asked for by an alias alone come last.
    """
    if not slugs:
        return []
    rows = _LINKS_BY_SLUG.execute(db.session.connection(), {"slugs": list(slugs), "now": now})
    places = {slug: place for place, slug in reversed(list(enumerate(slugs)))}
    return sorted((ToolLink(*row) for row in rows), key=lambda link: places.get(link.slug, len(slugs)))


def links_of(tool_ids: Collection[int]) -> dict[int, ToolLink]:
    """Return each of these tools, public or not, by its id. One statement."""
    links = select_links().where(tool.c.id.in_(tool_ids))
    return {row.id: ToolLink(*row) for row in db.session.connection().execute(links)}


def find_link(slug: str) -> ToolLink | None:
    """Return the tool under a slug or alias, public or not. One statement."""
    links = select_links().join(requested_slug, requested_slug.c.tool_id == tool.c.id)
    row = db.session.connection().execute(links.where(requested_slug.c.slug == slug)).first()
    return ToolLink(*row) if row else None


def search_links(words: str) -> list[ToolLink]:
    """Return the tools, public or not, that hold all these words, best match first. One statement.

    It returns up to MAX_LINKS_FOUND + 1 of them: one more says that there are more.
    """
    links = select_links_of(search.matching(words)).limit(MAX_LINKS_FOUND + 1)
    return [ToolLink(*row) for row in db.session.connection().execute(links)]


def select_links() -> sa.Select[Any]:
    """Return the statement that reads every tool's ToolLink."""
    return sa.select(*_LINK_COLUMNS).join(current_slug, is_current_slug)


def select_links_of(hits: sa.Subquery) -> sa.Select[Any]:
    """Return the statement that reads the ToolLink of each tool that search.matching() found, best match first."""
    links = sa.select(*_LINK_COLUMNS).select_from(hits).outerjoin(tool, tool.c.id == hits.c.tool_id)
    links = links.outerjoin(current_slug, is_current_slug).order_by(*search.best_first(hits))
    return links.execution_options(**PLANNED_EACH_TIME)


def lock_existing(tool_ids: Collection[int], connection: sa.Connection | None = None) -> set[int]:
    """Return which of these tools exist, and let none of them be deleted until the transaction ends. One statement.

    Call it before writing a row that refers to a tool: an editor may have deleted the tool since it was read. An edit
    of the tool does not wait for this lock. It is sent over the connection, or that of the session.
    """
    existing = sa.select(tool.c.id).where(tool.c.id.in_(tool_ids)).order_by(tool.c.id)
    return set((connection or db.session.connection()).scalars(existing.with_for_update(read=True, key_share=True)))


def plans_of(tool_ids: Sequence[int]) -> dict[int, tuple[PlanSummary, ...]]:
    """Return each tool's plans in their order. One statement."""
    rows = _PLANS.execute(db.session.connection(), {"ids": list(tool_ids)})
    return _by_tool(tool_ids, ((tool_id, PlanSummary(*values)) for tool_id, *values in rows))


def past_prices_of(tool_ids: Sequence[int]) -> dict[int, tuple[Price, ...]]:
    """Return what each tool cost before, oldest first. One statement."""
    rows = _PAST_PRICES.execute(db.session.connection(), {"ids": list(tool_ids)})
    return _by_tool(tool_ids, ((tool_id, Price(*values)) for tool_id, *values in rows))


def predecessors_of(tool_id: int, now: datetime) -> list[Predecessor]:
    """Return the published tools that this one succeeds. One statement."""
    rows = _PREDECESSORS.execute(db.session.connection(), {"id": tool_id, "now": now})
    return [Predecessor(id, slug, name, ToolStatus(state, on)) for id, slug, name, state, on in rows]


def releases_of(tool_id: int) -> list[ReleaseSummary]:
    """Return a tool's releases, latest first; those without a date come last, in their order. One statement."""
    release = models.Release.__table__
    latest_first = (release.c.on.desc().nulls_last(), release.c.position)
    releases = sa.select(*columns_of(release, ReleaseSummary)).where(release.c.tool_id == tool_id)
    return [ReleaseSummary(*row) for row in db.session.execute(releases.order_by(*latest_first))]


def _by_tool(tool_ids: Iterable[int], items: Iterable[tuple[int, T]]) -> dict[int, tuple[T, ...]]:
    groups: dict[int, list[T]] = {tool_id: [] for tool_id in tool_ids}
    for tool_id, item in items:
        groups[tool_id].append(item)
    return {tool_id: tuple(group) for tool_id, group in groups.items()}


def _to_review(rows: Sequence[Sequence[Any]]) -> PanelReview:
    """Make a review of its rows, one for each revision: the reviewer's, the review's and the revision's columns."""
    review_at, revision_at = len(_REVIEWER), len(_REVIEWER) + len(_REVIEW)
    by, says = rows[0][:review_at], rows[0][review_at:revision_at]
    revisions = tuple(Revision(*row[revision_at:]) for row in rows if row[revision_at])
    return PanelReview(*[_to_reviewer(*by), *says, revisions])
