"""What changed lately: verdicts that turned round, and prices that moved. A correction of wording is no news."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import Review, Reviewer, ReviewRevision
from verdicts.catalog.panel import ReviewerCard
from verdicts.catalog.prices import Price
from verdicts.catalog.queries import current_slug, is_published, price, tool
from verdicts.extensions import db

review = Review.__table__
reviewer = Reviewer.__table__
revision = ReviewRevision.__table__
old_price = price.alias("old_price")


@dataclass(frozen=True)
class VerdictNews:
    """A reviewer changed their mind about a tool."""

    slug: str
    name: str
    on: date
    reviewer: ReviewerCard
    before: Verdict
    after: Verdict
    reason: str


@dataclass(frozen=True)
class PriceNews:
    """A tool's entry price moved."""

    slug: str
    name: str
    on: date
    before: Price
    after: Price
    reason: str


def latest(now: datetime, most: int) -> list[VerdictNews | PriceNews]:
    """Return the newest changes of published tools, newest first. Two statements."""
    news: list[VerdictNews | PriceNews] = [*_verdicts(now, most), *_prices(now, most)]
    return sorted(news, key=lambda change: (change.on, change.name), reverse=True)[:most]


def _verdicts(now: datetime, most: int) -> list[VerdictNews]:
    # There are two verdicts, so the last revision that says another one than the review was replaced by this one.
    newer = revision.alias("newer")
    later = sa.tuple_(newer.c.until, newer.c.position) > sa.tuple_(revision.c.until, revision.c.position)
    says_another = (newer.c.verdict != review.c.verdict) & newer.c.wording_only.is_(False)
    is_last = ~sa.exists().where(newer.c.review_id == review.c.id, says_another, later)
    rows = db.session.execute(
        _of_published(
            now,
            revision.c.until,
            revision.c.reason,
            revision.c.verdict.label("before"),
            review.c.verdict.label("after"),
            reviewer.c.slug.label("reviewer_slug"),
            reviewer.c.name.label("reviewer_name"),
            reviewer.c.kind.label("reviewer_kind"),
        )
        .join(review, review.c.tool_id == tool.c.id)
        .join(reviewer, reviewer.c.id == review.c.reviewer_id)
        .join(revision, revision.c.review_id == review.c.id)
        .where(is_last, revision.c.verdict != review.c.verdict, revision.c.wording_only.is_(False))
        .order_by(revision.c.until.desc(), tool.c.id)
        .limit(most)
    )
    return [
        VerdictNews(
            row.slug,
            row.name,
            row.until,
            ReviewerCard(row.reviewer_slug, row.reviewer_name, row.reviewer_kind),
            row.before,
            row.after,
            row.reason,
        )
        for row in rows
    ]


def _prices(now: datetime, most: int) -> list[PriceNews]:
    newer = price.alias("newer_price")
    later = sa.tuple_(newer.c.until, newer.c.position) > sa.tuple_(old_price.c.until, old_price.c.position)
    is_last = ~sa.exists().where(newer.c.tool_id == tool.c.id, newer.c.until.is_not(None), later)
    rows = db.session.execute(
        _of_published(
            now,
            old_price.c.until,
            old_price.c.reason,
            *(old_price.c[name].label(f"old_{name}") for name in _AMOUNT),
            *(price.c[name].label(f"new_{name}") for name in _AMOUNT),
        )
        .join(old_price, sa.and_(old_price.c.tool_id == tool.c.id, old_price.c.until.is_not(None)))
        .join(price, sa.and_(price.c.tool_id == tool.c.id, price.c.until.is_(None)))
        .where(is_last)
        .order_by(old_price.c.until.desc(), tool.c.id)
        .limit(most)
    )
    return [
        PriceNews(row.slug, row.name, row.until, _price(row, "old"), _price(row, "new"), row.reason or "")
        for row in rows
    ]


_AMOUNT = ("model", "amount", "currency", "period")


def _price(row: sa.Row[Any], which: str) -> Price:
    return Price(*(row._mapping[f"{which}_{name}"] for name in _AMOUNT))


def _of_published(now: datetime, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(current_slug.c.slug, tool.c.name, *columns)
        .select_from(tool)
        .join(current_slug, sa.and_(current_slug.c.tool_id == tool.c.id, current_slug.c.is_current))
        .where(is_published(now))
    )
