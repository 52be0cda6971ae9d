"""Merging two records of one tool: which is which, and what the kept one takes of the other, reviews aside."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Tool
from verdicts.catalog.prices import UNKNOWN_PLACE, UNKNOWN_PRICE, Price
from verdicts.extensions import db

_tables = Tool.metadata.tables
tool, slug, price = _tables["tool"], _tables["tool_slug"], _tables["price_record"]
fact, category_fact, plan, release = (_tables[name] for name in ("tool_fact", "category_fact", "plan", "release"))

_COST = [price.c[name] for name in ("model", "amount", "currency", "period", "source", "checked_on")]


class CannotMerge(Exception):
    """Two records cannot become one; the message says why, in words for the editor."""


class NoSuchTool(CannotMerge, LookupError):
    def __init__(self) -> None:
        super().__init__("One of the two tools does not exist.")


class SameTool(CannotMerge):
    def __init__(self) -> None:
        super().__init__("Both are the same tool. Choose two different ones.")


class MergedAlready(CannotMerge):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} was merged into another tool in the meantime, so nothing was changed.")


@dataclass(frozen=True)
class Side:
    """One of the two records, as an editor tells them apart."""

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
    """What the kept record takes of the other: fields, the price with its history, and rows of lists."""

    fields: tuple[str, ...]
    price: Price | None
    facts: tuple[str, ...]
    plans: tuple[str, ...]
    releases: tuple[str, ...]


def lock(tool_ids: Collection[int]) -> None:
    """Lock these records until the transaction ends; voters need not wait. Raises NoSuchTool.

    On SQLite begin_write() has taken the one lock there is, and this only reads.
    """
    rows = sa.select(tool.c.id).where(tool.c.id.in_(tool_ids)).order_by(tool.c.id)
    if len(db.session.connection().execute(rows.with_for_update(key_share=True)).all()) < len(set(tool_ids)):
        raise NoSuchTool


def sides(keep_id: int, drop_id: int, now: datetime) -> tuple[Side, Side]:
    """Return both records. Raises NoSuchTool, SameTool or MergedAlready. Two statements."""
    if keep_id == drop_id:
        raise SameTool
    columns = (tool.c.id, tool.c.name, tool.c.published_at, tool.c.archived_at, tool.c.merged_into_id)
    current = (price.c.tool_id == tool.c.id) & price.c.until.is_(None)
    statement = sa.select(*columns, *_COST).outerjoin(price, current).where(tool.c.id.in_([keep_id, drop_id]))
    rows = {row.id: row for row in db.session.connection().execute(statement)}
    if len(rows) < len((keep_id, drop_id)):
        raise NoSuchTool
    for row in rows.values():
        if row.merged_into_id is not None:
            raise MergedAlready(row.name)
    slugs = _slugs(rows)
    return _side(rows[keep_id], slugs[keep_id], now), _side(rows[drop_id], slugs[drop_id], now)


def foresee(keep_id: int, drop_id: int, fields: Iterable[str]) -> RecordMove:
    """Return what `merge` would do; `fields` are filled where the kept record has nothing. Five statements."""
    statement = sa.select(tool).where(tool.c.id.in_([keep_id, drop_id]))
    rows = {row.id: row._mapping for row in db.session.connection().execute(statement)}
    return RecordMove(
        fields=tuple(name for name in fields if rows[drop_id][name] and not rows[keep_id][name]),
        price=_price_that_moves(keep_id, drop_id),
        facts=_missing(fact.c.key, keep_id, drop_id, fact.c.key.in_(_keys_of(keep_id))),
        plans=_missing(plan.c.name, keep_id, drop_id),
        releases=_missing(release.c.version, keep_id, drop_id),
    )


def merge(keep: Side, drop: Side, move: RecordMove, now: datetime) -> None:
    """Carry out a move, and archive the dropped record. The caller has called begin_write(), and commits."""
    _fill(keep.id, drop.id, move.fields)
    if move.price:
        _move_prices(keep.id, drop.id)
    _move_entries(fact.c.key, keep.id, drop.id, move.facts)
    _move_entries(plan.c.name, keep.id, drop.id, move.plans)
    _move_entries(release.c.version, keep.id, drop.id, move.releases)
    _retire(keep.id, drop.id, now)


def next_position(owner: sa.Column[int], id: int) -> int:
    """Return the position after the last of the rows that belong to an owner."""
    last = sa.select(sa.func.coalesce(sa.func.max(owner.table.c.position) + 1, 0)).where(owner == id)
    return db.session.connection().scalar(last) or 0


def renumber(owner: sa.Column[int], id: int, *order: sa.ColumnElement[Any]) -> None:
    """Number the rows that belong to an owner, in this order."""
    rows = owner.table
    connection = db.session.connection()
    ids = connection.scalars(sa.select(rows.c.id).where(owner == id).order_by(*order)).all()
    one = sa.update(rows).where(rows.c.id == sa.bindparam("row")).values(position=sa.bindparam("number"))
    connection.execute(one, [{"row": row, "number": number} for number, row in enumerate(ids)])


def _slugs(tool_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return each tool's slugs, the current one first."""
    slugs: dict[int, list[str]] = {id: [] for id in tool_ids}
    rows = sa.select(slug.c.tool_id, slug.c.slug).where(slug.c.tool_id.in_(slugs))
    for row in db.session.connection().execute(rows.order_by(slug.c.is_current.desc(), slug.c.position, slug.c.slug)):
        slugs[row.tool_id].append(row.slug)
    return slugs


