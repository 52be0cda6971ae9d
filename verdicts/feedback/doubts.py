"""Readers who doubt a price: each network once a tool, until an editor has looked it up."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from verdicts.extensions import db, insert
from verdicts.feedback.models import price_doubt

# Readers whose network is not known cannot be told apart: all of them together count as one an hour.
NAMELESS_EVERY = timedelta(hours=1)


def doubt(tool_id: int, *, network: str | None, now: datetime) -> bool:
    """Note that a reader doubts a tool's price; return whether that is new.

    `network` is a hash (voting.networks.network_hash). The caller has called begin_write() and commits.
    """
    if network is None and _is_nameless_since(tool_id, now - NAMELESS_EVERY):
        return False
    row = insert(price_doubt).values(tool_id=tool_id, network=network, at=now).on_conflict_do_nothing()
    return db.session.connection().scalar(row.returning(price_doubt.c.id)) is not None


def settle(tool_id: int) -> int:
    """Forget who doubted a tool's price, now that somebody has looked; return how many they were."""
    return db.session.connection().execute(sa.delete(price_doubt).where(price_doubt.c.tool_id == tool_id)).rowcount


def taps_by_tool() -> sa.Subquery:
    """Return how many readers doubt each tool's price, as (tool_id, taps), to be joined."""
    taps = sa.func.count().label("taps")
    return sa.select(price_doubt.c.tool_id, taps).group_by(price_doubt.c.tool_id).subquery("doubts")


def _is_nameless_since(tool_id: int, moment: datetime) -> bool:
    nameless = (price_doubt.c.tool_id == tool_id) & price_doubt.c.network.is_(None) & (price_doubt.c.at > moment)
    return db.session.connection().scalar(sa.select(sa.exists().where(nameless))) or False
