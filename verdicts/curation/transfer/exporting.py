"""The database's catalogue as a file: the same bytes for the same content.

A file is written record by record, and tools and comparisons are read BATCH at a time: however many there are, memory
holds no more than the slug of each.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.editing import statuses
from verdicts.curation.transfer.shapes import MAX_YAML_SIZE, MEGABYTE
from verdicts.extensions import Base, db

BATCH = 200

Groups = dict[Any, list[sa.Row[Any]]]
Sections = Iterable[tuple[str, Iterable[Json]]]

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


def export(now: datetime, *, as_yaml: bool = False) -> str:
    """Return the text of a catalogue file: see write()."""
    return "".join(write(now, as_yaml=as_yaml))


def write(now: datetime, *, as_yaml: bool = False) -> Iterator[str]:
    """Yield the text of a catalogue file with what is published at `now`, in display order, a record at a time.

    A comparison is left out with any of its tools, a pick with its tool, a successor that is not published, and a fact
    while its tool's category does not ask for it. Raises TooLargeForYaml before the first piece. It takes six
    statements, eight more for each BATCH of tools, and three for each of comparisons.
    """
    sections = _sections(now)
    return iter(_yaml_within_limit(sections)) if as_yaml else _json(sections)


def _sections(now: datetime) -> Sections:
    slugs = _published_slugs(now)
    yield "categories", _categories(slugs)
    yield "reviewers", (dump(schema.Reviewer, row) for row in _in_order(reviewer))
    yield "tools", (record for ids in _batches(slugs) for record in _tools(ids, slugs))
    yield "comparisons", (record for ids in _batches(_comparison_ids(now)) for record in _comparisons(ids, slugs))


def _json(sections: Sections) -> Iterator[str]:
    """Write what json.dumps(file, indent=2) would, without the sections that hold nothing."""
    yield f'{{\n  "format": {json.dumps(schema.FORMAT)}'
    for name, records in sections:
        before, after = f',\n  "{name}": [\n', ""
        for record in records:
            yield before + "    " + json.dumps(record, indent=2, ensure_ascii=False).replace("\n", "\n    ")
            before, after = ",\n", "\n  ]"
        yield after
    yield "\n}\n"


def _yaml(sections: Sections) -> Iterator[str]:
    """Write what one dump of the file would, without the sections that hold nothing."""
    from verdicts.curation.transfer import yaml_text  # see reading.py

    yield f"format: {schema.FORMAT}\n"
    for name, records in sections:
        before = f"{name}:\n"
        for record in records:
            yield before + yaml_text.dump([record])
            before = ""


def _yaml_within_limit(sections: Sections) -> list[str]:
    pieces, size = [], 0
    for piece in _yaml(sections):
        pieces.append(piece)
        size += len(piece.encode())
        if size > MAX_YAML_SIZE:
            raise TooLargeForYaml
    return pieces


def _in_order(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.Result[Any]:
    rows = sa.select(table).where(*conditions)
    return db.session.execute(rows.order_by(table.c.position, *table.primary_key.columns))


def _batches(ids: Iterable[int]) -> Iterator[Sequence[int]]:
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _grouped(rows: sa.Result[Any], key: str) -> Groups:
    groups: Groups = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return groups


def _published_slugs(now: datetime) -> dict[int, str]:
    """Return the current slugs of published tools by their ids, in display order."""
    rows = (
        sa.select(tool.c.id, tool_slug.c.slug)
        .join(tool_slug, (tool_slug.c.tool_id == tool.c.id) & tool_slug.c.is_current)
        .where(tool.c.published_at <= now)
        .order_by(tool.c.position, tool.c.id)
    )
    return dict(tuple(row) for row in db.session.execute(rows.execution_options(yield_per=BATCH)))


def _categories(slugs: dict[int, str]) -> Iterator[Json]:
    facts = _grouped(_in_order(category_fact), "category_id")
    picks = _grouped(_in_order(category_pick), "category_id")
    for row in _in_order(category):
        yield dump(
            schema.Category,
            row,
            facts=facts[row.id],
            picks=[
                dump(schema.CategoryPick, pick, tool=slugs[pick.tool_id], runner_up=slugs.get(pick.runner_up_id))
                for pick in picks[row.id]
                if pick.tool_id in slugs
            ],
        )


def _tools(ids: Sequence[int], current: dict[int, str]) -> Iterator[Json]:
    of_category = tool.outerjoin(category, category.c.id == tool.c.category_id)
    statement = sa.select(tool, category.c.slug.label("category")).select_from(of_category)
    rows = {row.id: row for row in db.session.execute(statement.where(tool.c.id.in_(ids)))}
    slugs, prices, plans, releases = (
        _grouped(_in_order(table, table.c.tool_id.in_(ids)), "tool_id")
        for table in (tool_slug, price_record, plan, release)
    )
    facts, reviews = _facts(ids), _reviews(ids)
    for row in (rows[id] for id in ids if id in rows):  # one may have been deleted since
        yield dump(
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


def _facts(tool_ids: Sequence[int]) -> Groups:
    """Return the facts of tools that their categories ask for."""
    is_asked_for = (category_fact.c.category_id == tool.c.category_id) & (category_fact.c.key == tool_fact.c.key)
    statement = (
        sa.select(tool_fact)
        .join(tool, tool.c.id == tool_fact.c.tool_id)
        .join(category_fact, is_asked_for)
        .where(tool_fact.c.tool_id.in_(tool_ids))
        .order_by(tool_fact.c.position, tool_fact.c.id)
    )
    return _grouped(db.session.execute(statement), "tool_id")


def _reviews(tool_ids: Sequence[int]) -> dict[int, list[Json]]:
    rows = db.session.execute(
        sa.select(review, reviewer.c.slug.label("reviewer"))
        .join(reviewer, reviewer.c.id == review.c.reviewer_id)
        .where(review.c.tool_id.in_(tool_ids))
        .order_by(review.c.position, review.c.id)
    ).all()
    of_these = review_revision.c.review_id.in_([row.id for row in rows])
    revisions = _grouped(_in_order(review_revision, of_these), "review_id")
    reviews: dict[int, list[Json]] = defaultdict(list)
    for row in rows:
        reviews[row.tool_id].append(dump(schema.Review, row, history=revisions[row.id]))
    return reviews


def _comparison_ids(now: datetime) -> Sequence[int]:
    ids = sa.select(comparison.c.id).where(comparison.c.published_at <= now)
    return db.session.scalars(ids.order_by(comparison.c.position, comparison.c.id)).all()


def _comparisons(ids: Sequence[int], slugs: dict[int, str]) -> Iterator[Json]:
    members, lines = (
        _grouped(_in_order(table, table.c.comparison_id.in_(ids)), "comparison_id")
        for table in (comparison_tool, choose_if)
    )
    for row in _in_order(comparison, comparison.c.id.in_(ids)):
        if all(member.tool_id in slugs for member in members[row.id]):
            yield dump(
                schema.Comparison,
                row,
                tools=[slugs[member.tool_id] for member in members[row.id]],
                choose_if=[dump(schema.ChooseIf, line, tool=slugs[line.tool_id]) for line in lines[row.id]],
            )
