"""Lets some of the sample happen in the week it is loaded in, so that the demo's edition has something to tell.

Only what the sample made up is dated anew: when a tool appeared here, and when a persona changed its mind.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from verdicts.extensions import Base, db

NEW_TOOLS, NEW_COMPARISONS, CHANGES_OF_MIND = 2, 1, 2
BEFORE = timedelta(days=14)

tool = Base.metadata.tables["tool"]
comparison = Base.metadata.tables["comparison"]
review = Base.metadata.tables["review"]
revision = Base.metadata.tables["review_revision"]


def happen(now: datetime) -> None:
    """Let the last tools, the first comparison and the last changes of mind happen now; all else was here before."""
    _publish(tool, tool.c.position.desc(), NEW_TOOLS, now)
    _publish(comparison, comparison.c.position, NEW_COMPARISONS, now)
    connection = db.session.connection()
    for turned in connection.execute(_last_turns()).all():
        connection.execute(sa.update(revision).where(revision.c.id == turned.id).values(until=now.date()))
        reviewed = sa.update(review).where(review.c.id == turned.review_id)
        connection.execute(reviewed.values(reviewed_on=now.date()))


def _publish(table: sa.Table, newest_first: sa.ColumnElement[Any], new: int, now: datetime) -> None:
    """Date all of a table's rows back but for the first `new` ones."""
    fresh = sa.select(table.c.id).order_by(newest_first).limit(new).scalar_subquery()
    older = sa.update(table).where(table.c.id.not_in(fresh))
    db.session.connection().execute(older.values(published_at=now - BEFORE))


def _last_turns() -> sa.Select[Any]:
    turned = (revision.c.verdict != review.c.verdict) & ~revision.c.wording_only
    found = sa.select(revision.c.id, revision.c.review_id).join(review, review.c.id == revision.c.review_id)
    return found.where(turned).order_by(revision.c.until.desc(), revision.c.id).limit(CHANGES_OF_MIND)
