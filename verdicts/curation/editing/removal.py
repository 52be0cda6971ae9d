"""Deleting records that nothing depends on, and saying what depends on the others. For tools see tools.delete.

A foreign key says in its model, as `info={"dependant": (one, many)}`, what the rows are called that depend on a record.
"""

import sqlalchemy as sa

from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Category, Reviewer, Tool
from verdicts.comparisons.models import Comparison
from verdicts.extensions import Base, db


class RecordInUse(Exception):
    """It cannot be deleted; the message says what depends on it."""


def dependants(row: Category | Reviewer | Tool | Comparison) -> list[str]:
    """Return what depends on a record, in words such as "3 reviews". One statement a kind of dependant."""
    phrases = []
    for key in _foreign_keys_to(type(row)):
        count = db.session.scalar(sa.select(sa.func.count()).where(key.parent == row.id)) or 0
        one, many = key.parent.info["dependant"]
        phrases += [f"{count:,} {one if count == 1 else many}"] if count else []
    return phrases


def delete(row: Category | Reviewer | Tool | Comparison) -> None:
    """Delete a record. Raises RecordInUse. The caller has called begin_write(), and commits."""
    if phrases := dependants(row):
        raise RecordInUse(f"It cannot be deleted, because other records depend on it: {', '.join(phrases)}.")
    db.session.delete(row)
    db.session.flush()
    bump_content_version()


def _foreign_keys_to(model: type[Base]) -> list[sa.ForeignKey]:
    keys = (key for table in Base.metadata.sorted_tables for key in table.foreign_keys)
    return [key for key in keys if key.column.table is model.__table__ and "dependant" in key.parent.info]
