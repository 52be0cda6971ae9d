"""What is stored already, as an import needs it: all of the catalogue, in a fixed number of statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload, subqueryload

from verdicts.catalog.models import Category, Review, Reviewer, Tool
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.extensions import db

Renamed = TypeVar("Renamed", Category, Reviewer)
Stored = TypeVar("Stored", Tool, Comparison)


@dataclass(frozen=True)
class Stock:
    """Records by every slug that leads to them, former ones too; comparisons by their tools' ids."""

    categories: dict[str, Category]
    reviewers: dict[str, Reviewer]
    tools: dict[str, Tool]
    comparisons: dict[str, Comparison]


def load() -> Stock:
    categories = db.session.scalars(
        sa.select(Category).options(subqueryload(Category.facts), subqueryload(Category.former_slugs))
    ).all()
    reviewers = db.session.scalars(sa.select(Reviewer).options(subqueryload(Reviewer.former_slugs))).all()
    tools = db.session.scalars(
        sa.select(Tool).options(
            subqueryload(Tool.slugs),
            subqueryload(Tool.facts),
            subqueryload(Tool.plans),
            subqueryload(Tool.prices),
            subqueryload(Tool.releases),
            subqueryload(Tool.reviews).subqueryload(Review.revisions),
        )
    )
    comparisons = db.session.scalars(
        sa.select(Comparison).options(subqueryload(Comparison.members), subqueryload(Comparison.choose_if))
    )
    return Stock(
        categories=_by_slug(categories),
        reviewers=_by_slug(reviewers),
        tools={entry.slug: tool for tool in tools for entry in tool.slugs},
        comparisons={comparison.members_key: comparison for comparison in comparisons},
    )


def reload_tools(ids: Collection[int]) -> dict[int, Tool]:
    """Return these tools as they are stored, whatever the session knew of them, with all that editing shows."""
    lists = (Tool.slugs, Tool.facts, Tool.plans, Tool.prices, Tool.releases)
    options = [*map(selectinload, lists), joinedload(Tool.category), _with(Tool.reviews, Review.reviewer)]
    return _reload(Tool, ids, options)


def reload_comparisons(ids: Collection[int]) -> dict[int, Comparison]:
    """Return these comparisons as they are stored, whatever the session knew of them, with their tools' slugs."""
    members, lines = _with(Comparison.members, ComparisonTool.tool), _with(Comparison.choose_if, ChooseIf.tool)
    return _reload(Comparison, ids, [members.selectinload(Tool.slugs), lines.selectinload(Tool.slugs)])


def _with(rows: Any, of: Any) -> Any:
    return selectinload(rows).joinedload(of)


def _reload(model: type[Stored], ids: Collection[int], options: Sequence[Any]) -> dict[int, Stored]:
    wanted = sa.select(model).where(model.__table__.c.id.in_(ids)).options(*options)
    found = db.session.scalars(wanted.execution_options(populate_existing=True)).unique()
    return {row.id: row for row in found}


def _by_slug(rows: Sequence[Renamed]) -> dict[str, Renamed]:
    """Return what may have been renamed under its former slugs too, which no other record has now."""
    former = {alias.slug: row for row in rows for alias in row.former_slugs}
    return former | {row.slug: row for row in rows}
