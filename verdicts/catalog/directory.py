"""The directory: which tools, in which order, a page at a time."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.models import CategoryAlias
from verdicts.catalog.queries import (
    category,
    is_active,
    is_published,
    select_links,
    select_summaries,
    to_summary,
    tool,
)
from verdicts.catalog.summaries import ToolLink, ToolSummary
from verdicts.extensions import db

PAGE_SIZE = 24
_BETWEEN_TWO = re.compile(r"\s+(?:vs\.?|versus|or)\s+", re.IGNORECASE)


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


@dataclass(frozen=True)
class FoundTools:
    """One page of the tools that match, how many match in all, and the text that was searched for instead, or ""."""

    tools: list[ToolSummary]
    total: int
    corrected: str


def list_pair(pair: tuple[ToolLink, ToolLink], now: datetime) -> FoundTools:
    """Return two tools as a page, the first first. One statement."""
    both = select_summaries().where(is_published(now), tool.c.id.in_([each.id for each in pair]))
    rows = db.session.execute(both.order_by(tool.c.id != pair[0].id))
    tools = [to_summary(row) for row in rows]
    return FoundTools(tools, len(tools), "")


def find_tools(query: DirectoryQuery, now: datetime) -> FoundTools:
    """Return what a visitor looks for; where their words find nothing, what the corrected ones find.

    One statement, two more if nothing is found.
    """
    tools, total = list_tools(query, now)
    # Behind the last page, nothing is found of words that are spelled right.
    if tools or not query.text:
        return FoundTools(tools, total, "")
    corrected = search.correct(query.text)
    if corrected:
        tools, total = list_tools(replace(query, text=corrected), now)
    return FoundTools(tools, total, corrected if tools else "")


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


def list_tools(query: DirectoryQuery, now: datetime) -> tuple[list[ToolSummary], int]:
    """Return one page of the tools that match, and how many match in all (0 behind the last page). One statement."""
    matching = _select(query, now).add_columns(sa.func.count().over().label("total"))
    rows = db.session.execute(matching.limit(PAGE_SIZE).offset((query.page - 1) * PAGE_SIZE)).all()
    return [to_summary(row) for row in rows], rows[0].total if rows else 0


def list_newest(now: datetime, most: int) -> list[ToolSummary]:
    """Return the tools published last that go on. One statement."""
    rows = db.session.execute(_select(DirectoryQuery(sort=Sort.NEWEST), now).where(is_active).limit(most))
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


def _find_named_as_typed(text: str, now: datetime) -> ToolLink | None:
    hits = search.matching(text)
    is_named = hits.c.rank <= -search.NAME_WEIGHT
    links = select_links().join(hits, hits.c.tool_id == tool.c.id).where(is_published(now), is_named)
    row = db.session.execute(links.order_by(hits.c.rank, tool.c.position, tool.c.id).limit(1)).first()
    return ToolLink(*row) if row else None


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
