"""What changed, one entry each, as feeds tell it: new tools, new reviews, changed verdicts, prices, tools that end.

recent_changes lists the last change of each review and price. A feed's readers have seen that one before the next, so
here every change stays an entry. A correction of wording is none.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.prices import Price
from verdicts.catalog.queries import (
    columns_of,
    is_published,
    price,
    review,
    reviewer,
    revision,
    select_links,
    select_summaries,
    to_summary,
    tool,
)
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.catalog.summaries import ToolLink, ToolStatus
from verdicts.extensions import UtcDateTime, db, limit_to

MAX_CHANGES = 40


class Scope(StrEnum):
    """What a feed is about. Any but ALL goes with the id of a tool, a category or a reviewer."""

    ALL = "all"
    TOOL = "tool"
    CATEGORY = "category"
    REVIEWER = "reviewer"


@dataclass(frozen=True)
class Change:
    """`key` names the change for good, whatever its tool is called later. `updated_at` is at or after `at`."""

    key: str
    tool: ToolLink
    at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class NewTool(Change):
    tagline: str


@dataclass(frozen=True)
class NewReview(Change):
    """A review whose verdict has never changed: a changed one is told by its changes."""

    reviewer: ReviewerSummary
    verdict: Verdict
    quote: str


@dataclass(frozen=True)
class ChangedVerdict(Change):
    reviewer: ReviewerSummary
    before: Verdict
    after: Verdict
    reason: str


@dataclass(frozen=True)
class ChangedPrice(Change):
    before: Price
    after: Price
    reason: str


@dataclass(frozen=True)
class EndedTool(Change):
    status: ToolStatus


def list_changes(scope: Scope, id: int, now: datetime) -> list[Change]:
    """Return the latest changes of published tools, newest first, at most MAX_CHANGES. Five statements, or two."""
    values = {"now": now, "today": now.date(), "scope_id": id, "most": MAX_CHANGES}
    changes: list[Change] = [*_verdict_changes(scope, values), *_new_reviews(scope, values)]
    if scope in _OF_TOOLS:
        changes += [*_price_changes(scope, values), *_new_tools(scope, values), *_ended_tools(scope, values)]
    return sorted(changes, key=lambda change: change.at, reverse=True)[:MAX_CHANGES]


_reviewer_columns = columns_of(reviewer, ReviewerSummary)
_now = sa.bindparam("now", type_=UtcDateTime)
_today = sa.bindparam("today", type_=sa.Date)
_scope_id = sa.bindparam("scope_id", type_=sa.Integer)
_most = limit_to("most")
_CONDITIONS: dict[Scope, sa.ColumnElement[bool]] = {
    Scope.ALL: sa.true(),
    Scope.TOOL: tool.c.id == _scope_id,
    Scope.CATEGORY: tool.c.category_id == _scope_id,
    Scope.REVIEWER: sa.true(),
}
_newer = revision.alias("newer")
_is_later = (_newer.c.review_id == revision.c.review_id) & (
    sa.tuple_(_newer.c.until, _newer.c.position) > sa.tuple_(revision.c.until, revision.c.position)
)
# A correction of wording has the verdict that its reviewer came to later, or had before: it is passed over.
_next_verdict = (
    sa.select(_newer.c.verdict)
    .where(_is_later, _newer.c.wording_only.is_(False))
    .order_by(_newer.c.until, _newer.c.position)
    .limit(limit_to(1))
    .scalar_subquery()
)
_verdict_after = sa.func.coalesce(_next_verdict, review.c.verdict)
_has_other_verdict = sa.exists().where(
    revision.c.review_id == review.c.id, revision.c.wording_only.is_(False), revision.c.verdict != review.c.verdict
)
_last_revised_on = sa.select(sa.func.max(revision.c.until)).where(revision.c.review_id == review.c.id).scalar_subquery()
_old_price, _next_price = price.alias("old_price"), price.alias("next_price")
_next_price_id = (
    sa.select(_next_price.c.id)
    .where(_next_price.c.tool_id == _old_price.c.tool_id, _next_price.c.id != _old_price.c.id)
    .where(
        _next_price.c.until.is_(None)
        | (
            sa.tuple_(_next_price.c.until, _next_price.c.position)
            > sa.tuple_(_old_price.c.until, _old_price.c.position)
        )
    )
    .order_by(_next_price.c.until.is_(None), _next_price.c.until, _next_price.c.position)
    .limit(limit_to(1))
    .scalar_subquery()
)


def _of(scope: Scope, tool_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say whether a row is of a published tool of the scope.

    Of all tools, the rows are read in their order until there are enough: EXISTS leaves them in it. Those of a tool or
    a category are few, so they are found by their tools.
    """
    tools = sa.select(tool.c.id).where(is_published(_now), _CONDITIONS[scope])
    if scope in {Scope.TOOL, Scope.CATEGORY}:
        return tool_id.in_(tools)
    return sa.exists(tools.where(tool.c.id == tool_id).correlate_except(tool))


