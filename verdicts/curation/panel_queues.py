"""Reviews that have grown old, and tools on which somebody of the panel has not spoken: most voted first.

Nobody counts who reads a page, so a tool's votes say how many look at it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.models import Review, Reviewer
from verdicts.catalog.panel import OLD_AFTER
from verdicts.catalog.queries import current_slug, is_published, tool
from verdicts.catalog.records import ToolLink
from verdicts.extensions import db
from verdicts.voting.models import tally

A_PAGE = 25

review, reviewer = Review.__table__, Reviewer.__table__
_votes = sa.func.coalesce(tally.c.ship + tally.c.skip, 0)


@dataclass(frozen=True)
class OldReview:
    tool: ToolLink
    reviewer: str
    reviewed_on: date
    votes: int


@dataclass(frozen=True)
class Gap:
    """A tool and how many of the panel have not spoken of it."""

    tool: ToolLink
    missing: int
    votes: int


def old_reviews(number: int, now: datetime) -> tuple[list[OldReview], int]:
    """Return one page of the reviews over 180 days by people still on the panel, and how many there are in all.

    One statement.
    """
    columns = (tool.c.id, current_slug.c.slug, tool.c.name, reviewer.c.name.label("by"), review.c.reviewed_on)
    rows = _rows(
        _old(now, *columns, _votes.label("votes"), sa.func.count().over().label("total")).order_by(
            _votes.desc(), review.c.reviewed_on, tool.c.id, reviewer.c.position
        ),
        number,
    )
    found = [OldReview(ToolLink(row.id, row.slug, row.name), row.by, row.reviewed_on, row.votes) for row in rows]
    return found, rows[0].total if rows else 0


def count_old_reviews(now: datetime) -> int:
    return db.session.scalar(_old(now, sa.func.count())) or 0


def gaps(number: int, now: datetime) -> tuple[list[Gap], int]:
    """Return one page of the tools whose panel is not complete, and how many there are in all. One statement."""
    columns = (tool.c.id, current_slug.c.slug, tool.c.name, _missing().label("missing"), _votes.label("votes"))
    rows = _rows(
        _incomplete(now, *columns, sa.func.count().over().label("total")).order_by(_votes.desc(), tool.c.id), number
    )
    found = [Gap(ToolLink(row.id, row.slug, row.name), row.missing, row.votes) for row in rows]
    return found, rows[0].total if rows else 0


def count_gaps(now: datetime) -> int:
    return db.session.scalar(_incomplete(now, sa.func.count())) or 0


def _rows(statement: sa.Select[Any], number: int) -> list[sa.Row[Any]]:
    return list(db.session.execute(statement.limit(A_PAGE).offset((number - 1) * A_PAGE)))


def _shown_tools(now: datetime, *columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(tool)
        .join(current_slug, sa.and_(current_slug.c.tool_id == tool.c.id, current_slug.c.is_current))
        .outerjoin(tally, tally.c.tool_id == tool.c.id)
        .where(is_published(now))
    )


def _old(now: datetime, *columns: Any) -> sa.Select[Any]:
    return (
        _shown_tools(now, *columns)
        .join(review, review.c.tool_id == tool.c.id)
        .join(reviewer, sa.and_(reviewer.c.id == review.c.reviewer_id, reviewer.c.archived_at.is_(None)))
        .where(review.c.reviewed_on < now.date() - OLD_AFTER)
    )


def _missing() -> sa.ScalarSelect[int]:
    """Return how many of those on the panel have not spoken of a tool."""
    both = sa.and_(review.c.tool_id == tool.c.id, review.c.reviewer_id == reviewer.c.id)
    spoke = sa.select(review.c.id).where(both).correlate(tool, reviewer).exists()
    on_the_panel = sa.select(sa.func.count()).select_from(reviewer).where(reviewer.c.archived_at.is_(None), ~spoke)
    return on_the_panel.correlate(tool).scalar_subquery()


def _incomplete(now: datetime, *columns: Any) -> sa.Select[Any]:
    return _shown_tools(now, *columns).where(_missing() > 0)
