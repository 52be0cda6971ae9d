"""Queries about editions: news and blocks, the archive, the editors' list, progress, and a subscriber's deliveries."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.queries import all_reviewers, category, is_published, requested_slug, tool
from verdicts.comparisons.models import Comparison
from verdicts.comparisons.related import members_key
from verdicts.digest.blocks import Block
from verdicts.digest.editions import Edition, to_edition
from verdicts.digest.models import (
    DeliveryState,
    EditionState,
    ItemKind,
    delivery,
    edition,
    edition_block,
    edition_item,
)
from verdicts.digest.news import NewsItem
from verdicts.digest.sections import category_heading
from verdicts.digest.weeks import Week
from verdicts.extensions import AnyRow, db, execute_page
from verdicts.newsletter.models import subscriber

PAGE_SIZE = 20

_comparison = Comparison.__table__
_cancelled = edition.c.state == EditionState.CANCELLED
# The emails link to the archive, so an edition is there as soon as its first email is sent.
_PUBLIC_STATES = (EditionState.SENDING, EditionState.PAUSED, EditionState.SENT)


@dataclass(frozen=True)
class EditionProgress:
    """How many deliveries of an edition are in each state, in the states' order."""

    counts: Mapping[DeliveryState, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def processed(self) -> int:
        """The deliveries that are not sent again automatically. Uncertain ones wait for an operator."""
        return self.sent + self.uncertain + self.counts[DeliveryState.FAILED] + self.counts[DeliveryState.SKIPPED]

    @property
    def sent(self) -> int:
        return self.counts[DeliveryState.SENT]

    @property
    def uncertain(self) -> int:
        return self.counts[DeliveryState.UNCERTAIN]

    @property
    def unprocessed(self) -> int:
        return self.total - self.processed

    @property
    def summary(self) -> str:
        """Such as "1,200 of 100,000: 1,190 sent, 10 deferred"."""
        parts = ", ".join(f"{count:,} {state}" for state, count in self.counts.items() if count)
        return f"{self.processed:,} of {self.total:,}: {parts}" if parts else "nobody to send to"


@dataclass(frozen=True)
class RefusedDelivery:
    """A delivery that failed, or that will be tried again after the others. `address` is None for who has left."""

    subscriber_id: int
    address: str | None
    state: DeliveryState
    state_reason: str


@dataclass(frozen=True)
class EditionSummary:
    """A row of the editors' list. `is_replaced`: cancelled, and the week has a newer edition."""

    edition: Edition
    is_replaced: bool
    item_count: int  # without the removed items
    removed_count: int
    progress: EditionProgress


def list_page(number: int) -> tuple[list[EditionSummary], int]:
    """Return one page of all editions, newest week first, and how many there are in all. Five statements."""
    newest = sa.select(edition, _replaced_condition().label("is_replaced")).order_by(
        edition.c.year.desc(), edition.c.week.desc(), edition.c.id.desc()
    )
    rows, total = execute_page(newest, edition.c.id, number, PAGE_SIZE)
    ids = [row.id for row in rows]
    items, progress = _count_items(ids), _load_progress(ids)
    return [
        EditionSummary(to_edition(row), row.is_replaced, *items.get(row.id, (0, 0)), progress=progress[row.id])
        for row in rows
    ], total


def load_progress(edition_id: int) -> EditionProgress:
    """Return how many deliveries of an edition are in each state. One statement."""
    return _load_progress([edition_id])[edition_id]


def list_refused(edition_id: int, limit: int) -> list[RefusedDelivery]:
    """Return the deliveries that were refused for good, the latest first. One statement."""
    columns = (delivery.c.subscriber_id, subscriber.c.address, delivery.c.state, delivery.c.state_reason)
    statement = sa.select(*columns).join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
    was_put_back = delivery.c.may_be_our_fault & delivery.c.state.in_([DeliveryState.PENDING, DeliveryState.DEFERRED])
    is_refused = was_put_back | (delivery.c.state == DeliveryState.FAILED)
    statement = statement.where(delivery.c.edition_id == edition_id, is_refused)
    statement = statement.order_by(delivery.c.changed_at.desc(), delivery.c.subscriber_id).limit(limit)
    rows = db.session.connection().execute(statement)
    return [RefusedDelivery(row.subscriber_id, row.address, row.state, row.state_reason or "") for row in rows]


def list_items(edition_id: int) -> list[NewsItem]:
    """Return an edition's items in their order, removed ones too. One statement."""
    statement = sa.select(edition_item).where(edition_item.c.edition_id == edition_id)
    return [
        NewsItem(row.id, row.kind, row.category_id, tuple(row.tool_ids), row.details, row.is_removed, row.position)
        for row in db.session.connection().execute(statement.order_by(edition_item.c.position, edition_item.c.id))
    ]


def list_items_with_visibility(edition: Edition, now: datetime) -> list[NewsItem]:
    """Return an edition's items; those of a draft say whether they are hidden or renamed. One statement, or five.

    Freezing marks hidden items as removed, so the items of other editions are not checked.
    """
    items = list_items(edition.id)
    return with_visibility(items, now) if edition.state is EditionState.DRAFT else items


def with_visibility(items: Sequence[NewsItem], now: datetime) -> list[NewsItem]:
    """Return a draft's items with what readers see now. Four statements.

    `is_hidden` is set if they cannot see all its tools and its comparison, `is_renamed` if it has a name from before.
    """
    tools = _visible_tools({each["slug"] for item in items for each in _named_tools(item)}, now)
    keys = {members_key(item.tool_ids) for item in items if item.kind is ItemKind.NEW_COMPARISON}
    comparisons = _visible_comparisons(keys, now)
    category_rows = db.session.connection().execute(sa.select(category.c.id, category.c.name))
    categories = {row.id: row.name for row in category_rows}
    reviewers = {name for each in all_reviewers() for name in (each.name, each.label)}

    def is_visible(item: NewsItem) -> bool:
        # The letter links to slugs, so each slug must still lead to a tool of the item.
        named = [tools.get(each["slug"]) for each in _named_tools(item)]
        if not all(tool and tool.id in item.tool_ids for tool in named):
            return False
        return item.kind is not ItemKind.NEW_COMPARISON or members_key(item.tool_ids) in comparisons

    def is_renamed(item: NewsItem) -> bool:
        named = [(each["name"], tools.get(each["slug"])) for each in _named_tools(item)]
        if any(tool and tool.name != name for name, tool in named) or not _named_reviewers(item) <= reviewers:
            return True
        return item.category_id in categories and category_heading(item) != categories[item.category_id]

    return [replace(item, is_hidden=not is_visible(item), is_renamed=is_renamed(item)) for item in items]


def list_blocks(edition_id: int) -> list[Block]:
    """Return a frozen edition's blocks, head first and foot last. One statement."""
    statement = sa.select(edition_block).where(edition_block.c.edition_id == edition_id)
    return [
        Block(
            row.kind,
            row.category_id,
            tuple(row.tool_ids),
            row.has_verdict_or_price_change,
            row.text,
            row.html,
            row.subject,
            row.preview,
        )
        for row in db.session.connection().execute(statement.order_by(edition_block.c.position))
    ]


def list_archive() -> list[Edition]:
    """Return the edition of each week that readers may see, newest week first. One statement."""
    statement = sa.select(edition).where(_public_condition())
    statement = statement.order_by(edition.c.year.desc(), edition.c.week.desc(), _cancelled, edition.c.id.desc())
    by_week: dict[Week, Edition] = {}
    for row in db.session.connection().execute(statement):
        by_week.setdefault(Week(row.year, row.week), to_edition(row))
    return list(by_week.values())


def find_in_archive(week: Week) -> Edition | None:
    """Return the week's edition that readers may see. One statement."""
    statement = sa.select(edition).where(_public_condition())
    statement = statement.where(edition.c.year == week.year, edition.c.week == week.number)
    row = db.session.connection().execute(statement.order_by(_cancelled, edition.c.id.desc()).limit(1)).first()
    return to_edition(row) if row else None


def find_adjacent_weeks(week: Week) -> tuple[Week | None, Week | None]:
    """Return the nearest weeks before and after this one with an edition in the archive. One statement."""
    number = edition.c.year * 100 + edition.c.week
    this = week.year * 100 + week.number
    before = sa.func.max(sa.case((number < this, number)))
    after = sa.func.min(sa.case((number > this, number)))
    row = db.session.connection().execute(sa.select(before, after).where(_public_condition())).one()
    earlier, later = (Week(*divmod(each, 100)) if each else None for each in row)
    return earlier, later


def list_deliveries_for_export(subscriber_id: int) -> list[dict[str, str]]:
    """Return each edition for a subscriber and the state of its delivery, oldest first. One statement.

    These are rows of the file that subscribers download about themselves.
    """
    columns = (edition.c.year, edition.c.week, delivery.c.state, delivery.c.changed_at)
    statement = (
        sa.select(*columns)
        .join(delivery, delivery.c.edition_id == edition.c.id)
        .where(delivery.c.subscriber_id == subscriber_id)
        .order_by(edition.c.year, edition.c.week, edition.c.id)
    )
    return [
        {
            "edition": Week(row.year, row.week).name,
            "copy": row.state,
            "at": row.changed_at.isoformat(timespec="seconds"),
        }
        for row in db.session.connection().execute(statement)
    ]


def _public_condition() -> sa.ColumnElement[bool]:
    """Return the condition on editions that emails link to, including those cancelled after their first email."""
    has_sent = sa.exists().where(delivery.c.edition_id == edition.c.id, delivery.c.state == DeliveryState.SENT)
    return edition.c.state.in_(_PUBLIC_STATES) | (_cancelled & has_sent)


def _replaced_condition() -> sa.ColumnElement[bool]:
    """Return the condition on editions whose name now means another one, as in editions.find_by_week."""
    other = edition.alias("other")
    same_week = sa.and_(other.c.year == edition.c.year, other.c.week == edition.c.week, other.c.id != edition.c.id)
    preferred = sa.or_(other.c.state != EditionState.CANCELLED, other.c.id > edition.c.id)
    return sa.and_(_cancelled, sa.exists().where(same_week, preferred))


def _count_items(edition_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return, by edition, how many items it includes and how many were removed."""
    counts = [sa.func.count().filter(edition_item.c.is_removed.is_(is_removed)) for is_removed in (False, True)]
    statement = sa.select(edition_item.c.edition_id, *counts).where(edition_item.c.edition_id.in_(edition_ids))
    rows = db.session.connection().execute(statement.group_by(edition_item.c.edition_id))
    return {id: (included, removed) for id, included, removed in rows}


def _load_progress(edition_ids: Collection[int]) -> dict[int, EditionProgress]:
    columns = (delivery.c.edition_id, delivery.c.state)
    statement = sa.select(*columns, sa.func.count()).where(delivery.c.edition_id.in_(edition_ids)).group_by(*columns)
    counts: dict[int, dict[DeliveryState, int]] = defaultdict(dict)
    for id, state, count in db.session.connection().execute(statement):
        counts[id][state] = count
    return {id: EditionProgress({state: counts[id].get(state, 0) for state in DeliveryState}) for id in edition_ids}


def _named_tools(item: NewsItem) -> list[Mapping[str, str]]:
    return item.details["sides"] if item.kind is ItemKind.NEW_COMPARISON else [item.details["tool"]]


def _named_reviewers(item: NewsItem) -> set[str]:
    panels = [each.get("panel", {}) for each in item.details.get("sides", [item.details])]
    labels = {mark["label"] for panel in panels for mark in panel.get("marks", [])}
    return labels | ({item.details["reviewer"]} if "reviewer" in item.details else set())


def _visible_tools(slugs: Collection[str], now: datetime) -> Mapping[str, AnyRow]:
    """Return the ids and names of published tools by slug, old slugs too."""
    statement = sa.select(requested_slug.c.slug, tool.c.id, tool.c.name)
    statement = statement.join(tool, tool.c.id == requested_slug.c.tool_id)
    rows = db.session.connection().execute(statement.where(requested_slug.c.slug.in_(slugs), is_published(now)))
    return {row.slug: row for row in rows}


def _visible_comparisons(keys: Collection[str], now: datetime) -> set[str]:
    statement = sa.select(_comparison.c.members_key).where(_comparison.c.published_at <= now)
    return set(db.session.connection().scalars(statement.where(_comparison.c.members_key.in_(keys))))
