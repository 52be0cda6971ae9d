"""What is stored already, as imports and merges need it. Each function takes a fixed number of statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload, subqueryload

from verdicts.catalog.models import Category, CategoryPick, Review, Reviewer, Tool
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.extensions import db

Renamed = TypeVar("Renamed", Category, Reviewer)
Stored = TypeVar("Stored", Tool, Comparison)

_CATEGORY_LISTS = (Category.facts, Category.picks, Category.former_slugs)
_TOOL_LISTS = (Tool.slugs, Tool.facts, Tool.plans, Tool.prices, Tool.releases)


@dataclass(frozen=True)
class ExistingCatalog:
    """Rows by every slug that leads to them, former ones too; comparisons by their tools' ids."""

    categories: dict[str, Category]
    reviewers: dict[str, Reviewer]
    tools: dict[str, Tool]
    comparisons: dict[str, Comparison]


def load() -> ExistingCatalog:
    """Return all of the catalogue."""
    categories = sa.select(Category).options(*map(subqueryload, _CATEGORY_LISTS))
    reviewers = sa.select(Reviewer).options(subqueryload(Reviewer.former_slugs))
    reviews = subqueryload(Tool.reviews).subqueryload(Review.revisions)
    tools = sa.select(Tool).options(*map(subqueryload, _TOOL_LISTS), reviews)
    comparisons = sa.select(Comparison).options(subqueryload(Comparison.members), subqueryload(Comparison.choose_if))
    return ExistingCatalog(
        categories=_by_slug(db.session.scalars(categories).all()),
        reviewers=_by_slug(db.session.scalars(reviewers).all()),
        tools={entry.slug: tool for tool in db.session.scalars(tools) for entry in tool.slugs},
        comparisons={comparison.members_key: comparison for comparison in db.session.scalars(comparisons)},
    )


def reload_tools(ids: Collection[int]) -> dict[int, Tool]:
    """Return these tools as they are stored, whatever the session knew of them, with all that editing shows."""
    reviews = selectinload(Tool.reviews).joinedload(Review.reviewer)
    successor = joinedload(Tool.successor).selectinload(Tool.slugs)
    return _reload(Tool, ids, [*map(selectinload, _TOOL_LISTS), joinedload(Tool.category), successor, reviews])


def reload_categories(ids: Collection[int]) -> Sequence[Category]:
    """Return these categories as they are stored, whatever the session knew of them, with their picks' slugs."""
    tools = (selectinload(Category.picks).joinedload(tool) for tool in (CategoryPick.tool, CategoryPick.runner_up))
    slugs = [each.selectinload(Tool.slugs) for each in tools]
    options = [selectinload(Category.facts), *slugs]
    statement = sa.select(Category).where(Category.__table__.c.id.in_(ids)).order_by(Category.id).options(*options)
    return db.session.scalars(statement.execution_options(populate_existing=True)).unique().all()


def reload_comparisons(ids: Collection[int]) -> dict[int, Comparison]:
    """Return these comparisons as they are stored, whatever the session knew of them, with their tools' slugs."""
    members = selectinload(Comparison.members).joinedload(ComparisonTool.tool).selectinload(Tool.slugs)
    choose_if = selectinload(Comparison.choose_if).joinedload(ChooseIf.tool).selectinload(Tool.slugs)
    return _reload(Comparison, ids, [members, choose_if])


def _reload(model: type[Stored], ids: Collection[int], options: Sequence[Any]) -> dict[int, Stored]:
    statement = sa.select(model).where(model.__table__.c.id.in_(ids)).options(*options)
    rows = db.session.scalars(statement.execution_options(populate_existing=True)).unique()
    return {row.id: row for row in rows}


def _by_slug(rows: Sequence[Renamed]) -> dict[str, Renamed]:
    """Return rows under their slugs, and under their former ones, which no other record has now."""
    former = {alias.slug: row for row in rows for alias in row.former_slugs}
    return former | {row.slug: row for row in rows}
