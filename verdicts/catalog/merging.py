"""Two records of one tool become one: which is which, and what the kept one takes of the other, reviews aside."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Tool
from verdicts.catalog.prices import UNKNOWN_PRICE, Price
from verdicts.extensions import db

_tables = Tool.metadata.tables
tool, slug, price = _tables["tool"], _tables["tool_slug"], _tables["price_record"]
fact, asked_for, plan, release = (_tables[name] for name in ("tool_fact", "category_fact", "plan", "release"))

# What is filled where the kept record says nothing, and what an editor calls it.
TEXTS = {
    "tagline": "tagline",
    "description": "description",
    "website": "website",
    "maker": "maker",
    "license": "licence",
    "launched_on": "day of launch",
    "logo_digest": "logo",
}


class CannotMerge(Exception):
    """Two records cannot become one; the message says why, in words for whoever asked."""


class NoSuchTool(CannotMerge, LookupError):
    def __init__(self) -> None:
        super().__init__("One of the two tools does not exist.")


class SameTool(CannotMerge):
    def __init__(self) -> None:
        super().__init__("Both are the same tool already.")


class MergedAlready(CannotMerge):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} was merged into another tool meanwhile, so nothing was done.")


@dataclass(frozen=True)
class Side:
    """One of two records, as an editor tells them apart. `slug` is "" for one that was merged."""

    id: int
    slug: str
    aliases: tuple[str, ...]
    name: str
    is_published: bool
    is_archived: bool
    price: Price

    @property
    def slugs(self) -> tuple[str, ...]:
        return (self.slug, *self.aliases)


@dataclass(frozen=True)
class RecordMove:
    """What the kept record takes of the other: texts by column, the price with its history, and rows of lists."""

    texts: tuple[str, ...]
    price: Price | None
    facts: tuple[str, ...]
    plans: tuple[str, ...]
    releases: tuple[str, ...]


def lock(tool_ids: Iterable[int]) -> None:
    """Keep everyone else from these records until the transaction ends; voters are not kept waiting.

    On SQLite begin_write() has taken the one lock there is, and this only reads.
    """
    rows = sa.select(tool.c.id).where(tool.c.id.in_(tool_ids)).order_by(tool.c.id)
    db.session.connection().execute(rows.with_for_update(key_share=True)).all()


def sides(keep_id: int, drop_id: int, now: datetime) -> tuple[Side, Side]:
    """Return both records. Raises NoSuchTool, SameTool or MergedAlready. Two statements."""
    if keep_id == drop_id:
        raise SameTool
    columns = (tool.c.id, tool.c.name, tool.c.published_at, tool.c.archived_at, tool.c.merged_into_id)
    costs = [price.c[name] for name in ("model", "amount", "currency", "period", "source", "checked_on")]
    current = (price.c.tool_id == tool.c.id) & price.c.until.is_(None)
    rows = sa.select(*columns, *costs).outerjoin(price, current).where(tool.c.id.in_([keep_id, drop_id]))
    found = {row.id: row for row in db.session.connection().execute(rows)}
    if len(found) < len((keep_id, drop_id)):
        raise NoSuchTool
    for row in found.values():
        if row.merged_into_id is not None:
            raise MergedAlready(row.name)
    slugs = _slugs(found)
    return _side(found[keep_id], slugs[keep_id], now), _side(found[drop_id], slugs[drop_id], now)


def foresee(keep_id: int, drop_id: int) -> RecordMove:
    """Return what `merge` would do. Five statements."""
    rows = db.session.connection().execute(sa.select(tool).where(tool.c.id.in_([keep_id, drop_id])))
    found = {row.id: row._mapping for row in rows}
    return RecordMove(
        texts=tuple(name for name in TEXTS if found[drop_id][name] and not found[keep_id][name]),
        price=_price_that_moves(keep_id, drop_id),
        facts=_lacking(fact.c.key, keep_id, drop_id, fact.c.key.in_(_keys_of(keep_id))),
        plans=_lacking(plan.c.name, keep_id, drop_id),
        releases=_lacking(release.c.version, keep_id, drop_id),
    )


def merge(keep: Side, drop: Side, move: RecordMove, now: datetime) -> None:
    """Carry out a move, and leave the dropped record out of sight. The caller has begun to write, and commits."""
    _fill(keep.id, drop.id, move.texts)
    if move.price:
        _move_prices(keep.id, drop.id)
    _take(fact.c.key, keep.id, drop.id, move.facts)
    _take(plan.c.name, keep.id, drop.id, move.plans)
    _take(release.c.version, keep.id, drop.id, move.releases)
    _retire(keep.id, drop.id, now)


def _slugs(tool_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return each tool's slugs, the current one first."""
    found: dict[int, list[str]] = {id: [] for id in tool_ids}
    rows = sa.select(slug.c.tool_id, slug.c.slug).where(slug.c.tool_id.in_(found))
    for row in db.session.connection().execute(rows.order_by(slug.c.is_current.desc(), slug.c.position, slug.c.slug)):
        found[row.tool_id].append(row.slug)
    return found