def _by(scope: Scope) -> sa.ColumnElement[bool]:
    return review.c.reviewer_id == _scope_id if scope is Scope.REVIEWER else sa.true()


def _select_verdict_changes(scope: Scope) -> sa.Select[Any]:
    first = (
        sa.select(revision.c.id)
        .join(review, review.c.id == revision.c.review_id)
        .where(revision.c.until <= _today, revision.c.wording_only.is_(False), revision.c.verdict != _verdict_after)
        .where(_of(scope, review.c.tool_id), _by(scope))
        .order_by(revision.c.until.desc(), revision.c.id.desc())
        .limit(_most)
    )
    change = (revision.c.id, revision.c.until, revision.c.verdict, revision.c.reason)
    return (
        select_links()
        .add_columns(*change, *_reviewer_columns)
        .join(review, review.c.tool_id == tool.c.id)
        .join(reviewer, reviewer.c.id == review.c.reviewer_id)
        .join(revision, revision.c.review_id == review.c.id)
        .where(revision.c.id.in_(first))
        .order_by(revision.c.until.desc(), revision.c.id.desc())
    )


def _select_new_reviews(scope: Scope) -> sa.Select[Any]:
    first = (
        sa.select(review.c.id)
        .where(review.c.reviewed_on <= _today, ~_has_other_verdict, _of(scope, review.c.tool_id), _by(scope))
        .order_by(review.c.reviewed_on.desc(), review.c.id.desc())
        .limit(_most)
    )
    return (
        select_links()
        .add_columns(review.c.reviewed_on, _last_revised_on, review.c.verdict, review.c.quote, *_reviewer_columns)
        .join(review, review.c.tool_id == tool.c.id)
        .join(reviewer, reviewer.c.id == review.c.reviewer_id)
        .where(review.c.id.in_(first))
        .order_by(review.c.reviewed_on.desc(), review.c.id.desc())
    )


def _select_price_changes(scope: Scope) -> sa.Select[Any]:
    first = (
        sa.select(_old_price.c.id)
        .where(_old_price.c.until <= _today, _of(scope, _old_price.c.tool_id))
        .order_by(_old_price.c.until.desc(), _old_price.c.id.desc())
        .limit(_most)
    )
    return (
        select_links()
        .add_columns(_old_price.c.id, *columns_of(_old_price, Price), *columns_of(price, Price))
        .join(_old_price, _old_price.c.tool_id == tool.c.id)
        .join(price, price.c.id == _next_price_id)
        .where(_old_price.c.id.in_(first))
        .order_by(_old_price.c.until.desc(), _old_price.c.id.desc())
    )


def _select_new_tools(scope: Scope) -> sa.Select[Any]:
    return (
        select_links()
        .add_columns(tool.c.published_at, tool.c.tagline)
        .where(tool.c.published_at <= _now, _CONDITIONS[scope])
        .order_by(tool.c.published_at.desc(), tool.c.id.desc())
        .limit(_most)
    )


