"""The catalogue's reads, as few wide statements that return frozen records."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.models import (
    Category,
    CategoryFact,
    Plan,
    PriceRecord,
    Release,
    Review,
    Reviewer,
    ReviewRevision,
    Tool,
    ToolFact,
    ToolSlug,
)
from verdicts.catalog.panel import Panel, PanelReview, ReviewerCard, Revision
from verdicts.catalog.prices import UNKNOWN_PRICE, Price
from verdicts.catalog.records import CategoryLink, Fact, FactSheet, PlanLine, ReleaseLine, ToolCard, ToolLink
from verdicts.extensions import db

tool = Tool.__table__
current_slug = ToolSlug.__table__.alias("current_slug")
asked_slug = ToolSlug.__table__.alias("asked_slug")
category = Category.__table__
price = PriceRecord.__table__

CARD_COLUMNS = (
    tool.c.id,
    current_slug.c.slug,
    tool.c.name,
    tool.c.tagline,
    tool.c.description,
    tool.c.website,
    tool.c.maker,
    tool.c.license,
    tool.c.launched_on,
    tool.c.published_at,
    tool.c.category_id,
    tool.c.logo_digest,
    category.c.slug.label("category_slug"),
    category.c.name.label("category_name"),
    price.c.model,
    price.c.amount,
    price.c.currency,
    price.c.period,
    price.c.source,
    price.c.checked_on,
    price.c.interval_days,
)


def is_published(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(tool.c.published_at <= now, sa.false())


def cards() -> sa.FromClause:
    """Return the joined tables that CARD_COLUMNS name, one row a tool."""
    return (
        tool.join(current_slug, sa.and_(current_slug.c.tool_id == tool.c.id, current_slug.c.is_current))
        .outerjoin(category, category.c.id == tool.c.category_id)
        .outerjoin(price, sa.and_(price.c.tool_id == tool.c.id, price.c.until.is_(None)))
    )


# What every reader waits for is built once: putting a statement together costs more than running it.
_is_asked_for = sa.and_(asked_slug.c.slug.in_(sa.bindparam("slugs", expanding=True)), is_published(sa.bindparam("now")))

# The published tools under these slugs or aliases; takes `slugs` and `now`, each row says what it was `asked_for` by.
CARDS_ASKED_FOR: sa.Select[Any] = (
    sa.select(*CARD_COLUMNS, asked_slug.c.slug.label("asked_for"))
    .select_from(cards().join(asked_slug, asked_slug.c.tool_id == tool.c.id))
    .where(_is_asked_for)
)
_LINKS = (
    sa.select(tool.c.id, current_slug.c.slug, tool.c.name)
    .distinct()
    .join(current_slug, sa.and_(current_slug.c.tool_id == tool.c.id, current_slug.c.is_current))
    .join(asked_slug, asked_slug.c.tool_id == tool.c.id)
    .where(_is_asked_for)
)


def to_card(row: sa.Row[Any]) -> ToolCard:
    """Make a ToolCard of a row that has CARD_COLUMNS."""
    return ToolCard(
        id=row.id,
        slug=row.slug,
        name=row.name,
        tagline=row.tagline,
        description=row.description,
        website=row.website,
        maker=row.maker,
        license=row.license,
        launched_on=row.launched_on,
        published_at=row.published_at,
        category_id=row.category_id,
        category=CategoryLink(row.category_slug, row.category_name) if row.category_slug else None,
        price=_to_price(row) if row.model else UNKNOWN_PRICE,
        logo=row.logo_digest,
    )


def find_published(slug: str, now: datetime) -> ToolCard | None:
    """Return the published tool under a slug or alias; compare its own slug to see whether to redirect."""
    row = db.session.execute(CARDS_ASKED_FOR, {"slugs": [slug], "now": now}).first()
    return to_card(row) if row else None


def panels_of(tool_ids: Sequence[int]) -> dict[int, Panel]:
    """Return each tool's reviews with their history, in the panel's order. One statement."""
    review, revision = Review.__table__, ReviewRevision.__table__
    rows = db.session.execute(
        sa.select(
            review,
            *_reviewer_columns(),
            revision.c.verdict.label("old_verdict"),
            revision.c.quote.label("old_quote"),
            revision.c.reviewed_on.label("old_reviewed_on"),
            revision.c.until,
            revision.c.reason,
            revision.c.wording_only,
        )
        .join(Reviewer, Reviewer.id == review.c.reviewer_id)
        .outerjoin(revision, revision.c.review_id == review.c.id)
        .where(review.c.tool_id.in_(tool_ids))
        .order_by(Reviewer.position, Reviewer.id, revision.c.until, revision.c.position)
    )
    by_review: dict[int, list[sa.Row[Any]]] = {}
    for row in rows:
        by_review.setdefault(row.id, []).append(row)
    found: dict[int, list[PanelReview]] = {tool_id: [] for tool_id in tool_ids}
    for group in by_review.values():
        found[group[0].tool_id].append(_to_review(group))
    return {tool_id: Panel(tuple(reviews)) for tool_id, reviews in found.items()}


def marks_of(tool_ids: Sequence[int]) -> dict[int, Panel]:
    """Return each tool's verdicts without the words, for lists. One statement."""
    review = Review.__table__
    rows = db.session.execute(
        sa.select(review.c.tool_id, review.c.verdict, review.c.reviewed_on, *_reviewer_columns())
        .join(Reviewer, Reviewer.id == review.c.reviewer_id)
        .where(review.c.tool_id.in_(tool_ids))
        .order_by(Reviewer.position, Reviewer.id)
    )
    found: dict[int, list[PanelReview]] = {tool_id: [] for tool_id in tool_ids}
    for row in rows:
        found[row.tool_id].append(PanelReview(_to_reviewer(row), row.verdict, reviewed_on=row.reviewed_on))
    return {tool_id: Panel(tuple(reviews)) for tool_id, reviews in found.items()}


