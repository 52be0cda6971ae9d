"""The database's catalogue as a file: the same bytes for the same content."""

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import yaml

from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.editing import statuses
from verdicts.curation.transfer.reading import MAX_YAML_SIZE, MEGABYTE
from verdicts.extensions import Base, db

Groups = dict[Any, list[sa.Row[Any]]]

_tables = Base.metadata.tables
category, category_fact, category_pick = (_tables[name] for name in ("category", "category_fact", "category_pick"))
tool, tool_slug, tool_fact = (_tables[name] for name in ("tool", "tool_slug", "tool_fact"))
price_record, plan, release = (_tables[name] for name in ("price_record", "plan", "release"))
reviewer, review, review_revision = (_tables[name] for name in ("reviewer", "review", "review_revision"))
comparison, comparison_tool, choose_if = (_tables[name] for name in ("comparison", "comparison_tool", "choose_if"))


class TooLargeForYaml(Exception):
    """The catalogue could not be read back as YAML, whose reader is bounded (transfer.reading)."""

    def __init__(self) -> None:
        super().__init__(
            f"This is more than the {MAX_YAML_SIZE // MEGABYTE} MB that are read as YAML: export it as .json."
        )


class _Dumper(yaml.SafeDumper):
    """Writes each record whole: aliases would be refused by our own reader."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def export(now: datetime, *, as_yaml: bool = False) -> str:
    """Return the text of a catalogue file with what is published at `now`, in display order. Fifteen statements.

    A comparison is left out with any of its tools, a pick with its tool, a successor that is not published, and a fact
    while its tool's category does not ask for it. Raises TooLargeForYaml.
    """
    tools = _tools(now)
    slugs = {id: tool["slug"] for id, tool in tools.items()}
    sections = {
        "categories": _categories(slugs),
        "reviewers": [dump(schema.Reviewer, row) for row in _in_order(reviewer)],
        "tools": list(tools.values()),
        "comparisons": _comparisons(slugs, now),
    }
    file = {"format": schema.FORMAT} | {name: records for name, records in sections.items() if records}
    return _yaml(file) if as_yaml else json.dumps(file, indent=2, ensure_ascii=False) + "\n"


def _yaml(file: Json) -> str:
    text: str = yaml.dump(file, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    if len(text.encode()) > MAX_YAML_SIZE:
        raise TooLargeForYaml
    return text


def _in_order(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.Result[Any]:
    rows = sa.select(table).where(*conditions)
    return db.session.execute(rows.order_by(table.c.position, *table.primary_key.columns))


def _grouped(rows: sa.Result[Any], key: str) -> Groups:
    groups: Groups = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return groups


def _categories(slugs: dict[int, str]) -> list[Json]:
    facts = _grouped(_in_order(category_fact), "category_id")
    picks = _grouped(_in_order(category_pick, category_pick.c.tool_id.in_(slugs)), "category_id")
    return [
        dump(
            schema.Category,
            row,
            facts=facts[row.id],
            picks=[
                dump(schema.CategoryPick, pick, tool=slugs[pick.tool_id], runner_up=slugs.get(pick.runner_up_id))
                for pick in picks[row.id]
            ],
        )
        for row in _in_order(category)
    ]


def _tools(now: datetime) -> dict[int, Json]:
    rows = db.session.execute(
        sa.select(tool, category.c.slug.label("category"))
        .outerjoin(category, category.c.id == tool.c.category_id)
        .where(tool.c.published_at <= now)
        .order_by(tool.c.position, tool.c.id)
    ).all()
    slugs, prices, plans, releases = (
        _grouped(_in_order(table), "tool_id") for table in (tool_slug, price_record, plan, release)
    )
    facts, reviews = _facts(), _reviews()
    current = {row.id: next(entry.slug for entry in slugs[row.id] if entry.is_current) for row in rows}
    return {
        row.id: dump(
            schema.Tool,
            row,
            slug=current[row.id],
            aliases=[entry.slug for entry in slugs[row.id] if not entry.is_current],
            status=statuses.to_data(row, current.get(row.successor_id)),
            price=next((price for price in prices[row.id] if price.until is None), None),
            price_history=[price for price in prices[row.id] if price.until],
            plans=plans[row.id],
            facts=facts[row.id],
            releases=releases[row.id],
            reviews=reviews[row.id],
        )
        for row in rows
    }


def _facts() -> Groups:
    """Return the facts of tools that their categories ask for."""
    is_asked_for = (category_fact.c.category_id == tool.c.category_id) & (category_fact.c.key == tool_fact.c.key)
    statement = (
        sa.select(tool_fact)
        .join(tool, tool.c.id == tool_fact.c.tool_id)
        .join(category_fact, is_asked_for)
        .order_by(tool_fact.c.position, tool_fact.c.id)
    )
    return _grouped(db.session.execute(statement), "tool_id")


def _reviews() -> dict[int, list[Json]]:
    rows = db.session.execute(
        sa.select(review, reviewer.c.slug.label("reviewer"))
        .join(reviewer, reviewer.c.id == review.c.reviewer_id)
        .order_by(review.c.position, review.c.id)
    )
    revisions = _grouped(_in_order(review_revision), "review_id")
    reviews: dict[int, list[Json]] = defaultdict(list)
    for row in rows:
        reviews[row.tool_id].append(dump(schema.Review, row, history=revisions[row.id]))
    return reviews


def _comparisons(slugs: dict[int, str], now: datetime) -> list[Json]:
    members = _grouped(_in_order(comparison_tool), "comparison_id")
    lines = _grouped(_in_order(choose_if), "comparison_id")
    return [
        dump(
            schema.Comparison,
            row,
            tools=[slugs[member.tool_id] for member in members[row.id]],
            choose_if=[dump(schema.ChooseIf, line, tool=slugs[line.tool_id]) for line in lines[row.id]],
        )
        for row in _in_order(comparison, comparison.c.published_at <= now)
        if all(member.tool_id in slugs for member in members[row.id])
    ]
