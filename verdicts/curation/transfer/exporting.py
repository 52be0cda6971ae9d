"""The database's catalogue as a file: the same bytes for the same content."""

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import yaml

from verdicts.catalog.models import (
    Category,
    CategoryFact,
    Plan,
    PriceRecord,
    Release,
    Review,
    Reviewer,
    ReviewRevision,
    Tool,
    ToolFact,
    ToolSlug,
)
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.curation.catalog_file import records
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.schema import FORMAT
from verdicts.curation.transfer.reading import LONGEST_YAML, MEGABYTE
from verdicts.extensions import db

Row = sa.Row[Any]
Groups = dict[Any, list[Row]]


class TooLargeForYaml(Exception):
    """The catalogue could not be read back as YAML, whose reader is bounded (curation.reading)."""

    def __init__(self) -> None:
        super().__init__(
            f"This is more than the {LONGEST_YAML // MEGABYTE} MB that are read as YAML: export it as .json."
        )


class _Dumper(yaml.SafeDumper):
    """Writes each record whole: aliases would be refused by our own reader."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def export(now: datetime, *, as_yaml: bool = False) -> str:
    """Return the text of a catalogue file with what is published at `now`, in display order. Fourteen statements.

    A comparison is left out with any of its tools, and a fact while its tool's category does not ask
    for it. Raises TooLargeForYaml.
    """
    tools = _tools(now)
    catalogue = records.record(
        format=FORMAT,
        categories=_categories(),
        reviewers=_reviewers(),
        tools=list(tools.values()),
        comparisons=_comparisons({id: tool["slug"] for id, tool in tools.items()}, now),
    )
    return _yaml(catalogue) if as_yaml else json.dumps(catalogue, indent=2, ensure_ascii=False) + "\n"


def _yaml(catalogue: Json) -> str:
    text: str = yaml.dump(catalogue, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    if len(text.encode()) > LONGEST_YAML:
        raise TooLargeForYaml
    return text


def _grouped(statement: sa.Select[Any], key: str) -> Groups:
    groups: Groups = defaultdict(list)
    for row in db.session.execute(statement):
        groups[getattr(row, key)].append(row)
    return groups


def _listed(model: type[Any], parent: str) -> Groups:
    """Return a table's rows in their order, under the id of what they belong to."""
    table = model.__table__
    return _grouped(sa.select(table).order_by(table.c.position, *table.primary_key), parent)


def _categories() -> list[Json]:
    facts = _listed(CategoryFact, "category_id")
    rows = db.session.execute(sa.select(Category.__table__).order_by(Category.position, Category.id))
    return [records.category(row, facts[row.id]) for row in rows]


def _reviewers() -> list[Json]:
    rows = db.session.execute(sa.select(Reviewer.__table__).order_by(Reviewer.position, Reviewer.id))
    return [records.reviewer(row) for row in rows]


def _tools(now: datetime) -> dict[int, Json]:
    rows = db.session.execute(
        sa.select(Tool.__table__, Category.slug.label("category"))
        .outerjoin(Category, Category.id == Tool.category_id)
        .where(Tool.published_at <= now)
        .order_by(Tool.position, Tool.id)
    )
    parts: dict[type[Any], Groups] = {
        **{model: _listed(model, "tool_id") for model in (ToolSlug, PriceRecord, Plan, Release)},
        ToolFact: _facts_asked_for(),
        Review: _reviews(),
    }
    revisions = _listed(ReviewRevision, "review_id")
    return {row.id: _tool(row, {model: groups[row.id] for model, groups in parts.items()}, revisions) for row in rows}


def _facts_asked_for() -> Groups:
    fact = ToolFact.__table__
    return _grouped(
        sa.select(fact)
        .join(Tool, Tool.id == fact.c.tool_id)
        .join(CategoryFact, sa.and_(CategoryFact.category_id == Tool.category_id, CategoryFact.key == fact.c.key))
        .order_by(fact.c.position, fact.c.id),
        "tool_id",
    )


def _reviews() -> Groups:
    review = Review.__table__
    return _grouped(
        sa.select(review, Reviewer.slug.label("reviewer"))
        .join(Reviewer, Reviewer.id == review.c.reviewer_id)
        .order_by(review.c.position, review.c.id),
        "tool_id",
    )


def _tool(row: Row, parts: dict[type[Any], list[Row]], revisions: Groups) -> Json:
    prices = parts[PriceRecord]
    return records.record(
        ("slug", "name"),
        slug=next(entry.slug for entry in parts[ToolSlug] if entry.is_current),
        aliases=[entry.slug for entry in parts[ToolSlug] if not entry.is_current],
        name=row.name,
        tagline=row.tagline,
        category=row.category,
        description=row.description,
        website=row.website,
        maker=row.maker,
        license=row.license,
        launched_on=row.launched_on,
        price=next((records.price(price) for price in prices if price.until is None), None),
        price_history=[
            records.price(price) | records.record(until=price.until, reason=price.reason)
            for price in prices
            if price.until
        ],
        plans=[records.plan(plan) for plan in parts[Plan]],
        facts=[records.fact(fact) for fact in parts[ToolFact]],
        releases=[records.release(release) for release in parts[Release]],
        reviews=[records.review(review, review.reviewer, revisions[review.id]) for review in parts[Review]],
    )


def _comparisons(slugs: dict[int, str], now: datetime) -> list[Json]:
    members = _listed(ComparisonTool, "comparison_id")
    lines = _listed(ChooseIf, "comparison_id")
    rows = db.session.execute(
        sa.select(Comparison.__table__)
        .where(Comparison.published_at <= now)
        .order_by(Comparison.position, Comparison.id)
    )
    return [
        records.record(
            tools=[slugs[member.tool_id] for member in members[row.id]],
            headline=row.headline,
            bottom_line=row.bottom_line,
            choose_if=[{"tool": slugs[line.tool_id], "when": line.when} for line in lines[row.id]],
            featured=row.featured,
        )
        for row in rows
        if all(member.tool_id in slugs for member in members[row.id])
    ]