def all_reviewers() -> list[ReviewerCard]:
    """Return the whole panel in its order."""
    rows = db.session.execute(sa.select(*_reviewer_columns()).order_by(Reviewer.position, Reviewer.id))
    return [_to_reviewer(row) for row in rows]


def fact_sheets_of(tool_ids: Sequence[int]) -> dict[int, FactSheet]:
    """Return each tool's facts under its category's labels, known or not. One statement."""
    key, fact = CategoryFact.__table__, ToolFact.__table__
    rows = db.session.execute(
        sa.select(tool.c.id, key.c.key, key.c.label, fact.c.value, fact.c.source, fact.c.checked_on)
        .join(key, key.c.category_id == tool.c.category_id)
        .outerjoin(fact, sa.and_(fact.c.tool_id == tool.c.id, fact.c.key == key.c.key))
        .where(tool.c.id.in_(tool_ids))
        .order_by(key.c.position)
    )
    labels: dict[int, dict[str, str]] = {tool_id: {} for tool_id in tool_ids}
    facts: dict[int, dict[str, Fact]] = {tool_id: {} for tool_id in tool_ids}
    for row in rows:
        labels[row.id][row.key] = row.label
        if row.value is not None:
            facts[row.id][row.key] = Fact(row.label, row.value, row.source, row.checked_on)
    return {tool_id: FactSheet(labels[tool_id], facts[tool_id]) for tool_id in tool_ids}


def find_link(slug: str, now: datetime) -> ToolLink | None:
    """Return the published tool under a slug or alias, in little: for a door that holds a lock. One statement."""
    return next(iter(published_links([slug], now)), None)


def published_links(slugs: Sequence[str], now: datetime) -> list[ToolLink]:
    """Return the published tools under these slugs or aliases, each once. One statement."""
    rows = db.session.connection().execute(_LINKS, {"slugs": list(slugs), "now": now})
    return [ToolLink(row.id, row.slug, row.name) for row in rows]


