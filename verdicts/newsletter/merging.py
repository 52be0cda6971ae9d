"""Merging two tools: the followers of one become followers of the other."""

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.newsletter.models import subscriber_tool

_follow = subscriber_tool.c


def count_new_followers(keep_id: int, drop_id: int) -> int:
    """Return how many new followers the kept tool would get. One statement."""
    already = sa.select(_follow.subscriber_id).where(_follow.tool_id == keep_id)
    rows = sa.select(sa.func.count()).where(_follow.tool_id == drop_id, _follow.subscriber_id.not_in(already))
    return db.session.connection().scalar(rows) or 0


def move_followers(keep_id: int, drop_id: int) -> None:
    """Make the followers of a tool follow another one. The caller has called begin_write(), and commits."""
    connection = db.session.connection()
    followers = sa.select(_follow.subscriber_id, sa.literal(keep_id)).where(_follow.tool_id == drop_id)
    follows = insert(subscriber_tool).from_select(["subscriber_id", "tool_id"], followers)
    connection.execute(follows.on_conflict_do_nothing())
    connection.execute(sa.delete(subscriber_tool).where(_follow.tool_id == drop_id))
