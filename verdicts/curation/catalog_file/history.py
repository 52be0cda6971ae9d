"""Histories only grow: what was said before an import is kept, and what a file knows of earlier times is added."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar

from verdicts.catalog.models import PriceRecord, Review, ReviewRevision, Tool
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.rows import number, update
from verdicts.extensions import Base


@dataclass(frozen=True)
class Because:
    """Why something changed, and whether that is a matter of wording only."""

    reason: str
    wording_only: bool = False


BY_IMPORT = Because("Changed by catalogue import.")

View = Callable[[Any], object]
Told = TypeVar("Told")
Row = TypeVar("Row", bound=Base)

said = attrgetter("verdict", "quote")
_said_when = attrgetter("verdict", "quote", "reviewed_on", "until")
cost = attrgetter("model", "amount", "currency", "period")
_cost_when = attrgetter("model", "amount", "currency", "period", "checked_on", "until")


def keep_review(review: Review, record: schema.Review, today: date, because: Because = BY_IMPORT) -> bool:
    """Add to a review's history what the file tells of it, and what it says now if the file says something else.

    Call it before the review is changed. Returns whether the history grew.
    """
    fresh = [
        ReviewRevision(**told.model_dump()) for told in _unheard(record.history, review.revisions, _said_when, said)
    ]
    is_new = review.id is None
    if not is_new and said(record) != said(review) and said(review) not in map(said, fresh):
        fresh.append(_replaced(review, record, today, [*review.revisions, *fresh], because))
    if fresh:
        review.revisions[:] = _in_order(review.revisions, fresh, _said_when)
        number(review.revisions)
    return bool(fresh)


def _replaced(
    review: Review, record: schema.Review, today: date, history: Sequence[ReviewRevision], because: Because
) -> ReviewRevision:
    return ReviewRevision(
        verdict=review.verdict,
        quote=review.quote,
        reviewed_on=review.reviewed_on,
        until=_end(review.reviewed_on, record.reviewed_on, today, history),
        reason=because.reason,
        wording_only=because.wording_only,
    )


def keep_prices(
    tool: Tool,
    price: schema.Price | None,
    history: Sequence[schema.PastPrice],
    today: date,
    because: Because = BY_IMPORT,
) -> list[str]:
    """Make this a tool's current price; its past prices are those stored, those the history adds, and the old one.

    Returns the names of the keys that changed.
    """
    current = next((row for row in tool.prices if row.until is None), None)
    past = [row for row in tool.prices if row is not current]
    fresh = [PriceRecord(**told.model_dump()) for told in _unheard(history, past, _cost_when, cost)]
    changes = ["price_history"] if fresh else []
    if current and price and cost(current) != cost(price):
        fresh = _retire(current, price, today, past, fresh, because)
        past, current = [*past, current], None
    if price:
        current = current or PriceRecord()
        changes += ["price"] if update(current, price.model_dump()) else []
    if changes:
        tool.prices[:] = [*_in_order(past, fresh, _cost_when), *filter(None, [current])]
        number(tool.prices)
    return changes


def _retire(
    old: PriceRecord,
    new: schema.Price,
    today: date,
    past: list[PriceRecord],
    fresh: list[PriceRecord],
    because: Because,
) -> list[PriceRecord]:
    """End a price as the file tells it, or in plain words; return the fresh entries but for the one that told it."""
    told = next((entry for entry in fresh if cost(entry) == cost(old)), None)
    if told is None:
        update(old, {"until": _end(old.checked_on, new.checked_on, today, [*past, *fresh]), "reason": because.reason})
    else:
        update(old, {key: getattr(told, key) for key in ("source", "checked_on", "until", "reason")})
    return [entry for entry in fresh if entry is not told]


def _end(old: date | None, new: date | None, today: date, history: Iterable[PriceRecord | ReviewRevision]) -> date:
    """Return the day on which something was replaced: never before what came before it."""
    end = new if new and (old is None or new > old) else today
    return max([end, *filter(None, [old]), *(entry.until for entry in history if entry.until)])


def _unheard(told: Sequence[Told], kept: Sequence[object], *views: View) -> list[Told]:
    """Return what is told but not kept. Each thing kept accounts for one told: the same in the sharpest view, first."""
    unheard, silent = list(told), list(kept)
    for view in views if told else ():
        twins = defaultdict(list)
        for entry in silent:
            twins[view(entry)].append(entry)
        unheard = [entry for entry in unheard if not (twins[view(entry)] and twins[view(entry)].pop())]
        silent = [entry for entries in twins.values() for entry in entries]
    return unheard


def _in_order(kept: Iterable[Row], fresh: Sequence[Row], view: View) -> list[Row]:
    """Return a history with its oldest entry first, without fresh entries that repeat the one before."""
    entries: list[Row] = [*kept, *fresh]
    merged: list[Row] = []
    for entry in sorted(entries, key=attrgetter("until")):
        if not (merged and entry in fresh and view(entry) == view(merged[-1])):
            merged.append(entry)
    return merged
