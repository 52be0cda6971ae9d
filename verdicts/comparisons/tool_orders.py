"""In which order the directory lists tools: each ends in the id, so that no two tools share a place."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.queries import requested_slug, tool
from verdicts.voting.models import tally


class Sort(StrEnum):
    """How the directory may be sorted; RELEVANCE only where something is searched for."""

    RELEVANCE = "relevance"
    RECOMMENDED = "recommended"
    PANEL = "panel"
    READERS = "readers"
    PRICE = "price"
    NAME = "name"
    NEWEST = "newest"


def _as_it_is(matching: sa.Select[Any]) -> sa.Select[Any]:
    return matching


@dataclass(frozen=True)
class Order:
    """An order of tools by these keys, all of them ascending or all descending.

    `select` leaves the tools that are in this order, of those that match, and adds what the keys read.
    """

    keys: tuple[sa.ColumnElement[Any], ...]
    is_descending: bool = False
    select: Callable[[sa.Select[Any]], sa.Select[Any]] = _as_it_is

    def sort(self, matching: sa.Select[Any]) -> sa.Select[Any]:
        return self.select(matching).order_by(*(key.desc() if self.is_descending else key for key in self.keys))

    def place(self, slug: str, matching: sa.Select[Any]) -> sa.Select[Any]:
        """Return the statement that reads the keys of the matching tool with this slug."""
        keys = (key.label(f"key_{number}") for number, key in enumerate(self.keys))
        of_slug = self.select(matching).join(requested_slug, requested_slug.c.tool_id == tool.c.id)
        return of_slug.where(requested_slug.c.slug == slug).with_only_columns(*keys, maintain_column_froms=True)

    def is_after(self, place: sa.Row[Any]) -> sa.ColumnElement[bool]:
        keys = sa.tuple_(*self.keys)
        values = sa.tuple_(*(sa.literal(value, key.type) for key, value in zip(self.keys, place, strict=True)))
        return keys < values if self.is_descending else keys > values


_has_interval = tally.c.readers_place.is_not(None)


def _with_interval(matching: sa.Select[Any]) -> sa.Select[Any]:
    # The sum hides an index: SQLite without statistics began with every tool, and looked for its votes.
    return matching.join(tally, (tool.c.id == tally.c.tool_id + 0) & _has_interval)


def _without_interval(matching: sa.Select[Any]) -> sa.Select[Any]:
    return matching.where(~sa.exists().where(tally.c.tool_id == tool.c.id, _has_interval))


_IN_EDITORS_ORDER = (tool.c.position, tool.c.id)

# Tools come in the first order that they are in, and then in the next: few tools have votes enough for an interval.
ORDERS = {
    Sort.RECOMMENDED: (Order(_IN_EDITORS_ORDER),),
    Sort.RELEVANCE: (Order(_IN_EDITORS_ORDER),),  # where nothing is searched for
    Sort.PANEL: (Order((tool.c.panel_place, *_IN_EDITORS_ORDER)),),
    Sort.READERS: (
        Order((tally.c.readers_place, *_IN_EDITORS_ORDER), select=_with_interval),
        Order(_IN_EDITORS_ORDER, select=_without_interval),
    ),
    Sort.PRICE: (Order((tool.c.price_place, *_IN_EDITORS_ORDER)),),
    Sort.NAME: (Order((tool.c.sort_name, tool.c.id)),),
    Sort.NEWEST: (Order((tool.c.published_at, tool.c.id), is_descending=True),),
}
