"""Refreshing a draft: what happened since joins it, and what an editor did to it stays.

The caller has called begin_write(), and commits.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.digest.editions import get_by_id, lock_draft
from verdicts.digest.gathering import gather_news
from verdicts.digest.models import ItemKind, edition_item
from verdicts.digest.news import CHANGE_KINDS, News, NewsItem
from verdicts.digest.queries import list_items
from verdicts.extensions import db

NewsKey = tuple[ItemKind, tuple[int, ...], str]


@dataclass(frozen=True)
class Refresh:
    """How many items were added, updated, and taken out because they are no longer so."""

    added: int
    updated: int
    outdated: int

    def __str__(self) -> str:
        return f"{self.added} new, {self.updated} updated, {self.outdated} no longer news"


def refresh(edition_id: int, now: datetime) -> Refresh:
    """Bring a draft's news up to `now`. Subject, intro, order and removed items stay. Raises WrongState.

    New items go to the end of their category. An item's figures become those of today. A change of a verdict or price
    that was taken back is no news any more.
    """
    lock_draft(edition_id)
    items = list_items(edition_id)
    gathered = {_key(each): each for each in gather_news(get_by_id(edition_id).week, now)}
    outdated = [each for each in items if each.kind in CHANGE_KINDS and _key(each) not in gathered]
    kept = [each for each in items if each not in outdated]
    updated = sum(_update(each, gathered.get(_key(each))) for each in kept)
    known = set(map(_key, kept))
    added = [each for key, each in gathered.items() if key not in known]
    _delete(outdated)
    _store_in_order(edition_id, _merged(kept, added))
    return Refresh(len(added), updated, len(outdated))


def _key(news: News | NewsItem) -> NewsKey:
    """Return what an item is about: a refresh finds it again by this."""
    return news.kind, tuple(news.tool_ids), str(news.details.get("reviewer", ""))


def _update(item: NewsItem, news: News | None) -> bool:
    if news is None or _plain(news.details) == item.details:
        return False
    row = sa.update(edition_item).where(edition_item.c.id == item.id)
    db.session.connection().execute(row.values(details=_plain(news.details)))
    return True


def _plain(details: Mapping[str, object]) -> Any:
    """Return details as they are read back once they are stored."""
    return json.loads(json.dumps(details))


def _delete(items: Sequence[NewsItem]) -> None:
    ids = [each.id for each in items]
    db.session.connection().execute(sa.delete(edition_item).where(edition_item.c.id.in_(ids)))


def _merged(items: Sequence[NewsItem], added: Sequence[News]) -> list[NewsItem | News]:
    """Return the items in their order, and each added one after the last of its category, or at the end."""
    merged: list[NewsItem | News] = [*items]
    for news in added:
        same = [index for index, each in enumerate(merged) if each.category_id == news.category_id]
        merged.insert(same[-1] + 1 if same else len(merged), news)
    return merged


def _store_in_order(edition_id: int, order: Sequence[NewsItem | News]) -> None:
    connection = db.session.connection()
    for position, each in enumerate(order):
        if isinstance(each, News):
            connection.execute(sa.insert(edition_item).values(**vars(each), edition_id=edition_id, position=position))
        elif each.position != position:
            connection.execute(sa.update(edition_item).where(edition_item.c.id == each.id).values(position=position))
