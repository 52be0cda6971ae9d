"""A category with the facts that its tools are compared on."""

from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Category, Tool
from verdicts.catalog.slugs import propose
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.records import Json, dump
from verdicts.curation.catalog_file.rows import copy_fields, copy_lists
from verdicts.curation.editing.saving import (
    Parts,
    SavedRecord,
    StoredRecord,
    assign_slug,
    find_or_new,
    find_row,
    validated,
)
from verdicts.extensions import db


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_row(Category, id, lock=lock)
    return StoredRecord(row.id, row.slug, row.name, to_data(row)) if row else None


def to_data(row: Category) -> Json:
    return dump(schema.Category, row)


def parts_of(row: Category) -> Parts:
    return {"category": to_data(row)}


def save(id: int | None, data: Json, now: datetime) -> SavedRecord:
    """Save a category. A fact without a key gets one made of its label. Raises InvalidRecord."""
    data = {**data, "facts": [_with_key(fact) for fact in data.get("facts", [])]}
    record = validated(schema.Category, data, now)
    row = find_or_new(Category, id)
    before = to_data(row) if row.id else {}
    assign_slug(row, record.slug)
    copy_fields(record, row)
    copy_lists(record, row)
    db.session.add(row)
    db.session.flush()
    if before and before["name"] != row.name:
        search.reindex(db.session.scalars(sa.select(Tool.id).where(Tool.category_id == row.id)).all())
    bump_content_version()
    return SavedRecord(row.id, row.slug, before, to_data(row))


def _with_key(fact: Json) -> Json:
    return fact if fact.get("key") else {**fact, "key": propose(fact.get("label", ""))[:40].strip("-")}
