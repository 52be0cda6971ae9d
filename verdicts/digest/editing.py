"""What an editor may change in a draft: its subject and intro, which items are removed, and their order.

The caller has called begin_write(), and commits. Each function locks the edition first, so if two editors
change it at once, the second change starts from the result of the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import sqlalchemy as sa

from verdicts.digest.editions import DigestError, lock_draft
from verdicts.digest.models import edition, edition_item
from verdicts.digest.queries import list_items
from verdicts.digest.sections import Section, category_sections, item_title
from verdicts.extensions import db
from verdicts.mailing.addresses import is_one_line

T = TypeVar("T")
MAX_SUBJECT_LENGTH = 200
MAX_INTRO_LENGTH = 5000


class ItemNotFound(DigestError, LookupError):
    def __init__(self, item_id: int) -> None:
        super().__init__(f"The edition has no item {item_id}.")


class IncompleteOrder(DigestError):
    """A new order must name every item exactly once."""

    def __init__(self) -> None:
        super().__init__("The new order does not name every item of the edition once.")


class TextTooLong(DigestError):
    def __init__(self, field: str, maximum: int) -> None:
        super().__init__(f"The {field} is longer than {maximum} characters.")


class SubjectNotOneLine(DigestError):
    """The subject becomes a header, which must not contain a line break."""

    def __init__(self) -> None:
        super().__init__("The subject holds a line break, or another character that no header may hold.")


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Move:
    """An item or category, by its title, and its positions before and after, from 1. At either end they are equal."""

    title: str
    before: int
    after: int


def update_text(edition_id: int, *, intro: str | None = None, subject: str | None = None) -> None:
    """Set a draft's intro (Markdown, shown above the news) or subject. Subject "" means one made from the items.

    Raises TextTooLong, SubjectNotOneLine, or WrongState.
    """
    lock_draft(edition_id)
    if intro is not None and len(intro) > MAX_INTRO_LENGTH:
        raise TextTooLong("intro", MAX_INTRO_LENGTH)
    if subject is not None and len(subject) > MAX_SUBJECT_LENGTH:
        raise TextTooLong("subject", MAX_SUBJECT_LENGTH)
    if subject and not is_one_line(subject):
        raise SubjectNotOneLine
    values = {name: text for name, text in (("intro", intro), ("subject", subject)) if text is not None}
    db.session.connection().execute(sa.update(edition).where(edition.c.id == edition_id).values(**values))


def set_removed(edition_id: int, item_id: int, *, is_removed: bool) -> None:
    """Remove an item from a draft, or restore it. Raises ItemNotFound, or WrongState."""
    lock_draft(edition_id)
    statement = sa.update(edition_item).where(edition_item.c.id == item_id, edition_item.c.edition_id == edition_id)
    if not db.session.connection().execute(statement.values(is_removed=is_removed)).rowcount:
        raise ItemNotFound(item_id)


def reorder(edition_id: int, item_ids: Sequence[int]) -> None:
    """Put a draft's items in this order. Raises IncompleteOrder unless each is named once, or WrongState."""
    lock_draft(edition_id)
    if sorted(item_ids) != sorted(item.id for item in list_items(edition_id)):
        raise IncompleteOrder
    positions = [{"item_id": id, "new_position": position} for position, id in enumerate(item_ids)]
    statement = sa.update(edition_item).where(edition_item.c.id == sa.bindparam("item_id"))
    db.session.connection().execute(statement.values(position=sa.bindparam("new_position")), positions)


def move_item(edition_id: int, item_id: int, direction: Direction) -> Move:
    """Move an item of a draft by one position within its category. Raises ItemNotFound, or WrongState."""
    sections, index = _find_section(edition_id, item_id)
    items = sections[index].items
    before = next(position for position, item in enumerate(items) if item.id == item_id)
    moved, after = _swap(items, before, direction)
    by_section = [moved if section is sections[index] else section.items for section in sections]
    reorder(edition_id, [item.id for section_items in by_section for item in section_items])
    return Move(item_title(items[before]), before + 1, after + 1)


def move_category(edition_id: int, item_id: int, direction: Direction) -> Move:
    """Move the category of an item, with all its items, by one position. Raises ItemNotFound, or WrongState."""
    sections, before = _find_section(edition_id, item_id)
    moved, after = _swap(sections, before, direction)
    reorder(edition_id, [item.id for section in moved for item in section.items])
    return Move(sections[before].heading, before + 1, after + 1)


def _find_section(edition_id: int, item_id: int) -> tuple[list[Section], int]:
    """Return a draft's items by category, and the index of the category that holds this item."""
    lock_draft(edition_id)
    sections = category_sections(list_items(edition_id))
    for index, section in enumerate(sections):
        if any(item.id == item_id for item in section.items):
            return sections, index
    raise ItemNotFound(item_id)


def _swap(elements: Sequence[T], index: int, direction: Direction) -> tuple[list[T], int]:
    """Return the elements with one swapped with its neighbour, and its new index. At either end nothing changes."""
    step = 1 if direction is Direction.DOWN else -1
    new_index = min(max(index + step, 0), len(elements) - 1)
    swapped = list(elements)
    swapped[index], swapped[new_index] = swapped[new_index], swapped[index]
    return swapped, new_index
