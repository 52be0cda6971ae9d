"""Readers who doubt a price: each network once per tool, until an editor has checked the price."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.feedback.models import price_doubt

# Readers whose network is unknown cannot be told apart. Together they count once in this time.
UNKNOWN_NETWORK_INTERVAL = timedelta(hours=1)


def add(tool_id: int, *, network: str | None, now: datetime) -> bool:
    """Store that a reader doubts a tool's price; return whether that is new.

    `network` is a hash (voting.networks.network_hash). The caller has called begin_write(), and commits.
    """
    if network is None and _has_unknown_network_since(tool_id, now - UNKNOWN_NETWORK_INTERVAL):
        return False
    row = insert(price_doubt).values(tool_id=tool_id, network=network, at=now).on_conflict_do_nothing()
    return db.session.connection().scalar(row.returning(price_doubt.c.id)) is not None


def delete_for(tool_id: int) -> int:
    """Delete the doubts about a tool's price; return how many. The caller has called begin_write(), and commits."""
    return db.session.connection().execute(sa.delete(price_doubt).where(price_doubt.c.tool_id == tool_id)).rowcount


def restore(tool_id: int, count: int, now: datetime) -> None:
    """Store again that so many readers doubt a tool's price; who they were is not known any more.

    The caller has called begin_write(), and commits.
    """
    if count:
        rows = [{"tool_id": tool_id, "network": None, "at": now}] * count
        db.session.connection().execute(sa.insert(price_doubt), rows)


def count_of(tool_id: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    """Return how many readers doubt the price of a row's tool, as a column."""
    return sa.select(sa.func.count()).where(price_doubt.c.tool_id == tool_id).scalar_subquery()


def select_tools() -> sa.Select[tuple[int]]:
    """Return the statement that reads the tools whose price a reader doubts, once for each doubt."""
    return sa.select(price_doubt.c.tool_id)


def is_doubted(tool_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say whether any reader doubts the price of a row's tool."""
    return sa.exists().where(price_doubt.c.tool_id == tool_id)


def move(keep_id: int, drop_id: int) -> None:
    """Move the doubts of a tool that is merged into another, each network once. The others stay for delete_for()."""
    doubt = price_doubt.c
    existing = sa.select(doubt.network).where(doubt.tool_id == keep_id, doubt.network.is_not(None))
    is_new = doubt.network.is_(None) | doubt.network.not_in(existing)
    row = sa.update(price_doubt).where(doubt.tool_id == drop_id, is_new).values(tool_id=keep_id)
    db.session.connection().execute(row)


def _has_unknown_network_since(tool_id: int, moment: datetime) -> bool:
    unknown = (price_doubt.c.tool_id == tool_id) & price_doubt.c.network.is_(None) & (price_doubt.c.at > moment)
    return db.session.connection().scalar(sa.select(sa.exists().where(unknown))) or False