def _side(row: sa.Row[Any], slugs: list[str], now: datetime) -> Side:
    return Side(
        id=row.id,
        slug=slugs[0],
        aliases=tuple(slugs[1:]),
        name=row.name,
        is_published=row.published_at is not None and row.published_at <= now,
        is_archived=row.archived_at is not None,
        price=Price(*row[-len(_COST) :]) if row.model else UNKNOWN_PRICE,
    )


def _price_that_moves(keep_id: int, drop_id: int) -> Price | None:
    """Return the dropped tool's price where it is known and the kept one's is not."""
    is_known = price.c.until.is_(None) & (price.c.model != PriceModel.UNKNOWN)
    statement = sa.select(price.c.tool_id, *_COST).where(price.c.tool_id.in_([keep_id, drop_id]), is_known)
    known = {row.tool_id: Price(*row[1:]) for row in db.session.connection().execute(statement)}
    return None if keep_id in known else known.get(drop_id)


def _keys_of(tool_id: int) -> sa.Select[tuple[str]]:
    category_id = sa.select(tool.c.category_id).where(tool.c.id == tool_id).scalar_subquery()
    return sa.select(category_fact.c.key).where(category_fact.c.category_id == category_id)


def _missing(key: sa.Column[Any], keep_id: int, drop_id: int, *conditions: sa.ColumnElement[bool]) -> tuple[str, ...]:
    """Return the dropped tool's keys of a list that the kept one does not have, in their order."""
    rows = key.table
    kept = sa.select(key).where(rows.c.tool_id == keep_id)
    missing = sa.select(key).where(rows.c.tool_id == drop_id, key.not_in(kept), *conditions)
    return tuple(db.session.connection().scalars(missing.order_by(rows.c.position, rows.c.id)))


def _move_entries(key: sa.Column[Any], keep_id: int, drop_id: int, keys: tuple[str, ...]) -> None:
    """Append these rows of a list to those that the kept tool has."""
    rows = key.table
    for position, name in enumerate(keys, start=next_position(rows.c.tool_id, keep_id)):
        one = sa.update(rows).where(rows.c.tool_id == drop_id, key == name)
        db.session.connection().execute(one.values(tool_id=keep_id, position=position))


def _fill(keep_id: int, drop_id: int, fields: tuple[str, ...]) -> None:
    if fields:
        connection = db.session.connection()
        dropped = connection.execute(sa.select(*(tool.c[name] for name in fields)).where(tool.c.id == drop_id)).one()
        connection.execute(sa.update(tool).where(tool.c.id == keep_id).values(dropped._asdict()))


def _move_prices(keep_id: int, drop_id: int) -> None:
    """Add the dropped tool's price and history to the history of the kept one, whose unknown price is deleted."""
    connection = db.session.connection()
    connection.execute(sa.delete(price).where(price.c.tool_id == keep_id, price.c.until.is_(None)))
    connection.execute(sa.update(price).where(price.c.tool_id == drop_id).values(tool_id=keep_id))
    renumber(price.c.tool_id, keep_id, price.c.until.is_(None), price.c.until, price.c.position, price.c.id)
    place = sa.select(tool.c.price_place).where(tool.c.id == drop_id).scalar_subquery()
    connection.execute(sa.update(tool).where(tool.c.id == keep_id).values(price_place=place))
    connection.execute(sa.update(tool).where(tool.c.id == drop_id).values(price_place=UNKNOWN_PLACE))


def _retire(keep_id: int, drop_id: int, now: datetime) -> None:
    """Let the dropped tool's addresses lead to the kept one, and archive its record."""
    connection = db.session.connection()
    position = slug.c.position + next_position(slug.c.tool_id, keep_id)
    moved = {"tool_id": keep_id, "is_current": False, "position": position}
    connection.execute(sa.update(slug).where(slug.c.tool_id == drop_id).values(moved))
    both = tool.alias()
    first = sa.select(sa.func.min(both.c.first_published_at)).where(both.c.id.in_([keep_id, drop_id])).scalar_subquery()
    connection.execute(sa.update(tool).where(tool.c.id == keep_id).values(first_published_at=first))
    # What was merged into the dropped tool before leads to the kept one at once: merges form no chain.
    connection.execute(sa.update(tool).where(tool.c.merged_into_id == drop_id).values(merged_into_id=keep_id))
    merged = {"merged_into_id": keep_id, "published_at": None, "archived_at": sa.func.coalesce(tool.c.archived_at, now)}
    connection.execute(sa.update(tool).where(tool.c.id == drop_id).values(merged))
