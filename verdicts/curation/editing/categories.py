"""A category with the facts that its tools are compared on, and what editors pick among them by need."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import search_index
from verdicts.catalog.models import Category, CategoryPick, Tool
from verdicts.catalog.slugs import propose
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.checks import check_picks
from verdicts.curation.catalog_file.copying import sync_list
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.catalog_file.raw_records import RawRecord
from verdicts.curation.editing.saving import Parts, SavedRecord, StoredRecord, find_row, save_with_slug
from verdicts.curation.editing.tool_names import find_tools
from verdicts.extensions import db


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_row(Category, id, lock=lock)
    return StoredRecord(row.id, row.slug, row.name, to_data(row)) if row else None


def to_data(row: Category) -> Json:
    return dump(schema.Category, row, picks=[_pick_data(pick) for pick in row.picks])


def _pick_data(pick: CategoryPick) -> Json:
    second = pick.runner_up.slug if pick.runner_up else None
    return dump(schema.CategoryPick, pick, tool=pick.tool.slug, runner_up=second)


def parts_of(row: Category) -> Parts:
    return {"category": to_data(row)}


def save(id: int | None, data: Json, now: datetime) -> SavedRecord:
    """Save a category. A fact without a key gets one made of its label. Raises InvalidRecord.

    A pick names its tools by slug, an alias, or the whole name.
    """
    data = {**data, "facts": [_with_key(fact) for fact in data.get("facts", [])]}
    raw = RawRecord((), data)
    tools = find_tools([text for key in ("tool", "runner_up") for _path, text in raw.texts_under("picks", key)])
    slugs = {name: tool.slug for name, tool in tools.items()}
    faults = check_picks(raw, slugs.get)

    def copy(record: schema.Category, row: Category) -> None:
        copy_picks(record, row, tools)

    row, saved = save_with_slug(Category, schema.Category, id, data, now, to_data, copy, faults)
    if saved.before and {"name", "slug", "facts"} & set(saved.changes):
        search_index.reindex(db.session.scalars(sa.select(Tool.id).where(Tool.category_id == row.id)).all())
    return saved


def copy_picks(record: schema.Category, row: Category, tools: Mapping[str, Tool]) -> bool:
    """Make a category hold the picks of a record, and return whether that changed it; `tools` are by name."""
    picks = (
        {
            "need": pick.need,
            "tool_id": tools[pick.tool].id,
            "runner_up_id": tools[pick.runner_up].id if pick.runner_up else None,
            "skip_if": pick.skip_if,
            "picked_on": pick.picked_on,
        }
        for pick in record.picks
    )
    return sync_list(row.picks, picks, CategoryPick, "need")


def _with_key(fact: Json) -> Json:
    return fact if fact.get("key") else {**fact, "key": propose(fact.get("label", ""))[:40].strip("-")}
