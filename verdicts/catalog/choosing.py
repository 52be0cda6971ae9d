"""Finding one tool among all there are, drafts and archived ones too: for editors, by address or by words."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.queries import asked_slug, current_slug, tool
from verdicts.extensions import db

MOST_SHOWN = 12


@dataclass(frozen=True)
class Choice:
    """A tool as a list names it."""

    id: int
    slug: str
    name: str


def by_slug(slug: str) -> Choice | None:
    """Return the tool under a slug or alias. One statement."""
    asked = _choices().join(asked_slug, asked_slug.c.tool_id == tool.c.id).where(asked_slug.c.slug == slug)
    row = db.session.connection().execute(asked).first()
    return Choice(*row) if row else None


def by_words(words: str) -> list[Choice]:
    """Return the tools that hold all these words, those named so first, one more than MOST_SHOWN. One statement."""
    hits = search.matching(words)
    rows = _choices().join(hits, hits.c.tool_id == tool.c.id).order_by(hits.c.rank, tool.c.position, tool.c.id)
    return [Choice(*row) for row in db.session.connection().execute(rows.limit(MOST_SHOWN + 1))]


def _choices() -> sa.Select[Any]:
    is_current = (current_slug.c.tool_id == tool.c.id) & current_slug.c.is_current
    return sa.select(tool.c.id, current_slug.c.slug, tool.c.name).join(current_slug, is_current)
