"""A panel's verdicts over time: where the parts of the drawing go, in per cent of its width. Templates draw them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import Panel, PanelReview, Revision, changes_of

MIN_LENGTH = timedelta(days=90)
MAX_TICKS = 6
OVAL_WIDTH = 4.0  # an oval drawn at the very end would stand outside the picture


@dataclass(frozen=True)
class Span:
    """How long a verdict stood."""

    verdict: Verdict
    start: float
    end: float


@dataclass(frozen=True)
class TimelineRow:
    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Tick:
    label: str
    at: float


@dataclass(frozen=True)
class Timeline:
    """A row for each reviewer: which verdict stood when. `words` says the same for those who cannot see it."""

    words: str
    ticks: tuple[Tick, ...]
    rows: tuple[TimelineRow, ...]


@dataclass(frozen=True)
class Axis:
    """From the first to the last day of a drawing, which are not the same."""

    first: date
    last: date

    @classmethod
    def over(cls, days: Iterable[date], today: date) -> "Axis":
        """Return the axis that holds these days and today, MIN_LENGTH at least."""
        known = [*days, today]
        return cls(min([*known, today - MIN_LENGTH]), max(known))

    def at(self, day: date) -> float:
        return (100 - OVAL_WIDTH) * (day - self.first).days / (self.last - self.first).days

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Years where there are two or more, else months, of which January is called by its year."""
        years = [date(year, 1, 1) for year in range(self.first.year + 1, self.last.year + 1)]
        if len(years) > 1:
            return tuple(Tick(f"{day.year}", self.at(day)) for day in _evenly_chosen(years))
        months = _evenly_chosen(_months(self.first, self.last))
        return tuple(Tick(f"{day:%b}" if day.month > 1 else f"{day.year}", self.at(day)) for day in months)


def days_of(panel: Panel) -> list[date]:
    """Return the days on which a panel's verdicts began."""
    return [start for review in panel.reviews if review.reviewed_on for start, _ in _verdicts(review)]


def draw_timeline(panel: Panel, today: date, axis: Axis | None = None) -> Timeline | None:
    """Return the drawing of a panel's verdicts over time, or None where no review is dated.

    `axis` is that of a drawing around it, which holds the panel's days.
    """
    dated = [review for review in panel.reviews if review.reviewed_on]
    if not dated:
        return None
    axis = axis or Axis.over(days_of(panel), today)
    rows = tuple(
        TimelineRow(review.reviewer.label, _spans([(verdict, axis.at(start)) for start, verdict in _verdicts(review)]))
        for review in dated
    )
    return Timeline(_in_words(dated), axis.ticks, rows)


def _verdicts(review: PanelReview) -> list[tuple[date, Verdict]]:
    """Return a reviewer's verdicts with the days they began on, oldest first. A correction of wording begins none.

    A review from another record of the tool is left out where its verdict differs or its day is out of order.
    """
    earlier = [
        each.ended for each in changes_of(review) if each.verdict_changed or each.ended.verdict is each.new_verdict
    ]
    states: list[PanelReview | Revision] = [review, *reversed(earlier)]
    dated: list[tuple[date, Verdict]] = []
    for state in states:
        if state.reviewed_on and (not dated or state.reviewed_on <= dated[-1][0]):
            dated.append((state.reviewed_on, state.verdict))
    dated.reverse()
    return [each for index, each in enumerate(dated) if not index or dated[index - 1][1] is not each[1]]


def _spans(starts: Sequence[tuple[Verdict, float]]) -> tuple[Span, ...]:
    ends = [*(start for _, start in starts[1:]), 100.0]
    return tuple(Span(verdict, start, end) for (verdict, start), end in zip(starts, ends, strict=True))


def _months(first: date, last: date) -> list[date]:
    """Return the first days of the months that begin after one day, up to another."""
    months, month = [], (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while month <= last:
        months.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return months


def _evenly_chosen(days: list[date]) -> list[date]:
    """Return up to MAX_TICKS of these days."""
    return days[:: -(-len(days) // MAX_TICKS) or 1]


def _in_words(reviews: Sequence[PanelReview]) -> str:
    return ". ".join(
        f"{review.reviewer.name}: "
        + ", then ".join(f"{verdict.upper()} from {day.day} {day:%b %Y}" for day, verdict in _verdicts(review))
        for review in reviews
    )