def _select_ended_tools(scope: Scope) -> sa.Select[Any]:
    first = (
        sa.select(tool.c.id)
        .where(tool.c.ended_on <= _today, is_published(_now), _CONDITIONS[scope])
        .order_by(tool.c.ended_on.desc(), tool.c.id.desc())
        .limit(_most)
    )
    return select_summaries().where(tool.c.id.in_(first))


_VERDICT_CHANGES: dict[Scope, sa.Select[Any]] = {scope: _select_verdict_changes(scope) for scope in Scope}
_NEW_REVIEWS: dict[Scope, sa.Select[Any]] = {scope: _select_new_reviews(scope) for scope in Scope}
_OF_TOOLS = (Scope.ALL, Scope.TOOL, Scope.CATEGORY)
_PRICE_CHANGES: dict[Scope, sa.Select[Any]] = {scope: _select_price_changes(scope) for scope in _OF_TOOLS}
_NEW_TOOLS: dict[Scope, sa.Select[Any]] = {scope: _select_new_tools(scope) for scope in _OF_TOOLS}

_ENDED_TOOLS: dict[Scope, sa.Select[Any]] = {scope: _select_ended_tools(scope) for scope in _OF_TOOLS}


def _verdict_changes(scope: Scope, values: dict[str, Any]) -> list[ChangedVerdict]:
    changes = []
    for tool_id, slug, name, id, until, before, reason, *by in db.session.execute(_VERDICT_CHANGES[scope], values):
        # There are two verdicts, so a changed one became the other.
        after = Verdict.SKIP if before is Verdict.SHIP else Verdict.SHIP
        key, at = f"verdict-change/{id}/{until}", _midnight(until)
        link = ToolLink(tool_id, slug, name)
        changes.append(ChangedVerdict(key, link, at, at, ReviewerSummary(*by), before, after, reason))
    return changes


def _new_reviews(scope: Scope, values: dict[str, Any]) -> list[NewReview]:
    changes = []
    for tool_id, slug, name, on, revised_on, verdict, quote, *by in db.session.execute(_NEW_REVIEWS[scope], values):
        by_whom, at = ReviewerSummary(*by), _midnight(on)
        key, updated_at = f"review/{tool_id}/{by_whom.id}", _midnight(max(on, revised_on or on))
        changes.append(NewReview(key, ToolLink(tool_id, slug, name), at, updated_at, by_whom, verdict, quote))
    return changes


def _price_changes(scope: Scope, values: dict[str, Any]) -> list[ChangedPrice]:
    """Return the moves of prices. A check that found the same words is none."""
    changes = []
    for tool_id, slug, name, id, *prices in db.session.execute(_PRICE_CHANGES[scope], values):
        before, after = Price(*prices[: len(prices) // 2]), Price(*prices[len(prices) // 2 :])
        if before.until is None or (before.words, before.detail) == (after.words, after.detail):
            continue
        key, at = f"price-change/{id}/{before.until}", _midnight(before.until)
        link = ToolLink(tool_id, slug, name)
        changes.append(ChangedPrice(key, link, at, at, before, after, before.reason or ""))
    return changes


def _new_tools(scope: Scope, values: dict[str, Any]) -> list[NewTool]:
    return [
        NewTool(f"tool/{id}", ToolLink(id, slug, name), at, at, tagline)
        for id, slug, name, at, tagline in db.session.execute(_NEW_TOOLS[scope], values)
    ]


def _ended_tools(scope: Scope, values: dict[str, Any]) -> list[EndedTool]:
    changes = []
    for row in db.session.execute(_ENDED_TOOLS[scope], values):
        ended = to_summary(row)
        if ended.status.on:
            key, at = f"ended/{ended.id}/{ended.status.state}", _midnight(ended.status.on)
            changes.append(EndedTool(key, ToolLink(ended.id, ended.slug, ended.name), at, at, ended.status))
    return changes


def _midnight(on: date) -> datetime:
    """Return the moment of a change whose day is all that is known."""
    return datetime.combine(on, time.min, UTC)
