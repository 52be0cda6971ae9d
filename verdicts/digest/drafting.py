"""Drafting the edition of a week, by rule; and what an editor may change of it until it is frozen.

The caller of each function has called begin_write(), and commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from verdicts.digest import weeks
from verdicts.digest.editions import DigestError, EditionExists, find, refuse_unless_draft
from verdicts.digest.gathering import gather
from verdicts.digest.models import EditionState, edition, edition_item
from verdicts.digest.queries import items_of
from verdicts.digest.weeks import Week
from verdicts.extensions import db
from verdicts.mailing.addresses import is_one_line

if TYPE_CHECKING:
    from verdicts.config.mail import DigestSettings

LONGEST_SUBJECT = 200
LONGEST_NOTE = 5000


class WeekNotBegun(DigestError):
    """Nothing can be said yet of a week that lies ahead."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Week {name} has not begun yet.")


class ItemNotFound(DigestError, LookupError):
    def __init__(self, item_id: int) -> None:
        super().__init__(f"The edition has no item {item_id}.")


class NotTheWholeOrder(DigestError):
    """A new order must name every item once, or one would end up nowhere."""

    def __init__(self) -> None:
        super().__init__("The new order does not name every item of the edition once.")


class TextTooLong(DigestError):
    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"The {what} is longer than {most} characters.")


class SubjectOfManyLines(DigestError):
    """A subject becomes a header, which a line break would end."""

    def __init__(self) -> None:
        super().__init__("The subject holds a line break, or another character that no header may hold.")


def draft(week: Week, now: datetime) -> int | None:
    """Draft the edition of a week from what happened in it up to `now`, and return its id; None for an empty week.

    Raises WeekNotBegun, or EditionExists where the week has an edition that was not cancelled, even one drafted by
    someone else at the same moment.
    """
    if week.start > now:
        raise WeekNotBegun(week.name)
    if not (found := gather(week, now)):
        _refuse_a_second(week)
        return None
    edition_id = _begin(week, now)
    rows = [
        {
            "edition_id": edition_id,
            "kind": news.kind,
            "category_id": news.category_id,
            "tool_ids": list(news.tool_ids),
            "facts": dict(news.facts),
            "dropped": False,
            "position": position,
        }
        for position, news in enumerate(found)
    ]
    db.session.connection().execute(sa.insert(edition_item), rows)
    return edition_id


def draft_due(settings: "DigestSettings", now: datetime) -> int | None:
    """Draft the edition that the last weekly moment was there for, unless it is there or its week was empty.

    Returns its id where it was drafted now. An edition that was cancelled is not drafted anew by itself.
    """
    week = weeks.due(now, *settings.draft_at)
    return None if find(week) else draft(week, now)


def reorder(edition_id: int, item_ids: Sequence[int]) -> None:
    """Put a draft's items in this order, which names each once. Raises NotTheWholeOrder, or WrongState."""
    refuse_unless_draft(edition_id)
    if sorted(item_ids) != sorted(item.id for item in items_of(edition_id)):
        raise NotTheWholeOrder
    places = [{"item": id, "place": place} for place, id in enumerate(item_ids)]
    of_item = edition_item.c.id == sa.bindparam("item")
    db.session.connection().execute(
        sa.update(edition_item).where(of_item).values(position=sa.bindparam("place")), places
    )


def drop(edition_id: int, item_id: int, *, dropped: bool = True) -> None:
    """Leave an item out of a draft, or take it in again. Raises ItemNotFound, or WrongState."""
    refuse_unless_draft(edition_id)
    one = sa.update(edition_item).where(edition_item.c.id == item_id, edition_item.c.edition_id == edition_id)
    if not db.session.connection().execute(one.values(dropped=dropped)).rowcount:
        raise ItemNotFound(item_id)


def write(edition_id: int, *, note: str | None = None, subject: str | None = None) -> None:
    """Set a draft's note (Markdown, printed above the news) or its subject; "" leaves the subject to the rule.

    Raises TextTooLong, SubjectOfManyLines, or WrongState.
    """
    refuse_unless_draft(edition_id)
    told = {"note": (note, LONGEST_NOTE), "subject": (subject, LONGEST_SUBJECT)}
    for what, (text, most) in told.items():
        if text is not None and len(text) > most:
            raise TextTooLong(what, most)
    if subject and not is_one_line(subject):
        raise SubjectOfManyLines
    values = {what: text for what, (text, _) in told.items() if text is not None}
    db.session.connection().execute(sa.update(edition).where(edition.c.id == edition_id).values(**values))


def _refuse_a_second(week: Week) -> None:
    if (there := find(week)) and there.state is not EditionState.CANCELLED:
        raise EditionExists(week.name)


def _begin(week: Week, now: datetime) -> int:
    """Insert the edition, unless the week has one: the database decides between two who draft it at once."""
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    empty = {"note": "", "subject": "", "sender": "", "unrecognised_running": 0}
    fresh = dialect.insert(edition).values(
        year=week.year, week=week.number, state=EditionState.DRAFT, drafted_at=now, **empty
    )
    made = db.session.connection().execute(fresh.on_conflict_do_nothing().returning(edition.c.id)).scalar()
    if made is None:
        raise EditionExists(week.name)
    return int(made)
