"""An editor's words about a few tools."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Tool
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.comparisons.related import members_key
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.checks import already_compared, check_comparison
from verdicts.curation.catalog_file.copying import copy_fields, sync_list, update
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.catalog_file.raw_records import RawRecord
from verdicts.curation.editing.saving import (
    InvalidRecord,
    Parts,
    SavedRecord,
    StoredRecord,
    find_or_new,
    find_row,
    validated,
)
from verdicts.curation.editing.tool_names import find_tools
from verdicts.extensions import db


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_row(Comparison, id, lock=lock)
    return StoredRecord(row.id, row.slug, row.name, to_data(row)) if row else None


def to_data(row: Comparison) -> Json:
    return dump(
        schema.Comparison,
        row,
        tools=[member.tool.slug for member in row.members],
        choose_if=[dump(schema.ChooseIf, line, tool=line.tool.slug) for line in row.choose_if],
    )


def parts_of(row: Comparison) -> Parts:
    return {"comparison": to_data(row)}


def save(id: int | None, data: Json, now: datetime) -> SavedRecord:
    """Save a comparison; `data` names a tool by its slug, an alias, or its whole name. Raises InvalidRecord."""
    record = validated(schema.Comparison, data, now)
    row = find_or_new(Comparison, id)
    before = to_data(row) if row.id else {}
    tools = find_tools([*record.tools, *(line.tool for line in record.choose_if)])
    slugs = {name: tool.slug for name, tool in tools.items()}
    _members, faults = check_comparison(RawRecord((), data), slugs.get)
    ids = [tools[name].id for name in record.tools if name in tools]
    key = members_key(ids)
    same = sa.select(Comparison.id).where(Comparison.members_key == key, Comparison.id != (row.id or 0))
    if not faults and db.session.scalar(same):
        faults = [already_compared(())]
    if faults:
        raise InvalidRecord(faults)
    copy_fields(record, row)
    update(row, {"members_key": key})
    copy_tools(record, row, tools)
    copy_choose_if(record, row, tools)
    db.session.add(row)
    db.session.flush()
    db.session.expire(row)
    bump_content_version()
    return SavedRecord(row.id, row.slug, before, to_data(row))


def copy_tools(record: schema.Comparison, row: Comparison, tools: Mapping[str, Tool]) -> bool:
    """Make a comparison hold the tools of a record, and return whether that changed it; `tools` are by name."""
    members = ({"tool_id": tools[name].id} for name in record.tools)
    return sync_list(row.members, members, ComparisonTool, "tool_id")


def copy_choose_if(record: schema.Comparison, row: Comparison, tools: Mapping[str, Tool]) -> bool:
    lines = enumerate(record.choose_if)
    wanted = ({"position": n, "tool_id": tools[line.tool].id, "when": line.when} for n, line in lines)
    return sync_list(row.choose_if, wanted, ChooseIf, "position")