def _side(row: sa.Row[Any], slugs: list[str], now: datetime) -> Side:
    return Side(
        id=row.id,
        slug=slugs[0],
        aliases=tuple(slugs[1:]),
        name=row.name,
        is_published=row.published_at is not None and row.published_at <= now,
        is_archived=row.archived_at is not None,
        price=Price(row.model, row.amount, row.currency, row.period, row.source, row.checked_on)
        if row.model
        else UNKNOWN_PRICE,
    )


def _price_that_moves(keep_id: int, drop_id: int) -> Price | None:
    """Return the dropped tool's price where it is known and the kept one's is not."""
    costs = [price.c[name] for name in ("model", "amount", "currency", "period", "source", "checked_on")]
    is_known = price.c.until.is_(None) & (price.c.model != PriceModel.UNKNOWN)
    rows = sa.select(price.c.tool_id, *costs).where(price.c.tool_id.in_([keep_id, drop_id]), is_known)
    known = {row.tool_id: Price(*row[1:]) for row in db.session.connection().execute(rows)}
    return None if keep_id in known else known.get(drop_id)


def _keys_of(tool_id: int) -> sa.Select[tuple[str]]:
    mine = sa.select(tool.c.category_id).where(tool.c.id == tool_id).scalar_subquery()
    return sa.select(asked_for.c.key).where(asked_for.c.category_id == mine)


def _lacking(key: sa.Column[Any], keep_id: int, drop_id: int, *conditions: sa.ColumnElement[bool]) -> tuple[str, ...]:
    """Return the dropped tool's keys of a list that the kept one does not have, in their order."""
    rows = key.table
    there = sa.select(key).where(rows.c.tool_id == keep_id)
    wanted = sa.select(key).where(rows.c.tool_id == drop_id, key.not_in(there), *conditions)
    return tuple(db.session.connection().scalars(wanted.order_by(rows.c.position, rows.c.id)))


def _take(key: sa.Column[Any], keep_id: int, drop_id: int, keys: tuple[str, ...]) -> None:
    """Put these rows of a list behind those that the kept tool has."""
    rows = key.table
    first = _end(rows, keep_id)
    for place, name in enumerate(keys, start=first):
        one = sa.update(rows).where(rows.c.tool_id == drop_id, key == name)
        db.session.connection().execute(one.values(tool_id=keep_id, position=place))


def _end(rows: sa.Table, tool_id: int) -> int:
    last = sa.select(sa.func.coalesce(sa.func.max(rows.c.position) + 1, 0)).where(rows.c.tool_id == tool_id)
    return db.session.connection().scalar(last) or 0


def _fill(keep_id: int, drop_id: int, texts: tuple[str, ...]) -> None:
    if not texts:
        return
    connection = db.session.connection()
    found = connection.execute(sa.select(*(tool.c[name] for name in texts)).where(tool.c.id == drop_id)).one()
    connection.execute(sa.update(tool).where(tool.c.id == keep_id).values(found._asdict()))


def _move_prices(keep_id: int, drop_id: int) -> None:
    """Give the kept tool the other's price and history, beside the history it has; its unknown price goes."""
    connection = db.session.connection()
    connection.execute(sa.delete(price).where(price.c.tool_id == keep_id, price.c.until.is_(None)))
    connection.execute(sa.update(price).where(price.c.tool_id == drop_id).values(tool_id=keep_id))
    order = (price.c.until.is_(None), price.c.until, price.c.position, price.c.id)
    ids = connection.scalars(sa.select(price.c.id).where(price.c.tool_id == keep_id).order_by(*order))
    places = [{"row": id, "place": place} for place, id in enumerate(ids)]
    one = sa.update(price).where(price.c.id == sa.bindparam("row")).values(position=sa.bindparam("place"))
    connection.execute(one, places)


def _retire(keep_id: int, drop_id: int, now: datetime) -> None:
    """Let the dropped tool's addresses lead to the kept one, and take its record out of sight."""
    connection = db.session.connection()
    behind = slug.c.position + _end(slug, keep_id)
    moved = {"tool_id": keep_id, "is_current": False, "position": behind}
    connection.execute(sa.update(slug).where(slug.c.tool_id == drop_id).values(moved))
    gone = {"merged_into_id": keep_id, "published_at": None, "archived_at": sa.func.coalesce(tool.c.archived_at, now)}
    both = tool.alias()
    first = sa.select(sa.func.min(both.c.first_published_at)).where(both.c.id.in_([keep_id, drop_id])).scalar_subquery()
    connection.execute(sa.update(tool).where(tool.c.id == keep_id).values(first_published_at=first))
    # What was merged into the dropped tool before leads to the kept one at once: nobody follows a chain.
    connection.execute(sa.update(tool).where(tool.c.merged_into_id == drop_id).values(merged_into_id=keep_id))
    connection.execute(sa.update(tool).where(tool.c.id == drop_id).values(gone))
