"""Deleting records that nothing depends on, and saying what depends on the others."""

from typing import Any

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.models import Category, Review, Reviewer, Tool
from verdicts.catalog.publishing import bump_content_version
from verdicts.comparisons.models import Comparison, ComparisonTool
from verdicts.extensions import db
from verdicts.newsletter.models import SubscriberCategory, SubscriberTool
from verdicts.voting.models import Tally, Vote, VoteEvent


class RecordInUse(Exception):
    """It cannot be deleted; the message says what depends on it."""


def dependants(row: Category | Reviewer | Tool | Comparison) -> list[str]:
    """Return what depends on a record, in words such as "3 reviews". One statement a kind of dependant."""
    counts = [(_count(column, row.id), one, many) for column, one, many in _DEPENDANTS[type(row)]]
    return [f"{count:,} {one if count == 1 else many}" for count, one, many in counts if count]


def delete(row: Category | Reviewer | Tool | Comparison) -> None:
    """Delete a record. Raises RecordInUse. The caller has called begin_write(), and commits."""
    if needed_by := dependants(row):
        raise RecordInUse(f"It cannot be deleted while there is something that depends on it: {', '.join(needed_by)}.")
    if isinstance(row, Tool):
        db.session.execute(sa.delete(Tally).where(Tally.tool_id == row.id))
    id, is_tool = row.id, isinstance(row, Tool)
    db.session.delete(row)
    db.session.flush()
    if is_tool:
        search.reindex([id])
    bump_content_version()


def _count(column: Any, id: int) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(column == id)) or 0


_DEPENDANTS: dict[type[Any], list[tuple[Any, str, str]]] = {
    Category: [
        (Tool.category_id, "tool", "tools"),
        (SubscriberCategory.category_id, "subscriber who chose it", "subscribers who chose it"),
    ],
    Reviewer: [(Review.reviewer_id, "review", "reviews")],
    Tool: [
        (Review.tool_id, "review", "reviews"),
        (Vote.tool_id, "vote", "votes"),
        (VoteEvent.tool_id, "line in the ledger of votes", "lines in the ledger of votes"),
        (ComparisonTool.tool_id, "comparison", "comparisons"),
        (SubscriberTool.tool_id, "subscriber who follows it", "subscribers who follow it"),
        (Tool.merged_into_id, "record that was merged into it", "records that were merged into it"),
    ],
    Comparison: [],
}
