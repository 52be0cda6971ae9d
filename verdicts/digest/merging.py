"""Merging two records of one tool: news in drafts refers to the id that stays. Frozen editions do not change."""

import sqlalchemy as sa

from verdicts.digest.models import EditionState, edition, edition_item
from verdicts.extensions import db


def count_draft_items(tool_id: int) -> int:
    """Return how many items in drafts are about a tool. One statement."""
    return len(_find_draft_items(tool_id))


def replace_in_drafts(keep_id: int, drop_id: int) -> None:
    """Replace one tool by another in the items of drafts. The caller has called begin_write(), and commits."""
    for item_id, tool_ids in _find_draft_items(drop_id).items():
        replaced = list(dict.fromkeys(keep_id if id == drop_id else id for id in tool_ids))
        statement = sa.update(edition_item).where(edition_item.c.id == item_id)
        db.session.connection().execute(statement.values(tool_ids=replaced))


def _find_draft_items(tool_id: int) -> dict[int, list[int]]:
    """Return the tools of each draft item about a tool. JSON is searched in Python, because drafts are few."""
    statement = sa.select(edition_item.c.id, edition_item.c.tool_ids).join(edition)
    rows = db.session.connection().execute(statement.where(edition.c.state == EditionState.DRAFT))
    return {row.id: row.tool_ids for row in rows if tool_id in row.tool_ids}
