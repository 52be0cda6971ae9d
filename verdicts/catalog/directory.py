"""The directory: which tools, in which order, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.models import CategoryAlias
from verdicts.catalog.queries import category, is_published, select_links, select_summaries, to_summary, tool
from verdicts.catalog.summaries import ToolLink, ToolSummary
from verdicts.extensions import db

PAGE_SIZE = 24


class Sort(StrEnum):
    """How the directory may be sorted; RELEVANCE only where something is searched for."""

    RELEVANCE = "relevance"
    EDITORS_ORDER = "shelf"
    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True)
class DirectoryQuery:
    """Which tools a visitor wants to see; an empty text or category means any."""

    text: str = ""
    category: str = ""
    sort: Sort = Sort.EDITORS_ORDER
    page: int = 1


@dataclass(frozen=True)
class CategoryCount:
    """A category and how many published tools it holds."""

    slug: str
    name: str
    count: int


def list_tools(query: DirectoryQuery, now: datetime) -> tuple[list[ToolSummary], int]:
    """Return one page of the tools that match, and how many match in all (0 behind the last page). One statement."""
    matching = _select(query, now).add_columns(sa.func.count().over().label("total"))
    rows = db.session.execute(matching.limit(PAGE_SIZE).offset((query.page - 1) * PAGE_SIZE)).all()
    return [to_summary(row) for row in rows], rows[0].total if rows else 0


def list_newest(now: datetime, most: int) -> list[ToolSummary]:
    """Return the tools published last. One statement."""
    rows = db.session.execute(_select(DirectoryQuery(sort=Sort.NEWEST), now).limit(most))
    return [to_summary(row) for row in rows]


def count_by_category(now: datetime) -> list[CategoryCount]:
    """Return the categories that hold published tools, in their order. One statement."""
    rows = db.session.execute(
        sa.select(category.c.slug, category.c.name, sa.func.count())
        .join(tool, tool.c.category_id == category.c.id)
        .where(is_published(now))
        .group_by(category.c.id, category.c.slug, category.c.name, category.c.position)
        .order_by(category.c.position)
    )
    return [CategoryCount(*row) for row in rows]


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
        .order_by(category.c.position, sa.func.lower(tool.c.name))
    )
    groups: dict[str, list[ToolLink]] = {}
    for id, slug, name, category_name in rows:
        groups.setdefault(category_name or "Without a category", []).append(ToolLink(id, slug, name))
    return groups


def _select(query: DirectoryQuery, now: datetime) -> sa.Select[Any]:
    tools = select_summaries().where(is_published(now))
    orders: dict[Sort, tuple[Any, ...]] = {
        Sort.EDITORS_ORDER: (tool.c.position,),
        Sort.NAME: (sa.func.lower(tool.c.name),),
        Sort.NEWEST: (tool.c.published_at.desc(), tool.c.position.desc()),
        Sort.RELEVANCE: (tool.c.position,),
    }
    if query.text:
        hits = search.matching(query.text)
        tools = tools.join(hits, hits.c.tool_id == tool.c.id)
        orders[Sort.RELEVANCE] = (hits.c.rank, tool.c.position)
    if query.category:
        tools = tools.where(category.c.slug == query.category)
    return tools.order_by(*orders[query.sort], tool.c.id)
