"""The directory: which tools, in which order, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.models import CategoryAlias
from verdicts.catalog.queries import CARD_COLUMNS, cards, category, current_slug, is_published, to_card, tool
from verdicts.catalog.records import ToolCard
from verdicts.extensions import db

TOOLS_A_PAGE = 24


class Sort(StrEnum):
    """How the directory may be sorted; RELEVANCE only where something is searched for."""

    RELEVANCE = "relevance"
    SHELF = "shelf"
    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True)
class Wanted:
    """What a visitor asked the directory for."""

    text: str = ""
    category: str = ""
    sort: Sort = Sort.SHELF
    page: int = 1


@dataclass(frozen=True)
class Shelf:
    """A category and how many published tools it holds."""

    slug: str
    name: str
    count: int


@dataclass(frozen=True)
class DirectoryPage:
    wanted: Wanted
    tools: tuple[ToolCard, ...]
    total: int

    @property
    def pages(self) -> int:
        return max(1, ceil(self.total / TOOLS_A_PAGE))


@dataclass(frozen=True)
class Choice:
    slug: str
    name: str


def page(wanted: Wanted, now: datetime) -> DirectoryPage:
    """Return one page of the tools that were asked for. One statement."""
    rows = db.session.execute(
        _matching(wanted, now)
        .add_columns(sa.func.count().over().label("total"))
        .limit(TOOLS_A_PAGE)
        .offset((wanted.page - 1) * TOOLS_A_PAGE)
    ).all()
    return DirectoryPage(wanted, tuple(to_card(row) for row in rows), rows[0].total if rows else 0)


def newest(now: datetime, most: int) -> list[ToolCard]:
    """Return the tools published last. One statement."""
    rows = db.session.execute(_matching(Wanted(sort=Sort.NEWEST), now).limit(most))
    return [to_card(row) for row in rows]


def shelves(now: datetime) -> list[Shelf]:
    """Return the categories that hold published tools, in their order. One statement."""
    rows = db.session.execute(
        sa.select(category.c.slug, category.c.name, sa.func.count().label("tools"))
        .join(tool, tool.c.category_id == category.c.id)
        .where(is_published(now))
        .group_by(category.c.id, category.c.slug, category.c.name, category.c.position)
        .order_by(category.c.position)
    )
    return [Shelf(row.slug, row.name, row.tools) for row in rows]


def find_category_now_called(former_slug: str) -> str | None:
    """Return the slug of the category that had this one before. One statement."""
    alias = CategoryAlias.__table__
    renamed = sa.select(category.c.slug).join(alias, alias.c.category_id == category.c.id)
    return db.session.scalar(renamed.where(alias.c.slug == former_slug))


def by_category(now: datetime) -> dict[str, list[Choice]]:
    """Return every published tool's slug and name under its category's name, for choosing. One statement."""
    rows = db.session.execute(
        sa.select(current_slug.c.slug, tool.c.name, category.c.name.label("category_name"))
        .select_from(cards())
        .where(is_published(now))
        .order_by(category.c.position, sa.func.lower(tool.c.name))
    )
    groups: dict[str, list[Choice]] = {}
    for row in rows:
        groups.setdefault(row.category_name or "Without a category", []).append(Choice(row.slug, row.name))
    return groups


def _matching(wanted: Wanted, now: datetime) -> sa.Select[Any]:
    found = sa.select(*CARD_COLUMNS).where(is_published(now))
    source = cards()
    orders: dict[Sort, tuple[Any, ...]] = {
        Sort.SHELF: (tool.c.position,),
        Sort.NAME: (sa.func.lower(tool.c.name),),
        Sort.NEWEST: (tool.c.published_at.desc(), tool.c.position.desc()),
        Sort.RELEVANCE: (tool.c.position,),
    }
    if wanted.text:
        hits = search.matching(wanted.text)
        source = source.join(hits, hits.c.tool_id == tool.c.id)
        orders[Sort.RELEVANCE] = (hits.c.rank, tool.c.position)
    if wanted.category:
        found = found.where(category.c.slug == wanted.category)
    return found.select_from(source).order_by(*orders[wanted.sort], tool.c.id)
