"""Merging two records of one tool: the picks that name the one that goes."""

import sqlalchemy as sa

from verdicts.catalog.models import CategoryPick
from verdicts.extensions import db

pick = CategoryPick.metadata.tables["category_pick"]


def foresee(drop_id: int) -> tuple[int, ...]:
    """Return the category of each pick that names the dropped tool. One statement."""
    named = sa.select(pick.c.category_id).where((pick.c.tool_id == drop_id) | (pick.c.runner_up_id == drop_id))
    return tuple(db.session.connection().scalars(named.order_by(pick.c.category_id, pick.c.position)))


def merge(keep_id: int, drop_id: int) -> None:
    """Let picks name the kept tool; one that named both has no runner-up. The caller commits."""
    connection = db.session.connection()
    both = (pick.c.tool_id.in_([keep_id, drop_id])) & (pick.c.runner_up_id.in_([keep_id, drop_id]))
    connection.execute(sa.update(pick).where(both).values(runner_up_id=None))
    for column in (pick.c.tool_id, pick.c.runner_up_id):
        connection.execute(sa.update(pick).where(column == drop_id).values({column: keep_id}))
