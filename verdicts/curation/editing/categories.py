"""A category with the facts that its tools are compared on."""

from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.models import Category, CategoryAlias, CategoryFact, Tool
from verdicts.catalog.publishing import bump_content_version
from verdicts.catalog.slugs import propose
from verdicts.curation.catalog_file import records, schema
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.rows import align, update
from verdicts.curation.editing.saving import (
    SavedRecord,
    StoredRecord,
    attributes,
    checked,
    faults_of_slugs,
    find_row,
    next_position,
    repeated,
    take_slug,
    with_slug,
)
from verdicts.extensions import db


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_row(Category, id, lock=lock)
    return StoredRecord(row.id, row.slug, row.name, records.category(row, row.facts)) if row else None


def current_slugs() -> dict[str, str]:
    """Return, for each slug that a category had before, the one that it has now. One statement."""
    rows = sa.select(CategoryAlias.slug, Category.slug).join(Category, Category.id == CategoryAlias.category_id)
    return {row[0]: row[1] for row in db.session.execute(rows)}


def save(id: int | None, told: Json, now: datetime) -> SavedRecord:
    """Make a category say what is told. A fact without a key gets one made of its label. Raises InvalidRecord."""
    told = with_slug({**told, "facts": [_with_key(fact) for fact in told.get("facts", [])]})
    faults = [*repeated(told, "facts", "key"), *faults_of_slugs(told)]
    record = checked(schema.Category, told, now, faults)
    row = (find_row(Category, id) if id else None) or Category(position=next_position(Category))
    before = records.category(row, row.facts) if row.id else {}
    take_slug(row, record.slug, Category, CategoryAlias)
    update(row, attributes(record, ("name", "description")))
    align(row.facts, [fact.model_dump() for fact in record.facts], CategoryFact, "key")
    db.session.add(row)
    db.session.flush()
    _index_tools_of(row, before)
    bump_content_version()
    return SavedRecord(row.id, row.slug, before, records.category(row, row.facts))


def _with_key(fact: Json) -> Json:
    return fact if fact.get("key") else {**fact, "key": propose(fact.get("label", ""))[:40].strip("-")}


def _index_tools_of(row: Category, before: Json) -> None:
    if before and before["name"] != row.name:
        search.reindex(db.session.scalars(sa.select(Tool.id).where(Tool.category_id == row.id)).all())
