"""Histories only grow: by what a review or price was before a change, and by what a file knows of the past."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import PriceRecord, Review, ReviewRevision, Tool
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.copying import copy_fields, make_row, renumber, update
from verdicts.curation.catalog_file.schema import ChangeReason
from verdicts.extensions import Base

NO_REASON = ChangeReason()

View = Callable[[Any], object]
HistoryEntry = TypeVar("HistoryEntry")
Row = TypeVar("Row", bound=Base)

statement_of = attrgetter("verdict", "quote")
_dated_statement_of = attrgetter("verdict", "quote", "reviewed_on", "until")
cost_of = attrgetter("model", "amount", "currency", "period")
_dated_cost_of = attrgetter("model", "amount", "currency", "period", "checked_on", "until")


def added_revisions(review: Review, record: schema.Review) -> list[schema.Revision]:
    """Return the entries of a record's history that a review's does not have."""
    views = (_dated_statement_of, statement_of)
    unknown = _unknown(record.history, review.revisions, *views)
    if statement_of(record) == statement_of(review):
        return unknown
    return _with_replaced(unknown, record.history, review.revisions, review, *views)


def added_prices(tool: Tool, price: schema.Price | None, history: Sequence[schema.PastPrice]) -> list[schema.PastPrice]:
    """Return the entries of a price history that a tool's does not have, where this is its price from now on."""
    past = [row for row in tool.prices if row is not tool.current_price]
    unknown = _unknown(history, past, _dated_cost_of, cost_of)
    if price is None or not tool.current_price or not is_another_cost(tool.current_price, price):
        return unknown
    return _with_replaced(unknown, history, past, tool.current_price, _dated_cost_of, cost_of)


def is_another_cost(stored: PriceRecord, price: schema.Price) -> bool:
    """Say whether a price replaces a stored one: not where nothing was known of it."""
    return stored.model is not PriceModel.UNKNOWN and cost_of(stored) != cost_of(price)


def extend_history(
    review: Review, record: schema.Review, today: date, reason: ChangeReason = NO_REASON
) -> list[ReviewRevision]:
    """Add the record's history to a review's, and what the review says now if the record says something else.

    Call it before the review is changed. Returns what was added.
    """
    added = [make_row(entry, ReviewRevision) for entry in added_revisions(review, record)]
    is_new = review.id is None
    has_changed = not is_new and statement_of(record) != statement_of(review)
    if has_changed and statement_of(review) not in map(statement_of, added):
        added.append(_replaced(review, record, today, [*review.revisions, *added], reason))
    if added:
        review.revisions[:] = _in_order(review.revisions, added, _dated_statement_of)
        renumber(review.revisions)
    return added


def _replaced(
    review: Review, record: schema.Review, today: date, history: Sequence[ReviewRevision], reason: ChangeReason
) -> ReviewRevision:
    return ReviewRevision(
        verdict=review.verdict,
        quote=review.quote,
        reviewed_on=review.reviewed_on,
        until=_end(review.reviewed_on, record.reviewed_on, today, history),
        **dict(reason),
    )


def replace_price(
    tool: Tool,
    price: schema.Price | None,
    history: Sequence[schema.PastPrice],
    today: date,
    reason: ChangeReason = NO_REASON,
) -> list[str]:
    """Make this a tool's current price; its past prices are those stored, those the history adds, and the old one.

    Returns the names of the keys that changed.
    """
    current = tool.current_price
    past = [row for row in tool.prices if row is not current]
    added = [make_row(entry, PriceRecord) for entry in added_prices(tool, price, history)]
    changes = ["price_history"] if added else []
    if current and price and is_another_cost(current, price):
        added = _retire(current, price, today, past, added, reason)
        past, current = [*past, current], None
    if price:
        current = current or PriceRecord()
        changes += ["price"] if copy_fields(price, current) else []
    if changes:
        tool.prices[:] = [*_in_order(past, added, _dated_cost_of), *filter(None, [current])]
        renumber(tool.prices)
        tool.set_price_place()
    return changes


def _retire(
    old: PriceRecord,
    new: schema.Price,
    today: date,
    past: list[PriceRecord],
    added: list[PriceRecord],
    reason: ChangeReason,
) -> list[PriceRecord]:
    """End a price as an added entry says, or else today. Return the added entries without that one."""
    same = next((entry for entry in added if cost_of(entry) == cost_of(old)), None)
    if same is None:
        update(old, {"until": _end(old.checked_on, new.checked_on, today, [*past, *added]), "reason": reason.reason})
    else:
        update(old, {key: getattr(same, key) for key in ("source", "checked_on", "until", "reason")})
    return [entry for entry in added if entry is not same]


def _end(old: date | None, new: date | None, today: date, history: Iterable[PriceRecord | ReviewRevision]) -> date:
    """Return the day on which something was replaced: never before what came before it."""
    end = new if new and (old is None or new > old) else today
    return max([end, *filter(None, [old]), *(entry.until for entry in history if entry.until)])


def _unknown(entries: Sequence[HistoryEntry], stored: Sequence[object], *views: View) -> list[HistoryEntry]:
    """Return the entries that are not stored. Each stored one accounts for one entry; the sharpest view comes first."""
    unknown, unmatched = list(entries), list(stored)
    for view in views if entries else ():
        twins = defaultdict(list)
        for row in unmatched:
            twins[view(row)].append(row)
        unknown = [entry for entry in unknown if not (twins[view(entry)] and twins[view(entry)].pop())]
        unmatched = [row for rows in twins.values() for row in rows]
    return unknown


def _with_replaced(
    unknown: list[HistoryEntry],
    entries: Sequence[HistoryEntry],
    stored: Sequence[object],
    current: object,
    dated: View,
    undated: View,
) -> list[HistoryEntry]:
    """Return the unknown entries with the one that ends what is current now.

    What was said once before may be said and ended again: then its entry is no stored one that is dated otherwise.
    """
    if any(undated(entry) == undated(current) for entry in unknown):
        return unknown
    known = {dated(row) for row in stored}
    ending = [entry for entry in entries if undated(entry) == undated(current) and dated(entry) not in known]
    return [*unknown, *ending[-1:]]


def _in_order(stored: Iterable[Row], added: Sequence[Row], view: View) -> list[Row]:
    """Return a history with its oldest entry first, without added entries that repeat the one before."""
    rows: list[Row] = [*stored, *added]
    merged: list[Row] = []
    for row in sorted(rows, key=attrgetter("until")):
        if not (merged and row in added and view(row) == view(merged[-1])):
            merged.append(row)
    return merged
