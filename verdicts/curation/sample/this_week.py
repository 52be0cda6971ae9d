"""Dates some of the sample into the week it is loaded in, so that the demo's edition has news.

Only made-up dates are moved: when a tool appeared here, and when a persona changed its mind.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import search_index
from verdicts.extensions import Base, db

NEW_TOOLS, NEW_COMPARISONS, CHANGES_OF_MIND = 2, 1, 2
BEFORE = timedelta(days=14)

tool = Base.metadata.tables["tool"]
comparison = Base.metadata.tables["comparison"]
review = Base.metadata.tables["review"]
revision = Base.metadata.tables["review_revision"]


def move_into_week(now: datetime) -> None:
    """Date the last tools, the first comparison and the last changes of mind to now, and all else before."""
    _publish(tool, tool.c.position.desc(), NEW_TOOLS, now)
    _publish(comparison, comparison.c.position, NEW_COMPARISONS, now)
    connection = db.session.connection()
    changes = connection.execute(_last_changes_of_mind()).all()
    for change in changes:
        connection.execute(sa.update(revision).where(revision.c.id == change.id).values(until=now.date()))
        reviewed = sa.update(review).where(review.c.id == change.review_id)
        connection.execute(reviewed.values(reviewed_on=now.date()))
    search_index.reindex({change.tool_id for change in changes})


def _publish(table: sa.Table, newest_first: sa.ColumnElement[Any], new: int, now: datetime) -> None:
    """Date all of a table's rows back, but for the first `new` ones."""
    newest = sa.select(table.c.id).order_by(newest_first).limit(new).scalar_subquery()
    older = sa.update(table).where(table.c.id.not_in(newest))
    db.session.connection().execute(older.values(published_at=now - BEFORE))


def _last_changes_of_mind() -> sa.Select[Any]:
    has_turned = (revision.c.verdict != review.c.verdict) & ~revision.c.wording_only
    columns = (revision.c.id, revision.c.review_id, review.c.tool_id)
    changes = sa.select(*columns).join(review, review.c.id == revision.c.review_id)
    return changes.where(has_turned).order_by(revision.c.until.desc(), revision.c.id).limit(CHANGES_OF_MIND)
