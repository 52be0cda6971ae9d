"""What is stored already, as an import needs it: all of the catalogue, in a fixed number of statements."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import subqueryload

from verdicts.catalog.models import Category, Review, Reviewer, Tool
from verdicts.comparisons.models import Comparison
from verdicts.extensions import db


@dataclass(frozen=True)
class Stock:
    """Records by slug, tools by every slug and alias, comparisons by their tools' ids."""

    categories: dict[str, Category]
    reviewers: dict[str, Reviewer]
    tools: dict[str, Tool]
    comparisons: dict[str, Comparison]


def load() -> Stock:
    categories = db.session.scalars(sa.select(Category).options(subqueryload(Category.facts)))
    reviewers = db.session.scalars(sa.select(Reviewer))
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
        categories={category.slug: category for category in categories},
        reviewers={reviewer.slug: reviewer for reviewer in reviewers},
        tools={entry.slug: tool for tool in tools for entry in tool.slugs},
        comparisons={comparison.members_key: comparison for comparison in comparisons},
    )
