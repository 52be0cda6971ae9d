"""Recent changes: verdicts that changed, and prices that moved. A correction of wording is none."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from verdicts.catalog.kinds import PriceModel, ToolState, Verdict
from verdicts.catalog.prices import Price, move_in_words
from verdicts.catalog.queries import columns_of, is_published, price, review, reviewer, revision, select_links, tool
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.extensions import db

old_price = price.alias("old_price")


@dataclass(frozen=True)
class VerdictChange:
    slug: str
    name: str
    on: date
    reviewer: ReviewerSummary
    before: Verdict
    after: Verdict
    reason: str


@dataclass(frozen=True)
class PriceChange:
    slug: str
    name: str
    on: date
    before: Price
    after: Price
    reason: str
    state: ToolState

    @property
    def words(self) -> str:
        return move_in_words(self.before, self.after)

    @property
    def label(self) -> str:
        """What happened: a tool that ended has no price any more, which is no move of it."""
        has_ended = self.state is not ToolState.ACTIVE and self.after.model is PriceModel.UNKNOWN
        return self.state.capitalize() if has_ended else "Price"


def list_latest(now: datetime, most: int) -> list[VerdictChange | PriceChange]:
    """Return the latest changes of published tools, newest first, by name within a day. Two statements."""
    changes: list[VerdictChange | PriceChange] = [*_list_verdict_changes(now, most), *_list_price_changes(now, most)]
    by_name = sorted(changes, key=lambda change: change.name.casefold())
    return sorted(by_name, key=lambda change: change.on, reverse=True)[:most]


def _list_verdict_changes(now: datetime, most: int) -> list[VerdictChange]:
    # There are two verdicts, so the last revision with another one than the review was replaced by the review's.
    newer = revision.alias("newer")
    later = sa.tuple_(newer.c.until, newer.c.position) > sa.tuple_(revision.c.until, revision.c.position)
    is_other_verdict = (newer.c.verdict != review.c.verdict) & newer.c.wording_only.is_(False)
    is_last = ~sa.exists().where(newer.c.review_id == review.c.id, is_other_verdict, later)
    change = (revision.c.until, revision.c.verdict, review.c.verdict, revision.c.reason)
    rows = db.session.execute(
        select_links()
        .add_columns(*change, *columns_of(reviewer, ReviewerSummary))
        .join(review, review.c.tool_id == tool.c.id)
        .join(reviewer, reviewer.c.id == review.c.reviewer_id)
        .join(revision, revision.c.review_id == review.c.id)
        .where(is_published(now), is_last)
        .where(revision.c.verdict != review.c.verdict, revision.c.wording_only.is_(False))
        .order_by(revision.c.until.desc(), tool.c.id)
        .limit(most)
    )
    return [
        VerdictChange(slug, name, until, ReviewerSummary(*by), before, after, reason)
        for _, slug, name, until, before, after, reason, *by in rows
    ]


def _list_price_changes(now: datetime, most: int) -> list[PriceChange]:
    newer, current = price.alias("newer_price"), price.alias("current_price")
    later = sa.tuple_(newer.c.until, newer.c.position) > sa.tuple_(old_price.c.until, old_price.c.position)
    is_last = ~sa.exists().where(newer.c.tool_id == old_price.c.tool_id, newer.c.until.is_not(None), later)
    has_current = sa.exists().where(current.c.tool_id == old_price.c.tool_id, current.c.until.is_(None))
    # Each price's tool is looked up: for a join, SQLite made a filter of all tools first.
    published = sa.select(tool.c.id).where(tool.c.id == old_price.c.tool_id, is_published(now)).scalar_subquery()
    # Ids first: joined at once, SQLite without statistics began with all current prices.
    latest = (
        sa.select(old_price.c.id)
        .where(old_price.c.until.is_not(None), published.is_not(None), is_last, has_current)
        .order_by(old_price.c.until.desc(), old_price.c.tool_id)
        .limit(most)
        .subquery()
    )
    columns = [*columns_of(old_price, Price), *columns_of(price, Price)]
    half = len(columns) // 2
    rows = db.session.execute(
        select_links()
        .add_columns(old_price.c.until, old_price.c.reason, tool.c.state, *columns)
        .join(old_price, old_price.c.tool_id == tool.c.id)
        .join(price, sa.and_(price.c.tool_id == tool.c.id, price.c.until.is_(None)))
        .where(old_price.c.id.in_(sa.select(latest.c.id)))
        .order_by(old_price.c.until.desc(), tool.c.id)
    )
    return [
        PriceChange(slug, name, until, Price(*prices[:half]), Price(*prices[half:]), reason or "", state)
        for _, slug, name, until, reason, state, *prices in rows
    ]
