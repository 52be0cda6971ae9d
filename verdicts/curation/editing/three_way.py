"""A three-way merge of a record: as its form was opened, as it is stored now, and as it was submitted.

What one side changed is taken from that side. What both changed differently is a conflict: the merged record has the
submitted value then, and where one side deleted an entry that the other changed, the entry.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from verdicts.curation.catalog_file.dumping import Json

Path: TypeAlias = tuple[str, ...]  # a field's name; in a list, then the key of an entry and the name of its field
Unit: TypeAlias = tuple[str, ...]  # fields that mean something only together, such as an amount and its currency


@dataclass(frozen=True)
class RowShape:
    """A list of objects, which are known by one of their fields."""

    known_by: str
    units: tuple[Unit, ...] = ()
    is_ordered: bool = True


@dataclass(frozen=True)
class RecordShape:
    """How the fields of a record are compared: `rows` are lists of objects, `lines` lists of texts, others values.

    Of two dates that differ in a field of `latest`, the later one is right.
    """

    units: tuple[Unit, ...] = ()
    rows: Mapping[str, RowShape] = field(default_factory=dict)
    lines: frozenset[str] = frozenset()
    latest: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Conflict:
    """What both sides changed differently. None stands for what is absent."""

    path: Path
    stored: Any
    submitted: Any


@dataclass(frozen=True)
class Merge:
    data: Json
    conflicts: Sequence[Conflict]


class _Unknown:
    """A version that nobody knows: it differs from everything, and so does all that is in it."""

    def get(self, _key: str, _default: object = None) -> "_Unknown":
        return self

    def __iter__(self) -> Iterator[str]:
        return iter(())


_UNKNOWN: Any = _Unknown()


def merge(opened: Json | None, stored: Json, submitted: Json, shape: RecordShape) -> Merge:
    """Merge what was submitted with what others have stored since. Without `opened`, every difference is a conflict."""
    merger = _Merger()
    sides = (_UNKNOWN if opened is None else opened, stored, submitted)
    data = merger.merge_fields((), sides, shape.units, latest=shape.latest, excluded={*shape.rows, *shape.lines})
    for name in shape.lines:
        data[name] = merger.merge_lines(name, *_values_of(name, sides))
    for name, row_shape in shape.rows.items():
        data[name] = merger.merge_rows(name, *_values_of(name, sides), row_shape)
    return Merge({name: value for name, value in data.items() if value not in (None, [])}, merger.conflicts)


class _Merger:
    """Merges parts of a record and collects the conflicts. The three sides are: as opened, stored, submitted."""

    def __init__(self) -> None:
        self.conflicts: list[Conflict] = []

    def merge_fields(
        self,
        path: Path,
        sides: tuple[Json, Json, Json],
        units: Iterable[Unit],
        *,
        latest: Collection[str] = (),
        excluded: Collection[str] = (),
    ) -> Json:
        apart = {*excluded, *(name for unit in units for name in unit)}
        names = [name for name in dict.fromkeys([*sides[2], *sides[1]]) if name not in apart]
        merged: Json = {}
        for unit in [*units, *((name,) for name in names)]:
            opened, stored, submitted = ([side.get(name) for name in unit] for side in sides)
            if _both_changed(opened, stored, submitted):
                if unit[0] in latest:
                    submitted = [max(stored[0] or "", submitted[0] or "")]
                else:
                    self._ask(path, unit, stored, submitted)
                values = submitted
            else:
                values = submitted if stored == opened else stored
            merged |= {name: value for name, value in zip(unit, values, strict=True) if value is not None}
        return merged

    def merge_lines(self, name: str, opened: Any, stored: list[str], submitted: list[str]) -> list[str]:
        if not _both_changed(opened, stored, submitted):
            return submitted if stored == opened else stored
        order, both_moved = _merge_order(opened, stored, submitted)
        removed = [line for line in opened if line not in stored or line not in submitted]
        both_replaced = any(line not in stored and line not in submitted for line in removed)
        additions = [set(side) - set(opened) for side in (stored, submitted)]
        if both_moved or ((both_replaced or opened is _UNKNOWN) and additions[0] != additions[1]):
            self.conflicts.append(Conflict((name,), stored, submitted))
        return [line for line in order if line not in removed]

    def merge_rows(
        self, name: str, opened: Any, stored: list[Json], submitted: list[Json], shape: RowShape
    ) -> list[Json]:
        was = _UNKNOWN if opened is _UNKNOWN else _by_key(opened, shape)
        now, wanted = _by_key(stored, shape), _by_key(submitted, shape)
        order, both_moved = _merge_order(list(was), list(now), list(wanted))
        rows = {key: self._merge_row((name, key), was.get(key), now.get(key), wanted.get(key), shape) for key in order}
        if both_moved and shape.is_ordered:
            self.conflicts.append(Conflict((name,), list(now), list(wanted)))
        return [row for row in rows.values() if row is not None]

    def _merge_row(self, path: Path, opened: Any, stored: Any, submitted: Any, shape: RowShape) -> Json | None:
        if stored is not None and submitted is not None:
            return self.merge_fields(path, ({} if opened is None else opened, stored, submitted), shape.units)
        if not _both_changed(opened, stored, submitted):
            row: Json | None = submitted if stored == opened else stored
            return row
        self.conflicts.append(Conflict(path, stored, submitted))
        kept: Json = stored or submitted
        return kept

    def _ask(self, path: Path, unit: Unit, stored: list[Any], submitted: list[Any]) -> None:
        pairs = zip(unit, stored, submitted, strict=True)
        self.conflicts += [Conflict((*path, name), theirs, own) for name, theirs, own in pairs if theirs != own]


def _both_changed(opened: Any, stored: Any, submitted: Any) -> bool:
    """Return whether both sides changed the same thing differently."""
    return bool(submitted not in (stored, opened) and stored != opened)


def _values_of(name: str, sides: tuple[Json, Json, Json]) -> tuple[Any, Any, Any]:
    opened, stored, submitted = (side.get(name) or [] for side in sides)
    return opened, stored, submitted


def _by_key(rows: Iterable[Json], shape: RowShape) -> dict[str, Json]:
    """Return rows by their key; those without one, or with that of another row, by a key that no other side has."""
    by_key: dict[str, Json] = {}
    for number, row in enumerate(rows):
        key = row.get(shape.known_by, "")
        by_key[f"{key}\0{number}" if key in by_key or not key else key] = row
    return by_key


def _merge_order(opened: Iterable[str], stored: list[str], submitted: list[str]) -> tuple[list[str], bool]:
    """Return all keys in the order of the side that moved them, and whether both did so differently."""
    opened = list(opened)
    common = set(opened) & set(stored) & set(submitted)
    was, now, wanted = ([key for key in side if key in common] for side in (opened, stored, submitted))
    first, second = (stored, submitted) if wanted == was else (submitted, stored)
    order = list(dict.fromkeys(first))
    for index, key in enumerate(second):
        if key not in order:
            order.insert(order.index(second[index - 1]) + 1 if index else 0, key)
    return order, _both_changed(was, now, wanted)
