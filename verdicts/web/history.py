"""A tool's history: what changed, newest first, and a drawing of it on one axis. Templates draw it.

Positions across are in per cent of the width, those down in pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.past import known_from
from verdicts.catalog.prices import Price, move_in_words
from verdicts.catalog.reviews import Panel, ReviewChange
from verdicts.catalog.summaries import ReleaseSummary, ToolSummary
from verdicts.voting.months import VoteMonth
from verdicts.web.timeline import Axis, Tick, Timeline, days_of, draw_timeline

LANE = 56
PRICE_TOP, PRICE_BOTTOM = 20, 50
VOTES_TOP, VOTES_BOTTOM = 6, 50
LABEL_WIDTH = 34  # what a step's label takes of a phone's width
NEWEST_SHOWN = 8  # of the events; a fold holds the others


@dataclass(frozen=True)
class PriceMove:
    """A price that ended, and the one that came after it."""

    before: Price
    after: Price

    @property
    def on(self) -> date | None:
        return self.before.until

    @property
    def words(self) -> str:
        return move_in_words(self.before, self.after)


@dataclass(frozen=True)
class Event:
    """One thing that happened: one of the others is given, or only words."""

    on: date
    change: ReviewChange | None = None
    move: PriceMove | None = None
    release: ReleaseSummary | None = None
    words: str = ""


@dataclass(frozen=True)
class Step:
    """How long a price stood. `label` is "" where there is no room for it."""

    start: float
    end: float
    y: float
    label: str


@dataclass(frozen=True)
class Bar:
    """The votes of a month: SHIP from the bottom, SKIP on it."""

    start: float
    width: float
    ship_top: float
    top: float


@dataclass(frozen=True)
class Chart:
    """Lanes on one axis; one without anything to draw is empty, or None."""

    panel: Timeline | None
    steps: tuple[Step, ...]
    releases: tuple[float, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.panel or self.steps or self.releases or self.bars)


@dataclass(frozen=True)
class History:
    events: tuple[Event, ...]
    undated_releases: tuple[str, ...]
    months: tuple[VoteMonth, ...]
    chart: Chart
    prices: tuple[Price, ...]  # oldest first, the current one last; () where it never moved

    @property
    def is_empty(self) -> bool:
        return not (self.events or self.undated_releases or self.months or self.chart.panel)


def history_of(
    tool: ToolSummary,
    panel: Panel,
    past_prices: Sequence[Price],
    releases: Sequence[ReleaseSummary],
    months: Sequence[VoteMonth],
    today: date,
) -> History:
    prices = (*past_prices, tool.price) if past_prices else ()
    dated = [release for release in releases if release.on]
    events = sorted(_events(tool, panel, prices, dated, today), key=lambda event: event.on, reverse=True)
    begun = known_from(past_prices, tool.price, tool.published_at.date())
    days = [*days_of(panel), *(month.first_day for month in months)]
    days += [event.on for event in events if event.change or event.move]
    axis = Axis.over([*days, *([begun] if prices else [])], today)
    chart = Chart(
        panel=draw_timeline(panel, today, axis),
        steps=tuple(_steps(prices, begun, axis)),
        releases=tuple(
            axis.at(release.on) for release in dated if release.on and axis.first <= release.on <= axis.last
        ),
        bars=tuple(_bars(months, axis)),
        ticks=axis.ticks,
    )
    undated = tuple(release.version for release in releases if release.on is None)
    return History(tuple(events), undated, tuple(months), chart, prices)


def _events(
    tool: ToolSummary, panel: Panel, prices: Sequence[Price], releases: Sequence[ReleaseSummary], today: date
) -> Iterator[Event]:
    for change in panel.changes():
        yield Event(change.on, change=change)
    for before, after in pairwise(prices):
        if before.until:
            yield Event(before.until, move=PriceMove(before, after))
    for release in releases:
        if release.on:
            yield Event(release.on, release=release)
    if tool.status.on:
        when = "will be" if tool.status.on > today else "was"
        yield Event(tool.status.on, words=f"{tool.name} {when} {tool.status.state}.")
    if tool.launched_on:
        yield Event(tool.launched_on, words=f"{tool.name} was launched.")


def _steps(prices: Sequence[Price], begun: date, axis: Axis) -> Iterator[Step]:
    """Yield the steps of prices that share a currency and a period: others stand on no common scale."""
    amounts = [_amount(price) for price in prices]
    units = {(price.currency, price.period) for price, amount in zip(prices, amounts, strict=True) if amount}
    highest = max((amount for amount in amounts if amount is not None), default=None)
    if highest is None or len(units) > 1:
        return
    starts = [begun, *(price.until or axis.last for price in prices[:-1])]
    ends = [*(price.until or axis.last for price in prices[:-1]), axis.last]
    labelled = -100.0
    for index, (price, amount, start, end) in enumerate(zip(prices, amounts, starts, ends, strict=True)):
        if amount is None or start > end:
            continue
        is_last = index == len(prices) - 1
        at = axis.at(start)
        has_room = at - labelled >= LABEL_WIDTH and (is_last or at <= 100 - 2 * LABEL_WIDTH)
        labelled = at if has_room else labelled
        height = float(amount / highest) if highest else 0.0
        y = PRICE_BOTTOM - (PRICE_BOTTOM - PRICE_TOP) * height
        yield Step(at, 100.0 if is_last else axis.at(end), y, price.label if has_room or is_last else "")


def _amount(price: Price) -> Decimal | None:
    if price.model in {PriceModel.FREE, PriceModel.FREEMIUM}:
        return Decimal(0)
    return price.amount if price.model is PriceModel.PAID else None


def _bars(months: Sequence[VoteMonth], axis: Axis) -> Iterator[Bar]:
    highest = max((month.total for month in months), default=0)
    for month in months:
        if month.total:
            following = (month.first_day + timedelta(days=32)).replace(day=1)
            start, end = axis.at(month.first_day), min(axis.at(following), 100.0)
            scale = (VOTES_BOTTOM - VOTES_TOP) / highest
            ship_top = VOTES_BOTTOM - scale * month.ship
            yield Bar(start, end - start, ship_top, ship_top - scale * month.skip)


def moves_in_words(prices: Sequence[Price]) -> str:
    """Return a price's steps as a sentence: "free until 5 May 2026, then $20 / month"."""
    return ", then ".join(_step_in_words(price) for price in prices if price.model is not PriceModel.UNKNOWN)


def _step_in_words(price: Price) -> str:
    return f"{price.in_words} until {price.until.day} {price.until:%b %Y}" if price.until else price.in_words


def votes_in_words(months: Sequence[VoteMonth]) -> str:
    """Return the votes of each month as a sentence."""
    counts = (f"{month.first_day:%b %Y} {month.ship} SHIP, {month.skip} SKIP" for month in months)
    return f"Votes by month: {'; '.join(counts)}"
