"""What a subscriber wants to read: categories, tools they follow, every week or only what changed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.models import Category
from verdicts.catalog.queries import is_published, lock_existing, select_links, tool
from verdicts.catalog.records import ToolLink
from verdicts.extensions import db, insert
from verdicts.newsletter.models import Rhythm, subscriber, subscriber_category, subscriber_tool

_category = Category.__table__


class SubscriptionEnded(Exception):
    """There is nothing to choose any more."""


@dataclass(frozen=True)
class CategoryChoice:
    id: int
    slug: str
    name: str
    is_chosen: bool


@dataclass(frozen=True)
class Preferences:
    """What may be chosen and what is. Where no category is chosen, all are read of."""

    rhythm: Rhythm
    categories: tuple[CategoryChoice, ...]
    follows: tuple[ToolLink, ...]

    @property
    def reads_all(self) -> bool:
        return not any(category.is_chosen for category in self.categories)


def load(subscriber_id: int, rhythm: Rhythm, now: datetime) -> Preferences:
    """Return a subscriber's preferences with the categories there are. Two statements."""
    mine = (subscriber_category.c.category_id == _category.c.id) & (
        subscriber_category.c.subscriber_id == subscriber_id
    )
    is_chosen = subscriber_category.c.subscriber_id.is_not(None)
    columns = (_category.c.id, _category.c.slug, _category.c.name, is_chosen)
    categories = sa.select(*columns).outerjoin(subscriber_category, mine).order_by(_category.c.position, _category.c.id)
    rows = db.session.connection().execute(categories)
    return Preferences(rhythm, tuple(CategoryChoice(*row) for row in rows), followed(subscriber_id, now))


def followed(subscriber_id: int, now: datetime) -> tuple[ToolLink, ...]:
    """Return the published tools that a subscriber follows, by name. One statement."""
    follows = (
        select_links()
        .join(subscriber_tool, subscriber_tool.c.tool_id == tool.c.id)
        .where(subscriber_tool.c.subscriber_id == subscriber_id, is_published(now))
        .order_by(sa.func.lower(tool.c.name), tool.c.id)
    )
    return tuple(ToolLink(*row) for row in db.session.connection().execute(follows))


def prefer(
    subscriber_id: int, *, rhythm: Rhythm, categories: Collection[int], tools: Collection[int], now: datetime
) -> None:
    """Replace a subscriber's preferences; what they follow that is not published now stays followed.

    A tool that is deleted at this moment is not followed. No categories means all. Raises SubscriptionEnded. The caller
    has called begin_write(), and commits.
    """
    connection = db.session.connection()
    mine = sa.select(subscriber.c.address).where(subscriber.c.id == subscriber_id).with_for_update()
    if connection.scalar(mine) is None:
        raise SubscriptionEnded
    connection.execute(sa.update(subscriber).where(subscriber.c.id == subscriber_id).values(rhythm=rhythm))
    connection.execute(sa.delete(subscriber_category).where(subscriber_category.c.subscriber_id == subscriber_id))
    _add(subscriber_category, "category_id", subscriber_id, categories)
    dropped = {link.id for link in followed(subscriber_id, now)} - set(tools)
    mine_dropped = (subscriber_tool.c.subscriber_id == subscriber_id) & subscriber_tool.c.tool_id.in_(dropped)
    connection.execute(sa.delete(subscriber_tool).where(mine_dropped))
    _add(subscriber_tool, "tool_id", subscriber_id, lock_existing(tools))


def _add(table: sa.Table, column: str, subscriber_id: int, ids: Iterable[int]) -> None:
    rows = [{"subscriber_id": subscriber_id, column: id} for id in sorted(set(ids))]
    if rows:
        db.session.connection().execute(insert(table).values(rows).on_conflict_do_nothing())
