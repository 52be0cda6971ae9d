"""A category with the facts that its tools are compared on."""

from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.models import Category, Tool
from verdicts.catalog.slugs import propose
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.editing.saving import Parts, SavedRecord, StoredRecord, find_row, save_with_slug
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
    row, saved = save_with_slug(Category, schema.Category, id, data, now)
    if "name" in saved.changes and saved.before:
        search.reindex(db.session.scalars(sa.select(Tool.id).where(Tool.category_id == row.id)).all())
    return saved


def _with_key(fact: Json) -> Json:
    return fact if fact.get("key") else {**fact, "key": propose(fact.get("label", ""))[:40].strip("-")}
