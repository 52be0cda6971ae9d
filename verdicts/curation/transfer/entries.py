"""A record of a file beside the row that it is stored in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from verdicts.curation.catalog_file.copying import copy_fields, copy_lists, update
from verdicts.curation.catalog_file.faults import printable, shown
from verdicts.curation.catalog_file.schema import Record
from verdicts.curation.editing.saving import Parts
from verdicts.curation.transfer.field_changes import FieldChange


@dataclass
class ImportEntry:
    """One record, its row, and the names of what changed; `parts_of` returns what the row's forms show."""

    name: str
    row: Any
    is_new: bool
    parts_of: Callable[[Any], Parts] = lambda _row: {}
    reviewer: str = ""  # the slug of whose review it is
    before: Parts = field(init=False)
    changes: list[str] = field(default_factory=list)
    fields: list[FieldChange] = field(default_factory=list)  # what differs, with both values

    def __post_init__(self) -> None:
        self.before = {} if self.is_new else self.parts_of(self.row)

    @property
    def has_changed(self) -> bool:
        return self.is_new or bool(self.changes)

    def copy_fields(self, record: Record) -> None:
        """Copy the fields of a record: all of them into a new row, else those that the file states."""
        self.changes += copy_fields(record, self.row, only_stated=not self.is_new)

    def copy_lists(self, record: Record) -> None:
        self.changes += copy_lists(record, self.row, only_stated=not self.is_new)

    def is_stated(self, record: Record, key: str) -> bool:
        return self.is_new or record.states(key)

    def add_change(self, name: str, changed: bool) -> None:
        self.changes += [name] if changed else []


def record_in_words(name: str, slug: str, written: str) -> str:
    """Return how a report names a record: by name and slug, and by the other slug by which the file knows it."""
    renamed = "" if slug == written else f", named {shown(written)} in the file"
    return f"{printable(name)} ({shown(slug)}{renamed})"


def reorder(entries: Sequence[ImportEntry], rows: Iterable[Any]) -> None:
    """Bring the entries' rows into their order, within the positions that they hold among all `rows`.

    New ones go to the end. So what a file leaves out keeps its position.
    """
    end = max((row.position for row in rows if row.position is not None), default=-1) + 1
    held = sorted(entry.row.position for entry in entries if not entry.is_new)
    last = -1
    for entry, position in zip(entries, [*held, *range(end, end + len(entries) - len(held))], strict=True):
        last = max(position, last + 1)
        entry.add_change("order", bool(update(entry.row, {"position": last})))
