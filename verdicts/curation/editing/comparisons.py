"""Saving a curated comparison: an editor's words about several tools."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.models import Tool, ToolSlug
from verdicts.catalog.publishing import bump_content_version
from verdicts.comparisons.address import MAX_TOOLS, MIN_TOOLS
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.comparisons.related import members_key
from verdicts.curation.catalog_file import records, schema
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.rows import align, update
from verdicts.curation.catalog_file.schema import Fault
from verdicts.curation.editing.saving import (
    InvalidRecord,
    SavedRecord,
    StoredRecord,
    attributes,
    checked,
    find_row,
    next_position,
)
from verdicts.extensions import db


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_row(Comparison, id, lock=lock)
    return StoredRecord(row.id, slug_of(row), name_of(row), to_data(row)) if row else None


def to_data(row: Comparison) -> Json:
    return records.record(
        ("tools",),
        tools=[member.tool.slug for member in row.members],
        headline=row.headline,
        bottom_line=row.bottom_line,
        choose_if=[{"tool": line.tool.slug, "when": line.when} for line in row.choose_if],
        featured=row.featured,
    )


def name_of(row: Comparison) -> str:
    return " vs ".join(member.tool.name for member in row.members)


def slug_of(row: Comparison) -> str:
    return "-vs-".join(sorted(member.tool.slug for member in row.members))


def save(id: int | None, told: Json, now: datetime) -> SavedRecord:
    """Save a comparison; `told` names a tool by its slug, an alias, or its whole name. Raises InvalidRecord."""
    record = checked(schema.Comparison, told, now)
    row = (find_row(Comparison, id) if id else None) or Comparison(position=next_position(Comparison))
    before = to_data(row) if row.id else {}
    found = _find([*record.tools, *(line.tool for line in record.choose_if)])
    if faults := [*_faults_of_tools(record, found, row), *_faults_of_lines(record, found)]:
        raise InvalidRecord(faults)
    ids = [found[name].id for name in record.tools]
    update(row, {**attributes(record, ("headline", "bottom_line", "featured")), "members_key": members_key(ids)})
    align(row.members, [{"tool_id": id} for id in ids], ComparisonTool, "tool_id")
    lines = [
        {"position": position, "tool_id": found[line.tool].id, "when": line.when}
        for position, line in enumerate(record.choose_if)
    ]
    align(row.choose_if, lines, ChooseIf, "position")
    db.session.add(row)
    db.session.flush()
    db.session.expire(row)
    bump_content_version()
    return SavedRecord(row.id, slug_of(row), before, to_data(row))


def _find(names: list[str]) -> dict[str, Tool]:
    """Return the tools that these slugs, aliases or names stand for, in capitals or not.

    A name that two tools share stands for none.
    """
    folded = [name.lower() for name in names]
    entries = db.session.scalars(sa.select(ToolSlug).where(ToolSlug.slug.in_(folded)))
    by_slug = {entry.slug: entry.tool for entry in entries}
    has_slug = sa.exists().where(ToolSlug.tool_id == Tool.id, ToolSlug.is_current)
    is_named = sa.or_(Tool.name.in_(names), sa.func.lower(Tool.name).in_(folded))
    tools = db.session.scalars(sa.select(Tool).where(is_named, has_slug)).all()

    def stands_for(name: str) -> Tool | None:
        exact = [tool for tool in tools if tool.name == name]
        found = exact or [tool for tool in tools if tool.name.lower() == name.lower()]
        return by_slug.get(name.lower()) or (found[0] if len(found) == 1 else None)

    return {name: tool for name in names if (tool := stands_for(name))}


def _faults_of_tools(record: schema.Comparison, found: dict[str, Tool], row: Comparison) -> Iterator[Fault]:
    count = len(record.tools)
    if not MIN_TOOLS <= count <= MAX_TOOLS:
        yield Fault(("tools", max(count - 1, 0)), f"must be {MIN_TOOLS} to {MAX_TOOLS} tools, not {count}")
    seen: set[int] = set()
    for index, name in enumerate(record.tools):
        if name not in found:
            yield Fault(("tools", index), f"there is no tool “{name}”")
        elif found[name].id in seen:
            yield Fault(("tools", index), f"{found[name].name} stands here twice")
        else:
            seen.add(found[name].id)
    if len(seen) == count and _is_taken(members_key(list(seen)), row):
        yield Fault(("tools", 0), "these tools are compared already, in another record")


def _is_taken(key: str, row: Comparison) -> bool:
    taken = sa.exists().where(Comparison.members_key == key, Comparison.id != (row.id or 0))
    return bool(db.session.scalar(sa.select(taken)))


def _faults_of_lines(record: schema.Comparison, found: dict[str, Tool]) -> Iterator[Fault]:
    members = {found[name].id for name in record.tools if name in found}
    for index, line in enumerate(record.choose_if):
        if line.tool not in found:
            yield Fault(("choose_if", index, "tool"), f"there is no tool “{line.tool}”")
        elif found[line.tool].id not in members:
            yield Fault(("choose_if", index, "tool"), f"{found[line.tool].name} is not one of the tools compared here")
