"""What is stored already, as an import needs it: all of the catalogue, in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import subqueryload

from verdicts.catalog.models import Category, Review, Reviewer, Tool
from verdicts.comparisons.models import Comparison
from verdicts.extensions import db

Renamed = TypeVar("Renamed", Category, Reviewer)


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


def _by_slug(rows: Sequence[Renamed]) -> dict[str, Renamed]:
    """Return what may have been renamed under its former slugs too, which no other record has now."""
    former = {alias.slug: row for row in rows for alias in row.former_slugs}
    return former | {row.slug: row for row in rows}