def links_of(tool_ids: Collection[int]) -> dict[int, ToolLink]:
    """Return each of these tools in little, public or not. One statement."""
    links = sa.select(tool.c.id, current_slug.c.slug, tool.c.name).join(
        current_slug, sa.and_(current_slug.c.tool_id == tool.c.id, current_slug.c.is_current)
    )
    rows = db.session.connection().execute(links.where(tool.c.id.in_(tool_ids)))
    return {row.id: ToolLink(row.id, row.slug, row.name) for row in rows}


def hold(tool_ids: Collection[int]) -> set[int]:
    """Return which of these tools are there, and keep these from being deleted until this is committed. One statement.

    Whoever writes what refers to a tool asks here first: it may be deleted after it was found. An edit does not wait.
    """
    there = sa.select(tool.c.id).where(tool.c.id.in_(tool_ids)).order_by(tool.c.id)
    return set(db.session.connection().scalars(there.with_for_update(read=True, key_share=True)))


def plans_of(tool_ids: Sequence[int]) -> dict[int, tuple[PlanLine, ...]]:
    plan = Plan.__table__
    rows = db.session.execute(sa.select(plan).where(plan.c.tool_id.in_(tool_ids)).order_by(plan.c.position))
    found: dict[int, list[PlanLine]] = {tool_id: [] for tool_id in tool_ids}
    for row in rows:
        found[row.tool_id].append(
            PlanLine(row.name, row.amount, row.currency, row.period, row.per, row.limit, row.source, row.checked_on)
        )
    return {tool_id: tuple(lines) for tool_id, lines in found.items()}


def past_prices_of(tool_id: int) -> list[Price]:
    """Return what a tool cost before, newest first."""
    rows = db.session.execute(
        sa.select(price)
        .where(price.c.tool_id == tool_id, price.c.until.is_not(None))
        .order_by(price.c.until.desc(), price.c.position.desc())
    )
    return [_to_price(row, until=row.until, reason=row.reason) for row in rows]


def releases_of(tool_id: int) -> list[ReleaseLine]:
    release = Release.__table__
    rows = db.session.execute(sa.select(release).where(release.c.tool_id == tool_id).order_by(release.c.position))
    return [ReleaseLine(row.version, row.on) for row in rows]


def _reviewer_columns() -> tuple[sa.ColumnElement[Any], ...]:
    table = Reviewer.__table__
    return (
        table.c.slug.label("reviewer_slug"),
        table.c.name.label("reviewer_name"),
        table.c.kind.label("reviewer_kind"),
        table.c.motto.label("reviewer_motto"),
        table.c.position.label("reviewer_position"),
    )


def _to_reviewer(row: sa.Row[Any]) -> ReviewerCard:
    return ReviewerCard(
        row.reviewer_slug, row.reviewer_name, row.reviewer_kind, row.reviewer_motto, row.reviewer_position
    )


def _to_review(rows: list[sa.Row[Any]]) -> PanelReview:
    first = rows[0]
    return PanelReview(
        reviewer=_to_reviewer(first),
        verdict=first.verdict,
        quote=first.quote,
        reviewed_on=first.reviewed_on,
        tool_version=first.tool_version,
        basis=first.basis,
        conflict=first.conflict,
        revisions=tuple(_to_revision(row) for row in rows if row.old_verdict),
    )


def _to_revision(row: sa.Row[Any]) -> Revision:
    return Revision(row.old_verdict, row.old_quote, row.old_reviewed_on, row.until, row.reason, row.wording_only)


def _to_price(row: sa.Row[Any], until: date | None = None, reason: str | None = None) -> Price:
    return Price(
        model=row.model,
        amount=row.amount,
        currency=row.currency,
        period=row.period,
        source=row.source,
        checked_on=row.checked_on,
        until=until,
        reason=reason,
        interval_days=row.interval_days,
    )
