"""A reviewer: one voice of the panel."""

from datetime import datetime

from verdicts.catalog.models import Reviewer, ReviewerAlias
from verdicts.catalog.publishing import bump_content_version
from verdicts.curation.catalog_file import records, schema
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.rows import update
from verdicts.curation.editing.saving import (
    SavedRecord,
    StoredRecord,
    attributes,
    checked,
    faults_of_slugs,
    find_row,
    next_position,
    take_slug,
    with_slug,
)
from verdicts.extensions import db


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_row(Reviewer, id, lock=lock)
    return StoredRecord(row.id, row.slug, row.name, records.reviewer(row)) if row else None


def save(id: int | None, told: Json, now: datetime) -> SavedRecord:
    """Make a reviewer say what is told. Raises InvalidRecord."""
    told = with_slug(told)
    record = checked(schema.Reviewer, told, now, faults_of_slugs(told))
    row = (find_row(Reviewer, id) if id else None) or Reviewer(position=next_position(Reviewer))
    before = records.reviewer(row) if row.id else {}
    take_slug(row, record.slug, Reviewer, ReviewerAlias)
    update(row, attributes(record, ("name", "kind", "motto", "bio", "likes", "dislikes")))
    db.session.add(row)
    db.session.flush()
    bump_content_version()
    return SavedRecord(row.id, row.slug, before, records.reviewer(row))


def leave_panel(row: Reviewer, now: datetime) -> None:
    """Take a reviewer off the panel: their reviews stay, and nobody waits for more."""
    row.archived_at = now
    bump_content_version()


def return_to_panel(row: Reviewer, _now: datetime) -> None:
    row.archived_at = None
    bump_content_version()
