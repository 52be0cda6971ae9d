"""What a subscriber wants to read: categories, followed tools, and how often; and the export of their data."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.models import Category
from verdicts.catalog.queries import is_published, lock_existing, select_links, tool
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import db, insert
from verdicts.newsletter.models import Rhythm, subscriber, subscriber_category, subscriber_tool
from verdicts.newsletter.queries import Subscription

EXPORT_FORMAT = "verdicts-subscription/1"

_category = Category.__table__


class SubscriptionEnded(Exception):
    """The subscription has ended, so it has no preferences."""


@dataclass(frozen=True)
class CategoryChoice:
    id: int
    slug: str
    name: str
    is_chosen: bool


@dataclass(frozen=True)
class Preferences:
    """All categories with those that are chosen, and the followed tools. No chosen category means all."""

    rhythm: Rhythm
    categories: tuple[CategoryChoice, ...]
    follows: tuple[ToolLink, ...]

    @property
    def reads_all(self) -> bool:
        return not any(category.is_chosen for category in self.categories)


def load(subscriber_id: int, rhythm: Rhythm, now: datetime) -> Preferences:
    """Return a subscriber's preferences with all categories. Two statements."""
    is_theirs = (subscriber_category.c.category_id == _category.c.id) & (
        subscriber_category.c.subscriber_id == subscriber_id
    )
    is_chosen = subscriber_category.c.subscriber_id.is_not(None)
    columns = (_category.c.id, _category.c.slug, _category.c.name, is_chosen)
    categories = sa.select(*columns).outerjoin(subscriber_category, is_theirs)
    rows = db.session.connection().execute(categories.order_by(_category.c.position, _category.c.id))
    return Preferences(rhythm, tuple(CategoryChoice(*row) for row in rows), list_followed(subscriber_id, now))


def list_followed(subscriber_id: int, now: datetime) -> tuple[ToolLink, ...]:
    """Return the published tools that a subscriber follows, by name. One statement."""
    follows = (
        select_links()
        .join(subscriber_tool, subscriber_tool.c.tool_id == tool.c.id)
        .where(subscriber_tool.c.subscriber_id == subscriber_id, is_published(now))
        .order_by(tool.c.sort_name, tool.c.id)
    )
    return tuple(ToolLink(*row) for row in db.session.connection().execute(follows))


def update(
    subscriber_id: int, *, rhythm: Rhythm, categories: Collection[int], tools: Collection[int], now: datetime
) -> None:
    """Replace a subscriber's preferences. No categories means all. Raises SubscriptionEnded.

    Followed tools that are not published now stay followed; tools that are deleted meanwhile are ignored. The caller
    has called begin_write(), and commits.
    """
    connection = db.session.connection()
    address = sa.select(subscriber.c.address).where(subscriber.c.id == subscriber_id).with_for_update()
    if connection.scalar(address) is None:
        raise SubscriptionEnded
    connection.execute(sa.update(subscriber).where(subscriber.c.id == subscriber_id).values(rhythm=rhythm))
    connection.execute(sa.delete(subscriber_category).where(subscriber_category.c.subscriber_id == subscriber_id))
    _add(subscriber_category, "category_id", subscriber_id, categories)
    dropped = {link.id for link in list_followed(subscriber_id, now)} - set(tools)
    is_dropped = (subscriber_tool.c.subscriber_id == subscriber_id) & subscriber_tool.c.tool_id.in_(dropped)
    connection.execute(sa.delete(subscriber_tool).where(is_dropped))
    _add(subscriber_tool, "tool_id", subscriber_id, lock_existing(tools))


def export(subscription: Subscription, now: datetime) -> dict[str, object]:
    """Return all that is stored about a subscriber, for JSON. Two statements."""
    preferences = load(subscription.id, subscription.rhythm, now)
    chosen = [each.slug for each in preferences.categories if each.is_chosen]
    return {
        "format": EXPORT_FORMAT,
        "address": subscription.address,
        "status": subscription.status,
        "signed_up": {"by": subscription.consent_source, "at": _iso(subscription.consent_at)},
        "confirmed_at": _iso(subscription.confirmed_at),
        "ended_at": _iso(subscription.ended_at),
        "rhythm": subscription.rhythm,
        "categories": chosen or "all",
        "follows": [link.slug for link in preferences.follows],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _add(table: sa.Table, column: str, subscriber_id: int, ids: Iterable[int]) -> None:
    rows = [{"subscriber_id": subscriber_id, column: id} for id in sorted(set(ids))]
    if rows:
        db.session.connection().execute(insert(table).values(rows).on_conflict_do_nothing())
