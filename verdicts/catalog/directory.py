"""What is in the directory: categories and how many tools each holds, the newest tools, and tools by their names."""

import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.kept import kept
from verdicts.catalog.models import CategoryAlias
from verdicts.catalog.queries import (
    category,
    is_active,
    is_published,
    select_links,
    select_links_of,
    select_summaries,
    to_summary,
    tool,
)
from verdicts.catalog.summaries import ToolLink, ToolSummary
from verdicts.extensions import UtcDateTime, db, limit_to

_BETWEEN_TWO = re.compile(r"\s+(?:vs\.?|versus|or)\s+", re.IGNORECASE)
_was_published = tool.c.published_at <= sa.bindparam("now", type_=UtcDateTime)
_NEWEST = (
    select_summaries()
    .where(_was_published, is_active)
    .order_by(tool.c.published_at.desc(), tool.c.id.desc())
    .limit(limit_to("most"))
)
# Joined and grouped, SQLite without statistics began with all published tools.
_count = sa.select(sa.func.count()).where(tool.c.category_id == category.c.id, _was_published).scalar_subquery()
_COUNTS = sa.select(category.c.slug, category.c.name, _count).order_by(category.c.position)


@dataclass(frozen=True)
class CategoryCount:
    """A category and how many published tools it holds."""

    slug: str
    name: str
    count: int


def find_pair(text: str, now: datetime) -> tuple[ToolLink, ToolLink] | None:
    """Return the two tools that a text such as "claude vs chatgpt" names. At most six statements."""
    names = _BETWEEN_TWO.split(text)
    if len(names) != 2:
        return None
    first, second = (find_named(name, now) for name in names)
    return (first, second) if first and second and first != second else None


def find_named(text: str, now: datetime) -> ToolLink | None:
    """Return the published tool that a text names, or that its correction names. At most three statements."""
    named = _find_named_as_typed(text, now)
    corrected = "" if named else search.correct(text)
    return _find_named_as_typed(corrected, now) if corrected else named


def list_newest(now: datetime, most: int) -> list[ToolSummary]:
    """Return the tools published last that go on. One statement."""
    rows = db.session.connection().execute(_NEWEST, {"now": now, "most": most})
    return [to_summary(row) for row in rows]


@kept
def count_by_category(now: datetime) -> tuple[CategoryCount, ...]:
    """Return the categories that hold published tools, in their order. Two statements; one where they are kept."""
    counts = (CategoryCount(*row) for row in db.session.connection().execute(_COUNTS, {"now": now}))
    return tuple(each for each in counts if each.count)


def find_category(slug: str) -> str | None:
    """Return the slug of the category that has this one, or had it before. One statement."""
    alias = CategoryAlias.__table__
    named = sa.select(category.c.slug).outerjoin(alias, alias.c.category_id == category.c.id)
    return db.session.scalar(named.where((alias.c.slug == slug) | (category.c.slug == slug)))


def list_by_category(now: datetime) -> dict[str, list[ToolLink]]:
    """Return every published tool under its category's name, for a list to choose from. One statement."""
    rows = db.session.execute(
        select_links()
        .add_columns(category.c.name)
        .outerjoin(category, category.c.id == tool.c.category_id)
        .where(is_published(now))
        .order_by(category.c.position, tool.c.sort_name)
    )
    groups: dict[str, list[ToolLink]] = {}
    for id, slug, name, category_name in rows:
        groups.setdefault(category_name or "Without a category", []).append(ToolLink(id, slug, name))
    return groups


def _find_named_as_typed(text: str, now: datetime) -> ToolLink | None:
    hits = search.matching(text, public_at=now)
    links = select_links_of(hits).where(hits.c.rank <= -search.NAME_WEIGHT)
    row = db.session.execute(links.limit(1)).first()
    return ToolLink(*row) if row else None
