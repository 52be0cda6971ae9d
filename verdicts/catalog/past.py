"""What stood on a day: a panel as it was, and a price.

A state that was replaced stood until that day, and the new one from it on. The first one stood from the day of its
review; without one, nobody knows since when, and it counts as old.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from verdicts.catalog.prices import UNKNOWN_PRICE, Price
from verdicts.catalog.reviews import Panel, PanelReview, changes_of


def panel_on(panel: Panel, day: date) -> Panel:
    """Return the reviews that a panel had at the end of a day."""
    reviews = (review_on(review, day) for review in panel.reviews)
    return Panel(tuple(review for review in reviews if review))


def review_on(review: PanelReview, day: date) -> PanelReview | None:
    """Return what a review said at the end of a day, None before its first version.

    Of an earlier version, neither basis nor version are known. What another record of the tool had is left out.
    """
    states = [
        change.ended
        for change in changes_of(review)
        if change.verdict_changed or change.ended.verdict is change.new_verdict
    ]
    began_on = states[0].reviewed_on if states else review.reviewed_on
    if began_on and began_on > day:
        return None
    for index, state in enumerate(states):
        if state.until > day:
            return PanelReview(
                review.reviewer,
                state.verdict,
                state.quote,
                state.reviewed_on,
                conflict=review.conflict,
                revisions=tuple(states[:index]),
            )
    return replace(review, revisions=tuple(states))


def turned_on(panel: Panel) -> date | None:
    """Return the day on which changed verdicts made a panel's majority the opposite of what it had been.

    None where it has no majority, never had the opposite one, or owes it to reviews that were new.
    """
    verdict, began_on = panel.majority, None
    days = {change.on for change in panel.changes() if change.verdict_changed}
    for day in sorted(days, reverse=True) if verdict else ():
        before, after = panel_on(panel, day - timedelta(days=1)).majority, panel_on(panel, day).majority
        if began_on is None and after is not verdict:
            return None
        if before is not verdict and began_on is None:
            began_on = day
        if before and before is not verdict:
            return began_on
        if before is verdict and began_on:
            return None
    return None


def price_on(past: Sequence[Price], current: Price, published_on: date, day: date) -> Price:
    """Return the price at the end of a day; `past` is oldest first.

    None is known before the tool was published here and before there was word of its first price: see known_from().
    """
    if day < known_from(past, current, published_on):
        return UNKNOWN_PRICE
    return next((price for price in past if price.until and price.until > day), current)


def known_from(past: Sequence[Price], current: Price, published_on: date) -> date:
    """Return the first day on which a price was known: of one that nobody dated, the day before it ended."""
    first = next(iter(past), current)
    before_its_end = first.until - timedelta(days=1) if first.until else published_on
    return min(published_on, first.checked_on or before_its_end)
