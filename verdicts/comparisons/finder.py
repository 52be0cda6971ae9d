"""The directory: which tools match, in which order, a page at a time.

Ids come first, by an index where one ends in the order, and then the rows. A page begins after a tool, or at a number:
numbers are for the first pages only, since the database reads all that a number skips.
"""

from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import models, search
from verdicts.catalog.content_version import catalog_state
from verdicts.catalog.facts import OPEN_KEYS
from verdicts.catalog.kept import load_each
from verdicts.catalog.kinds import PriceModel, ToolState
from verdicts.catalog.prices import MAX_INTERVAL_DAYS
from verdicts.catalog.queries import category, requested_slug, summaries_of, tool
from verdicts.catalog.reviews import GRACE, OLD_AFTER
from verdicts.catalog.search_index import Property, blocks_between, property_word
from verdicts.catalog.summaries import ToolLink, ToolSummary
from verdicts.comparisons.tool_orders import ORDERS, Sort
from verdicts.engines import PLANNED_EACH_TIME
from verdicts.extensions import MAX_COUNTED, UtcDateTime, asked_of_each, count_up_to, db, is_one_of, limit_to

PAGE_SIZE = 24
MAX_LICENSES = 60
MAX_NUMBERED_PAGE = -(-MAX_COUNTED // PAGE_SIZE)


class PanelSplit(StrEnum):
    """How a panel's verdicts on a tool may stand."""

    ALL_SHIP = "all-ship"
    SPLIT = "split"
    ALL_SKIP = "all-skip"
    NOT_REVIEWED = "none"


# Which verdicts are among those of such a panel, as panel_keys.signs_in() says it.
_SIGNS = {PanelSplit.ALL_SHIP: "+", PanelSplit.SPLIT: "+-", PanelSplit.ALL_SKIP: "-", PanelSplit.NOT_REVIEWED: ""}


class FreshPart(StrEnum):
    """What of a tool was checked or written lately."""

    PRICE = "price"  # its last check still holds
    REVIEWS = "reviews"  # none is older than OLD_AFTER


@dataclass(frozen=True)
class ToolQuery:
    """Which tools a visitor wants to see; what is empty means any. `after` is the slug that the page begins after."""

    text: str = ""
    category: str = ""
    prices: tuple[PriceModel, ...] = ()
    panel: PanelSplit | None = None
    license: str = ""
    is_open: bool = False
    fresh: tuple[FreshPart, ...] = ()
    sort: Sort = Sort.RECOMMENDED
    page: int = 1
    after: str = ""

    @property
    def is_filtered(self) -> bool:
        """Whether it leaves out tools that hold the text."""
        return any((self.category, self.prices, self.panel, self.license, self.is_open, self.fresh))


@dataclass(frozen=True)
class FoundTools:
    """One page of the tools that match.

    `total` is how many match in all, at most MAX_COUNTED + 1; `next_after` the slug that the next page begins after, or
    ""; `corrected` the text that was searched for instead, or ""; `is_partial` says that they hold some of its words.
    """

    tools: list[ToolSummary]
    total: int
    next_after: str = ""
    corrected: str = ""
    is_partial: bool = False


def list_pair(pair: tuple[ToolLink, ToolLink]) -> FoundTools:
    """Return two published tools as a page, the first first. One statement."""
    found = summaries_of([each.id for each in pair])
    return FoundTools([found[each.id] for each in pair if each.id in found], len(found))


def find_tools(query: ToolQuery, now: datetime, state: Hashable = None) -> FoundTools:
    """Return what a visitor looks for.

    Where no tool holds all words, return what the corrected ones find, or else those that hold most and go on.
    As many statements as list_tools() takes; at most six where nothing is found.
    """
    state = state or (catalog_state(now) if query.text else None)
    found = list_tools(query, now, state)
    if found.tools or not query.text or found.total:  # behind the last page, words are spelled right
        return found
    corrected = search.correct(query.text)
    instead = list_tools(replace(query, text=corrected), now, state) if corrected else found
    if instead.tools:
        return replace(instead, corrected=corrected)
    return replace(_to_page(*_read_best(query, now, state, any_word=True)), is_partial=True)


def list_tools(query: ToolQuery, now: datetime, state: Hashable = None) -> FoundTools:
    """Return one page of the tools that match.

    Three statements, or one where none match; one more behind a slug, and two more where readers decide the order.
    Two where the best match comes first; one more with filters, and behind those that search.matching() ranks. Which
    ones they are is kept while the catalogue is in this state (see content_version.catalog_state(), which is read where
    none is given), since to look for and rank them takes longest.
    """
    if query.text and query.sort is Sort.RELEVANCE:
        return _to_page(*_read_best(query, now, state))
    if query.text or query.is_filtered:
        return _to_page(*_read_found(query, now, state))
    return _to_page(*_read_ids(query, now))


def _to_page(ids: Sequence[int], total: int) -> FoundTools:
    """Return a page of the tools of these ids, of which one more than a page says that there is a next."""
    found = summaries_of(ids[:PAGE_SIZE]) if ids else {}
    tools = [found[id] for id in ids[:PAGE_SIZE] if id in found]  # one may have been deleted since
    return FoundTools(tools, total, tools[-1].slug if tools and len(ids) > PAGE_SIZE else "")


def _read_best(
    query: ToolQuery, now: datetime, state: Hashable, *, any_word: bool = False
) -> tuple[Sequence[int], int]:
    """Return the ids of a page and of the next tool, best match first, and how many match."""
    key, state = (replace(query, page=1, after=""), any_word, now.date()), state or catalog_state(now)

    def load(keys: list[Any]) -> dict[Any, tuple["array[int]", int]]:
        return dict.fromkeys(keys, _read_ranked(query, now, state, any_word))

    ids, total = load_each("finder.best", [key], load, state)[key]
    named = sa.select(requested_slug.c.tool_id).where(requested_slug.c.slug == query.after)
    last = db.session.scalar(named) if query.after else None
    if len(ids) < total and len(ids) <= _begin(query, ids, last) + PAGE_SIZE:
        best = set(ids)  # found in another order since, one may be missing among the first or come twice
        found = _load_found(query, now, state, any_word=any_word, is_ordered=True)
        ids = ids + array("i", [id for id in found if id not in best])
    begin = _begin(query, ids, last)
    return ids[begin : begin + PAGE_SIZE + 1], total


def _begin(query: ToolQuery, ids: "array[int]", last: int | None) -> int:
    """Return where a page begins: behind the `last` before it, and behind all where they do not have that one."""
    if not query.after:
        return (query.page - 1) * PAGE_SIZE
    return ids.index(last) + 1 if last is not None and last in ids else len(ids)


def _read_ranked(query: ToolQuery, now: datetime, state: Hashable, any_word: bool) -> tuple["array[int]", int]:
    """Return the ids of the best, and how many match in all.

    With filters all are found first. They are often few, and then those are ranked. Of many, as without filters, the
    index is asked for the best.
    """
    total = None
    if query.is_filtered:
        found = _load_found(query, now, state, any_word=any_word)
        total = len(found)
        if total <= search.MAX_RANKED:
            best = search.rank(query.text, found, any_word=any_word)
            return array("i", db.session.connection().scalars(best).all() if found else []), total
    properties = _properties_of(query, now.date(), any_word)
    hits = search.matching(query.text, public_at=now, any_word=any_word, properties=properties, total=total)
    best = sa.select(hits.c.tool_id, hits.c.total).order_by(*search.best_first(hits))
    rows: Sequence[Any] = db.session.connection().execute(best.execution_options(**PLANNED_EACH_TIME)).all()
    return array("i", [id for id, _total in rows]), rows[0].total if rows else 0


def _load_found(
    query: ToolQuery, now: datetime, state: Hashable, *, any_word: bool = False, is_ordered: bool = False
) -> "array[int]":
    """Return the ids of what the search index finds, MAX_COUNTED + 1 at most, as search.first_matching() does."""

    def load(keys: list[Any]) -> dict[Any, "array[int]"]:
        properties = _properties_of(query, now.date(), any_word)
        ids = search.first_matching(
            query.text, public_at=now, any_word=any_word, properties=properties, is_ordered=is_ordered
        )
        return dict.fromkeys(keys, array("i", db.session.connection().scalars(ids).all()))

    key = replace(query, sort=Sort.RELEVANCE, page=1, after=""), any_word, is_ordered, now.date()
    found: array[int] = load_each("finder.found", [key], load, state or catalog_state(now))[key]
    return found


def _properties_of(query: ToolQuery, today: date, any_word: bool = False) -> list[list[str]]:
    """Return which words of search_index.property_word() the tools must have that a visitor wants to see.

    Of those that hold only some of what was typed, tools that have ended are left out.
    """
    until = today + GRACE
    prices = blocks_between(today, until + timedelta(days=MAX_INTERVAL_DAYS))
    reviews = blocks_between(today - OLD_AFTER, until)
    asked: dict[Property, Sequence[str]] = {
        Property.CATEGORY: [query.category] if query.category else [],
        Property.PRICE: query.prices,
        Property.PANEL: [_SIGNS[query.panel]] if query.panel else [],
        Property.LICENSE: [query.license] if query.license else [],
        Property.OPEN: ["yes"] if query.is_open else [],
        Property.PRICE_CHECK_HOLDS_UNTIL: prices if FreshPart.PRICE in query.fresh else [],
        Property.OLDEST_REVIEW: reviews if FreshPart.REVIEWS in query.fresh else [],
        Property.STATE: [ToolState.ACTIVE] if any_word else [],
    }
    return [[property_word(name, value) for value in values] for name, values in asked.items() if values]


def _read_found(query: ToolQuery, now: datetime, state: Hashable) -> tuple[Sequence[int], int]:
    """Return the ids of a page and of the next tool, and how many match, of what the search index finds.

    Up to MAX_COUNTED are put in order. Where there are more, tools are read in their order until a page is full.
    """
    found = _load_found(query, now, state)
    if len(found) > MAX_COUNTED:
        is_found = search.is_in(tool.c.id, query.text, _properties_of(query, now.date()))
        matching = _select_public(now).where(asked_of_each(is_found))
    else:
        matching = sa.select(tool.c.id).where(is_one_of(tool.c.id, found))
    return (_read_in_order(query, matching) if found else []), len(found)


def _read_ids(query: ToolQuery, now: datetime) -> tuple[Sequence[int], int]:
    """Return the ids of a page and of the next tool, and how many match; none behind a slug that none of these has."""
    matching = _select_public(now)
    total = count_up_to(matching)
    return (_read_in_order(query, matching) if total else []), total


def _read_in_order(query: ToolQuery, matching: sa.Select[Any]) -> list[int]:
    connection = db.session.connection()
    skipped = 0 if query.after else (query.page - 1) * PAGE_SIZE
    end, has_begun, ids = skipped + PAGE_SIZE + 1, not query.after, list[int]()
    for order in ORDERS[query.sort]:
        tools = order.sort(matching)
        if not has_begun:
            place = connection.execute(order.place(query.after, matching)).first()
            if place is None:
                continue
            tools, has_begun = tools.where(order.is_after(place)), True
        ids += connection.scalars(tools.limit(end - len(ids)))
        if len(ids) == end:
            break
    return ids[skipped:]


def list_licenses(now: datetime) -> list[str]:
    """Return the licences that published tools name, in alphabetical order, MAX_LICENSES at most. One statement."""
    return list(db.session.connection().scalars(_LICENSES, {"now": now}))


def asks_for_open(category_slug: str) -> bool:
    """Say whether the tools of a category, or without one those of any, state whether they are open. One statement."""
    statement, values = (_ASKS_FOR_OPEN_IN, {"slug": category_slug}) if category_slug else (_ASKS_FOR_OPEN, {})
    return bool(db.session.connection().scalar(statement, values))


def _select_public(now: datetime) -> sa.Select[Any]:
    """Return the statement that reads the ids of public tools, in no order."""
    return sa.select(tool.c.id).where(tool.c.published_at <= sa.literal(now, UtcDateTime))


_key = models.CategoryFact.__table__
_has_open_key = sa.exists().where(_key.c.key.in_(OPEN_KEYS))
_ASKS_FOR_OPEN = sa.select(_has_open_key)
_ASKS_FOR_OPEN_IN = sa.select(
    _has_open_key.where(_key.c.category_id == category.c.id, category.c.slug == sa.bindparam("slug"))
)


def _select_licenses() -> sa.Select[Any]:
    """Each licence is found by one look into the index, for the first that comes after the last."""

    def next_after(last: sa.ColumnElement[str]) -> sa.ScalarSelect[str]:
        is_public = tool.c.published_at <= sa.bindparam("now", type_=UtcDateTime)
        later = sa.select(tool.c.license).where(tool.c.license > last, is_public)
        return later.order_by(tool.c.license).limit(limit_to(1)).scalar_subquery()

    first = next_after(sa.literal(""))
    licenses = sa.select(first.label("license"), sa.literal(1).label("number")).cte("licenses", recursive=True)
    more = licenses.c.license.is_not(None) & (licenses.c.number < MAX_LICENSES)
    licenses = licenses.union_all(sa.select(next_after(licenses.c.license), licenses.c.number + 1).where(more))
    return sa.select(licenses.c.license).where(licenses.c.license.is_not(None)).order_by(licenses.c.license)


_LICENSES = _select_licenses()
