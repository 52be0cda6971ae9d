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
from verdicts.digest.news import News, NewsItem
from verdicts.digest.queries import list_items
from verdicts.extensions import db

# What is new stays in the draft while its page is away, and letters leave it out (queries.with_visibility).
_HIDDEN_WITH_PAGE = frozenset({ItemKind.NEW_TOOL, ItemKind.NEW_COMPARISON})

NewsKey = tuple[ItemKind, tuple[int, ...], object]


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

    New items go to the end of their category. An item's figures become those of today. What is not so any more goes,
    such as a change that was taken back, and so does what says the same as another item since two tools were merged.
    """
    lock_draft(edition_id)
    items, week = list_items(edition_id), get_by_id(edition_id).week
    current = {_key(each): each for each in gather_news(week, now, is_limited=False)}
    outdated = _find_outdated(items, current)
    kept = [each for each in items if each not in outdated]
    updated = sum(_update(each, current.get(_key(each))) for each in kept)
    known = set(map(_key, kept))
    added = [each for each in gather_news(week, now) if _key(each) not in known]
    _delete(outdated)
    _store_in_order(edition_id, _merged(kept, added))
    return Refresh(len(added), updated, len(outdated))


def _key(news: News | NewsItem) -> NewsKey:
    """Return what an item is about: a refresh finds it again by this, whatever has been renamed.

    A comparison's tools may change places.
    """
    return news.kind, tuple(sorted(news.tool_ids)), news.details.get("reviewer_id")


def _find_outdated(items: Sequence[NewsItem], current: Mapping[NewsKey, News]) -> list[NewsItem]:
    """Return the items that are no news any more, or that say what an item before them says.

    An item that an editor removed stays: else it would come back with its news.
    """
    outdated, known = [], set()
    for item in sorted(items, key=lambda each: each.is_removed):
        is_over = not item.is_removed and item.kind not in _HIDDEN_WITH_PAGE and _key(item) not in current
        if is_over or _key(item) in known:
            outdated.append(item)
        known.add(_key(item))
    return outdated


def _update(item: NewsItem, news: News | None) -> bool:
    if news is None or (news.category_id, _plain(news.details)) == (item.category_id, item.details):
        return False
    row = sa.update(edition_item).where(edition_item.c.id == item.id)
    values = {"category_id": news.category_id, "details": _plain(news.details)}
    db.session.connection().execute(row.values(**values))
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
