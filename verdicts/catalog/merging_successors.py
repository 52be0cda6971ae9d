"""Merging two records of one tool: the tools that name the one that goes as their successor."""

import sqlalchemy as sa

from verdicts.catalog.models import Tool
from verdicts.extensions import db

tool = Tool.metadata.tables["tool"]


def foresee(drop_id: int) -> tuple[int, ...]:
    """Return the ids of the tools that the dropped one succeeds. One statement."""
    succeeded = sa.select(tool.c.id).where(tool.c.successor_id == drop_id)
    return tuple(db.session.connection().scalars(succeeded.order_by(tool.c.id)))


def merge(keep_id: int, drop_id: int) -> None:
    """Let the kept tool succeed them; it does not succeed itself. The caller commits."""
    connection = db.session.connection()
    named = sa.update(tool).where(tool.c.successor_id == drop_id)
    connection.execute(named.where(tool.c.id == keep_id).values(successor_id=None))
    connection.execute(named.values(successor_id=keep_id))
    connection.execute(sa.update(tool).where(tool.c.id == drop_id).values(successor_id=None))
