"""Two records of one tool become one: news in drafts names the one that stays. What is frozen stays as it is."""

import sqlalchemy as sa

from verdicts.digest.models import EditionState, edition, edition_item
from verdicts.extensions import db


def count_drafted_news(tool_id: int) -> int:
    """Return how many pieces of news in drafts are about a tool. One statement."""
    return len(_drafted_news(tool_id))


def rename_in_drafts(keep_id: int, drop_id: int) -> None:
    """Let news about one tool be about another. The caller has begun to write, and commits."""
    for item_id, tool_ids in _drafted_news(drop_id).items():
        named = list(dict.fromkeys(keep_id if id == drop_id else id for id in tool_ids))
        one = sa.update(edition_item).where(edition_item.c.id == item_id)
        db.session.connection().execute(one.values(tool_ids=named))


def _drafted_news(tool_id: int) -> dict[int, list[int]]:
    """Return which tools each item names that names this one. Drafts are few: JSON is searched here."""
    rows = sa.select(edition_item.c.id, edition_item.c.tool_ids).join(
        edition, edition.c.id == edition_item.c.edition_id
    )
    found = db.session.connection().execute(rows.where(edition.c.state == EditionState.DRAFT))
    return {row.id: row.tool_ids for row in found if tool_id in row.tool_ids}
