"""Where the parts of a drawing go, in per cent of its width; the templates draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.panel import Panel, PanelReview, changes_of

SHORTEST = timedelta(days=90)
MOST_TICKS = 6
OVAL_WIDTH = 4.0  # an oval drawn at the very end would stand outside the picture


@dataclass(frozen=True)
class Span:
    """A verdict as long as it stood."""

    verdict: Verdict
    start: float
    end: float


@dataclass(frozen=True)
class Lane:
    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Tick:
    label: str
    at: float


@dataclass(frozen=True)
class Timeline:
    """A line a reviewer: which verdict stood when. `words` holds the same for those who cannot see it."""

    words: str
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]


def timeline(panel: Panel, today: date) -> Timeline | None:
    """Return the drawing of a panel's verdicts over time, or None where no review is dated."""
    dated = [review for review in panel.reviews if review.reviewed_on]
    if not dated:
        return None
    starts = [start for review in dated for start, _ in _verdicts(review)]
    first, last = min([*starts, today - SHORTEST]), max([*starts, today])

    def at(day: date) -> float:
        return (100 - OVAL_WIDTH) * (day - first).days / (last - first).days

    lanes = tuple(
        Lane(review.reviewer.label, _spans([(verdict, at(start)) for start, verdict in _verdicts(review)]))
        for review in dated
    )
    return Timeline(_in_words(dated), tuple(Tick(f"{month:%b}", at(month)) for month in _months(first, last)), lanes)


def _verdicts(review: PanelReview) -> list[tuple[date, Verdict]]:
    """Return from when a reviewer said what; corrections of wording go on as the same verdict.

    What stood in another record of the tool is passed over where it would turn the line round or lead it back.
    """
    said = [each.before for each in changes_of(review) if each.verdict_changed or each.before.verdict is each.after]
    dated: list[tuple[date, Verdict]] = []
    for day, verdict in [(review.reviewed_on, review.verdict), *((old.reviewed_on, old.verdict) for old in said[::-1])]:
        if day and (not dated or day <= dated[-1][0]):
            dated.append((day, verdict))
    states = dated[::-1]
    return [state for place, state in enumerate(states) if not place or states[place - 1][1] is not state[1]]


def _spans(starts: Sequence[tuple[Verdict, float]]) -> tuple[Span, ...]:
    ends = [*(start for _, start in starts[1:]), 100.0]
    return tuple(Span(verdict, start, end) for (verdict, start), end in zip(starts, ends, strict=True))


def _months(first: date, last: date) -> list[date]:
    """Return the first days of up to MOST_TICKS months, evenly chosen."""
    months, month = [], (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while month <= last:
        months.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return months[:: -(-len(months) // MOST_TICKS) or 1]


def _in_words(reviews: Sequence[PanelReview]) -> str:
    return ". ".join(
        f"{review.reviewer.name}: "
        + ", then ".join(f"{verdict.upper()} from {day.day} {day:%b %Y}" for day, verdict in _verdicts(review))
        for review in reviews
    )
