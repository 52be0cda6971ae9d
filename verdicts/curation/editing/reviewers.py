"""A reviewer: one voice of the panel."""

from datetime import datetime

from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Reviewer
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.editing.saving import Parts, SavedRecord, StoredRecord, find_row, save_with_slug


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_row(Reviewer, id, lock=lock)
    return StoredRecord(row.id, row.slug, row.name, to_data(row)) if row else None


def to_data(row: Reviewer) -> Json:
    return dump(schema.Reviewer, row)


def parts_of(row: Reviewer) -> Parts:
    return {"reviewer": to_data(row)}


def save(id: int | None, data: Json, now: datetime) -> SavedRecord:
    """Save a reviewer. Raises InvalidRecord."""
    return save_with_slug(Reviewer, schema.Reviewer, id, data, now, to_data)[1]


def leave_panel(row: Reviewer, now: datetime) -> None:
    """Take a reviewer off the panel: their reviews stay, and no more are expected."""
    row.archived_at = now
    bump_content_version()


def return_to_panel(row: Reviewer, _now: datetime) -> None:
    row.archived_at = None
    bump_content_version()
