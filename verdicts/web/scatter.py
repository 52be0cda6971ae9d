"""Panel against readers as a drawing: where each tool's point, interval and name go. Templates draw them.

Across, everything is in per cent of the width, in columns of one panel count each; down, in pixels.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, product
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from verdicts.rankings.queries import Disagreement

TOP, PLOT_HEIGHT = 12, 320
FOOT = TOP + PLOT_HEIGHT + 12  # where the marks under the columns begin
HEIGHT = FOOT + 36
MAX_NAME = 18  # characters of a name beside its point; links and table have all of it

# The narrowest drawing that shows names, in pixels, and what stands in it. Wider ones have more room.
_WIDTH = 580
_RADIUS, _CAP, _GAP, _LINE = 7, 6, 5, 15
_WIDE, _NARROW = 13.0, 7.2  # letters
_ASIDE = (0.0, -0.14, 0.14, -0.28, 0.28, -0.4, 0.4)  # of a column's width
_GROWTH, _WIDEST = 0.5, 3.0  # a column of one tool is 1 wide; each more makes it wider, up to so wide
_PASSES = 2
_COST_OF_CORNER = 30.0  # a name above or below its point is read with more trouble
_COST_ASIDE = 40.0  # of a whole column's width
_LITTLE = 60.0  # square pixels of a name that may be covered

_Box = tuple[float, float, float, float]


class _Spot(NamedTuple):
    """Where a point stands: in per cent across, and on which side of it its name."""

    x: float
    side: str


class _Figure(NamedTuple):
    """What the place of a point depends on: pixels down, the name as it is drawn, and its column."""

    y: float
    low: float
    high: float
    name: str
    middle: float
    width: float


@dataclass(frozen=True)
class Point:
    """One tool. Its name stands at `name_dx`, `name_y` from it, or nowhere where there is no room for it."""

    row: Disagreement
    number: int
    x: float
    y: float
    low: float
    high: float
    name: str
    anchor: str
    name_dx: int
    name_y: float
    has_room: bool


@dataclass(frozen=True)
class Column:
    """The tools that so many of so many reviewers ship; `y` is where readers would agree."""

    ship: int
    total: int
    start: float
    end: float
    y: float

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True)
class Scatter:
    columns: tuple[Column, ...]
    points: tuple[Point, ...]


def draw_scatter(rows: Sequence[Disagreement]) -> Scatter:
    """Return the drawing of tools that have a panel and an interval, in the order of their table."""
    columns = _columns(Counter((row.panel.ship, row.panel.total) for row in rows))
    figures = tuple(_figure(row, columns[row.panel.ship, row.panel.total]) for row in rows)
    spots = _find_spots(figures)
    points = (
        _to_point(number, row, figure, spot, [*zip(figures, spots, strict=True)])
        for number, (row, figure, spot) in enumerate(zip(rows, figures, spots, strict=True), start=1)
    )
    return Scatter(tuple(columns.values()), tuple(points))


def _columns(counts: Counter[tuple[int, int]]) -> dict[tuple[int, int], Column]:
    """Return a column for each count of a panel, by share; one with more tools is wider."""
    in_order = sorted(counts, key=lambda count: (Fraction(*count), count))
    widths = [min(1 + _GROWTH * (counts[each] - 1), _WIDEST) for each in in_order]
    ends = [100 * end / sum(widths) for end in accumulate(widths)]
    starts = [0.0, *ends][:-1]
    return {
        (ship, total): Column(ship, total, start, end, _down(ship / total))
        for (ship, total), start, end in zip(in_order, starts, ends, strict=True)
    }


def _figure(row: Disagreement, column: Column) -> _Figure:
    interval, share = row.community.interval, row.community.share
    if interval is None or share is None:
        raise ValueError(f"{row.tool.name} has too few votes for an interval")
    name = row.tool.name if len(row.tool.name) <= MAX_NAME else f"{row.tool.name[: MAX_NAME - 1].rstrip()}…"
    return _Figure(
        _down(share), _down(interval.low), _down(interval.high), name, column.middle, column.end - column.start
    )


@lru_cache(maxsize=64)
def _find_spots(figures: tuple[_Figure, ...]) -> tuple[_Spot, ...]:
    """Return a spot for each point, where it and its name cover least of the others.

    Each looks for its best one in turn while the others stay where they are, and all do so several times.
    """
    spots = [_Spot(figure.middle, "start") for figure in figures]
    boxes = [_boxes(figure, spot) for figure, spot in zip(figures, spots, strict=True)]
    for _, place in product(range(_PASSES), range(len(figures))):
        figure = figures[place]
        others = [box for at, each in enumerate(boxes) if at != place for box in each]
        near = [box for box in others if box[3] > figure.high - 2 * _LINE and box[1] < figure.low + 2 * _LINE]
        spots[place] = min(_spots_of(figure), key=lambda spot: _cost(figure, spot, near))
        boxes[place] = _boxes(figure, spots[place])
    return tuple(spots)


def _spots_of(figure: _Figure) -> list[_Spot]:
    return [
        _Spot(figure.middle + aside * figure.width, side)
        for aside, side in product(_ASIDE, ("start", "end", "above", "below"))
    ]


def _cost(figure: _Figure, spot: _Spot, others: Iterable[_Box]) -> float:
    aside = abs(spot.x - figure.middle) / figure.width
    corner = _COST_OF_CORNER if spot.side in {"above", "below"} else 0.0
    return _overlap(_boxes(figure, spot), others) + corner + _COST_ASIDE * aside


def _to_point(
    number: int, row: Disagreement, figure: _Figure, spot: _Spot, placed: Sequence[tuple[_Figure, _Spot]]
) -> Point:
    others = [box for other, its in placed if other is not figure for box in _boxes(other, its)]
    aside = {"start": _RADIUS + _GAP, "end": -_RADIUS - _GAP}.get(spot.side, 0)
    middle = {"above": figure.high - _LINE / 2 - 1, "below": figure.low + _LINE / 2 + 1}.get(spot.side, figure.y)
    return Point(
        row=row,
        number=number,
        x=spot.x,
        y=figure.y,
        low=figure.low,
        high=figure.high,
        name=figure.name,
        anchor=spot.side if aside else "middle",
        name_dx=aside,
        name_y=middle + 4.5,
        has_room=row.differs or _overlap([_name_box(figure, spot)], others) <= _LITTLE,
    )


def _boxes(figure: _Figure, spot: _Spot) -> list[_Box]:
    """Return what a point, its interval and its name take."""
    x = spot.x * _WIDTH / 100
    dot = (x - _RADIUS, figure.y - _RADIUS, x + _RADIUS, figure.y + _RADIUS)
    return [dot, (x - _CAP, figure.high, x + _CAP, figure.low), _name_box(figure, spot)]


def _name_box(figure: _Figure, spot: _Spot) -> _Box:
    x, length = spot.x * _WIDTH / 100, _length(figure.name)
    if spot.side == "above":
        return x - length / 2, figure.high - _LINE - 1, x + length / 2, figure.high - 1
    if spot.side == "below":
        return x - length / 2, figure.low + 1, x + length / 2, figure.low + _LINE + 1
    left = x + _RADIUS + _GAP if spot.side == "start" else x - _RADIUS - _GAP - length
    return left, figure.y - _LINE / 2, left + length, figure.y + _LINE / 2


@lru_cache(maxsize=512)
def _length(name: str) -> float:
    widths = (0.0 if combining(letter) else _WIDE if east_asian_width(letter) in "WF" else _NARROW for letter in name)
    return sum(widths)


def _overlap(boxes: Sequence[_Box], others: Iterable[_Box]) -> float:
    """Return the area of what is covered twice, with what stands outside the drawing."""
    outside = sum(max(0.0, -box[0]) + max(0.0, box[2] - _WIDTH) for box in boxes) * _LINE
    return outside + sum(
        (min(box[2], other[2]) - max(box[0], other[0])) * (min(box[3], other[3]) - max(box[1], other[1]))
        for other in others
        for box in boxes
        if box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
    )


def _down(share: float) -> float:
    return TOP + PLOT_HEIGHT * (1 - share)
