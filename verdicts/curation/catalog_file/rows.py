"""Making rows say what a file says, and knowing what that changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from verdicts.curation.catalog_file.schema import Record
from verdicts.extensions import Base

Row = TypeVar("Row", bound=Base)


class Positioned(Protocol):
    position: Any


@dataclass
class Entry:
    """One record of a file beside the row it is stored in, what that held `before`, and the names of what changed."""

    name: str
    row: Any
    is_new: bool
    before: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)

    @property
    def did_something(self) -> bool:
        return self.is_new or bool(self.changes)

    def take(self, record: Record, keys: Iterable[str]) -> None:
        """Take over these keys: all of them into a new row, else those that the file states."""
        self.changes += update(self.row, {key: getattr(record, key) for key in self.stated(record, keys)})

    def stated(self, record: Record, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if self.is_new or record.states(key)]

    def note(self, name: str, changed: bool) -> None:
        self.changes += [name] if changed else []


def begun(model: type[Row], **fields: object) -> Row:
    """Return a new row whose lists are known to be empty: nobody has to ask for them once it is stored."""
    lists: dict[str, Any] = {each.key: [] for each in sa.inspect(model).relationships if each.uselist}
    return model(**lists, **fields)


def update(row: object, wanted: Mapping[str, object]) -> list[str]:
    """Set the attributes that differ and return their names. 20 and 20.00 are the same amount."""
    changed = [key for key, value in wanted.items() if getattr(row, key) != value]
    for key in changed:
        setattr(row, key, wanted[key])
    return changed


def align(rows: list[Row], wanted: Sequence[Mapping[str, object]], model: type[Row], key: str) -> bool:
    """Make a collection hold what is wanted, in that order, and return whether that changed it.

    Rows are matched by `key` and kept, because the database refuses a second one before the first is gone.
    """
    stored = {getattr(row, key): row for row in rows}
    aligned = []
    changed = len(rows) > len(wanted)
    for position, fields in enumerate(wanted):
        row = stored.get(fields[key]) or model()
        changed = bool(update(row, {**fields, "position": position})) or changed
        aligned.append(row)
    if changed:
        rows[:] = aligned
    return changed


def arrange(entries: Sequence[Entry], shelf: Iterable[Positioned]) -> None:
    """Bring the rows into the entries' order, within the places they hold on the shelf; new ones stand at its end.

    So what a file leaves out keeps its place.
    """
    end = max((row.position for row in shelf if row.position is not None), default=-1) + 1
    places = _rising([*sorted(entry.row.position for entry in entries if not entry.is_new), *_free(entries, end)])
    for entry, place in zip(entries, places, strict=True):
        entry.note("order", bool(update(entry.row, {"position": place})))


def _free(entries: Sequence[Entry], end: int) -> range:
    return range(end, end + sum(entry.is_new for entry in entries))


def _rising(places: Iterable[int]) -> list[int]:
    rising: list[int] = []
    for place in places:
        rising.append(max(place, rising[-1] + 1) if rising else place)
    return rising


def number(rows: Iterable[Positioned]) -> None:
    for row, position in zip(rows, count(), strict=False):
        row.position = position
