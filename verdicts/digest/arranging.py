"""The order in which an edition tells its news: by category, and in each one item after the other.

The caller of each function has called begin_write(), and commits. An edition that is being arranged is locked first, so
of two editors who move something at once each moves it in what the other has left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from verdicts.digest.drafting import ItemNotFound, reorder
from verdicts.digest.editions import refuse_unless_draft
from verdicts.digest.queries import items_of
from verdicts.digest.rendering import Section, category_sections, title_of

T = TypeVar("T")


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Moved:
    """What was moved from which place to which, counted from 1; the first and the last may have stayed."""

    what: str
    before: int
    after: int


def move_item(edition_id: int, item_id: int, direction: Direction) -> Moved:
    """Move an item of a draft by one place within its category. Raises ItemNotFound, or WrongState."""
    sections, place = _found(edition_id, item_id)
    items = sections[place].items
    at = next(at for at, item in enumerate(items) if item.id == item_id)
    order, after = _moved(items, at, direction)
    rows = [order if section is sections[place] else section.items for section in sections]
    reorder(edition_id, [item.id for row in rows for item in row])
    return Moved(title_of(items[at]), at + 1, after + 1)


def move_category(edition_id: int, item_id: int, direction: Direction) -> Moved:
    """Move the category in which an item stands, with all of its items, as `move_item` moves an item."""
    sections, place = _found(edition_id, item_id)
    order, after = _moved(sections, place, direction)
    reorder(edition_id, _ids(order))
    return Moved(sections[place].heading, place + 1, after + 1)


def _found(edition_id: int, item_id: int) -> tuple[list[Section], int]:
    """Return a draft's news by category, and the place of the category that holds this item."""
    refuse_unless_draft(edition_id)
    sections = category_sections(items_of(edition_id))
    for place, section in enumerate(sections):
        if item_id in _ids([section]):
            return sections, place
    raise ItemNotFound(item_id)


def _ids(sections: Iterable[Section]) -> list[int]:
    return [item.id for section in sections for item in section.items]


def _moved(row: Sequence[T], place: int, direction: Direction) -> tuple[list[T], int]:
    """Return a row in which one has changed places with its neighbour, and where it is now."""
    wanted = place + (1 if direction is Direction.DOWN else -1)
    after = min(max(wanted, 0), len(row) - 1)
    moved = list(row)
    moved[place], moved[after] = moved[after], moved[place]
    return moved, after
