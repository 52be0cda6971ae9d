"""Two records of one tool become one: readers' doubts about a price go where the price goes."""

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.feedback.models import price_doubt


def move_doubts(keep_id: int, drop_id: int) -> None:
    """Let doubts about the price of one tool be about another's, once a network. The caller has begun to write."""
    doubt = price_doubt.c
    already = sa.select(doubt.network).where(doubt.tool_id == keep_id, doubt.network.is_not(None))
    is_new = doubt.network.is_(None) | doubt.network.not_in(already)
    moved = sa.update(price_doubt).where(doubt.tool_id == drop_id, is_new).values(tool_id=keep_id)
    db.session.connection().execute(moved)
    forget_doubts(drop_id)


def forget_doubts(tool_id: int) -> None:
    """Forget what was doubted about a price that nobody sees any more. The caller has begun to write."""
    db.session.connection().execute(sa.delete(price_doubt).where(price_doubt.c.tool_id == tool_id))
