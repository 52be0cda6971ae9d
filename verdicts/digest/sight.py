"""What of a draft readers cannot see any more, or not yet again: no letter tells it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.queries import is_published, requested_slug, tool
from verdicts.comparisons.models import Comparison
from verdicts.comparisons.related import members_key
from verdicts.digest.editions import Edition
from verdicts.digest.models import EditionState, ItemKind
from verdicts.digest.news import Item
from verdicts.digest.queries import items_of
from verdicts.extensions import db

_comparison = Comparison.__table__


def items_in_sight(edition: Edition, now: datetime) -> list[Item]:
    """Return an edition's items like `items_of`; those of a draft say whether readers see what they are about.

    What was out of sight when an edition was frozen is dropped from it. One statement, of a draft three.
    """
    items = items_of(edition.id)
    return look_at(items, now) if edition.state is EditionState.DRAFT else items


def look_at(items: Sequence[Item], now: datetime) -> list[Item]:
    """Return items that say whether readers see every tool, and the comparison, that they name. Two statements."""
    tools = _tools_seen({slug for item in items for slug in _slugs(item)}, now)
    compared = [item for item in items if item.kind is ItemKind.NEW_COMPARISON]
    comparisons = _comparisons_seen({members_key(item.tool_ids) for item in compared}, now)

    def is_seen(item: Item) -> bool:
        # By what it is called, too: another tool may have got the name since, and letters link to the name.
        if not all(tools.get(slug) in item.tool_ids for slug in _slugs(item)):
            return False
        return item.kind is not ItemKind.NEW_COMPARISON or members_key(item.tool_ids) in comparisons

    return [replace(item, is_out_of_sight=not is_seen(item)) for item in items]


def _slugs(item: Item) -> list[str]:
    named = item.facts["sides"] if item.kind is ItemKind.NEW_COMPARISON else [item.facts["tool"]]
    return [each["slug"] for each in named]


def _tools_seen(slugs: Collection[str], now: datetime) -> Mapping[str, int]:
    """Return the published tools that these are names of, old ones too."""
    named = sa.select(requested_slug.c.slug, tool.c.id).join(tool, tool.c.id == requested_slug.c.tool_id)
    rows = db.session.connection().execute(named.where(requested_slug.c.slug.in_(slugs), is_published(now)))
    return {row.slug: row.id for row in rows}


def _comparisons_seen(keys: Collection[str], now: datetime) -> set[str]:
    published = sa.select(_comparison.c.members_key).where(_comparison.c.published_at <= now)
    return set(db.session.connection().scalars(published.where(_comparison.c.members_key.in_(keys))))
