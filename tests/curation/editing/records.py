"""Records for tests of editing: added, changed and refused as a form's view does it, without the form."""

from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from tests.makers import NOW
from verdicts.catalog import search
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing.saving import InvalidRecord, SavedRecord
from verdicts.extensions import commit_or_retry, db


def add(editing: ModuleType, now: datetime = NOW, **data: Any) -> SavedRecord:
    """Save a new record by a module of verdicts.curation.editing, and commit."""
    return _committed(lambda: editing.save(None, data, now))


def change(editing: ModuleType, id: int, now: datetime = NOW, **changes: Any) -> SavedRecord:
    """Save a stored record with some of its values changed, and commit. None leaves a value out."""
    return _committed(lambda: editing.save(id, _changed(editing, id, changes), now))


def faults_of(editing: ModuleType, id: int | None = None, now: datetime = NOW, **changes: Any) -> list[str]:
    """Return why a new record, or a stored one with these changes, is refused: "path: words" each."""
    return refusal(lambda: editing.save(id, _changed(editing, id, changes), now))


def refusal(save: Callable[[], SavedRecord]) -> list[str]:
    """Return the faults of a save that must be refused, each as "path: words"."""
    with pytest.raises(InvalidRecord) as refused:
        _committed(save)
    return [str(fault) for fault in refused.value.faults]


def found_by(text: str) -> list[int]:
    """Return the ids of the tools that a search finds."""
    db.session.rollback()
    return sorted(db.session.scalars(sa.select(search.matching(text).c.tool_id)))


def _committed(save: Callable[[], SavedRecord]) -> SavedRecord:
    db.session.rollback()
    return commit_or_retry(save)


def _changed(editing: ModuleType, id: int | None, changes: Json) -> Json:
    record = editing.find_record(id) if id else None
    data = {**(record.data if record else {}), **changes}
    return {key: value for key, value in data.items() if value is not None}
