"""The database's catalogue as a file: the same bytes for the same content."""

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
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
from verdicts.curation.reading import LONGEST_YAML, MEGABYTE
from verdicts.curation.schema import FORMAT
from verdicts.extensions import db

Json = dict[str, Any]
Row = sa.Row[Any]
Groups = dict[Any, list[Row]]

UNSTATED = "unstated"


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

    A key that may be left out is left out where it would hold its default: nothing, an empty text or list, false, or
    "unstated". A comparison is left out with any of its tools, and a fact while its tool's category does not ask
    for it. Raises TooLargeForYaml.
    """
    tools = _tools(now)
    catalogue = _record(
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


def _record(required: Collection[str] = (), /, **fields: object) -> Json:
    plain = {key: _plain(value) for key, value in fields.items()}
    return {key: value for key, value in plain.items() if key in required or value not in (None, "", [], False)}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, StrEnum):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _unless_unstated(value: str) -> str | None:
    return None if value == UNSTATED else value


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
    return [
        _record(
            ("slug", "name"),
            slug=row.slug,
            name=row.name,
            description=row.description,
            facts=[{"key": fact.key, "label": fact.label} for fact in facts[row.id]],
        )
        for row in rows
    ]


def _reviewers() -> list[Json]:
    rows = db.session.execute(sa.select(Reviewer.__table__).order_by(Reviewer.position, Reviewer.id))
    return [
        _record(
            ("slug", "name"),
            slug=row.slug,
            name=row.name,
            kind=_unless_unstated(row.kind),
            motto=row.motto,
            bio=row.bio,
            likes=row.likes,
            dislikes=row.dislikes,
        )
        for row in rows
    ]


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
    return _record(
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
        price=next((_price(price) for price in prices if price.until is None), None),
        price_history=[
            _price(price) | _record(until=price.until, reason=price.reason) for price in prices if price.until
        ],
        plans=[_plan(plan) for plan in parts[Plan]],
        facts=[_fact(fact) for fact in parts[ToolFact]],
        releases=[_record(("version",), version=release.version, on=release.on) for release in parts[Release]],
        reviews=[_review(review, revisions[review.id]) for review in parts[Review]],
    )


def _price(row: Row) -> Json:
    return _record(
        ("model",),
        model=row.model,
        amount=row.amount,
        currency=row.currency,
        period=row.period,
        checked_on=row.checked_on,
        source=row.source,
    )


def _plan(row: Row) -> Json:
    return _record(
        ("name",),
        name=row.name,
        amount=row.amount,
        currency=row.currency,
        period=row.period,
        per=row.per,
        limit=row.limit,
        source=row.source,
        checked_on=row.checked_on,
    )


def _fact(row: Row) -> Json:
    return _record(("key", "value"), key=row.key, value=row.value, source=row.source, checked_on=row.checked_on)


def _review(row: Row, revisions: list[Row]) -> Json:
    return _record(
        ("reviewer", "verdict", "quote"),
        reviewer=row.reviewer,
        verdict=row.verdict,
        quote=row.quote,
        reviewed_on=row.reviewed_on,
        tool_version=row.tool_version,
        basis=_unless_unstated(row.basis),
        conflict=row.conflict,
        history=[_revision(revision) for revision in revisions],
    )


def _revision(row: Row) -> Json:
    return _record(
        ("verdict", "quote"),
        verdict=row.verdict,
        quote=row.quote,
        reviewed_on=row.reviewed_on,
        until=row.until,
        reason=row.reason,
        wording_only=row.wording_only,
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
        _record(
            tools=[slugs[member.tool_id] for member in members[row.id]],
            headline=row.headline,
            bottom_line=row.bottom_line,
            choose_if=[{"tool": slugs[line.tool_id], "when": line.when} for line in lines[row.id]],
            featured=row.featured,
        )
        for row in rows
        if all(member.tool_id in slugs for member in members[row.id])
    ]
