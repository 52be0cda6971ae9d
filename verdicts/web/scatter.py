"""Panel against readers as a drawing: where each tool's point, interval and name go. Templates draw them.

Across, everything is in per cent of the width, in columns of one panel count each; down, in pixels. A narrow drawing
has no room for names: each point has a letter, which is explained below the drawing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from string import ascii_uppercase
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from verdicts.rankings.queries import Disagreement

TOP, PLOT_HEIGHT = 14, 360
FOOT = TOP + PLOT_HEIGHT + 12  # where the marks under the columns begin
HEIGHT = FOOT + 36
MAX_NAME = 18  # characters of a name beside its point; links and table have all of it

# The narrowest drawings with names and with letters, in pixels, and what stands in them. Wider ones have more room.
_WITH_NAMES, _WITH_LETTERS = 580, 242
_RADIUS, _LETTERED_RADIUS, _CAP, _GAP, _LINE = 7, 8, 6, 5, 15
_WIDE, _NARROW, _SMALL = 13.0, 7.2, 5.8  # letters
_COLUMN = 48  # the least width of a column with names, for the count under it
_WIDEST = 5  # a column is wider the more tools it has, up to so many
_ASIDE = (0.0, -0.14, 0.14, -0.28, 0.28, -0.4, 0.4)  # of a column's width
_SLANT = 9  # pixels by which a name may stand above or below the middle of its point
_PASSES = 2  # with names

# What makes a spot worse: square pixels that are covered twice, weighed, and what is read with more trouble.
_WEIGHT_OF_NAME, _WEIGHT_OF_LETTER = 40, 10
_COST_OF_CORNER, _COST_OF_SLANT, _COST_WITHOUT_NAME = 30.0, 15.0, 250.0
_COST_ASIDE = 40.0  # of a whole column's width

_Box = tuple[float, float, float, float]


class _Spot(NamedTuple):
    """Where a point stands, in per cent across, and its name: `anchor` is "" where it has none."""

    x: float
    anchor: str
    name_y: float
    cost: float


class _Figure(NamedTuple):
    """What the place of a point depends on: pixels down, the name as it is drawn, and its column."""

    y: float
    low: float
    high: float
    name: str
    middle: float
    width: float


class _Boxes(NamedTuple):
    """What a point takes: with its interval and its name in a drawing with names, and alone in one with letters."""

    point: tuple[_Box, _Box]
    name: _Box | None
    lettered: _Box


@dataclass(frozen=True)
class Point:
    """One tool. Its name stands at `name_dx`, `name_y` from it, or nowhere where there is no room for it."""

    row: Disagreement
    letter: str
    x: float
    y: float
    low: float
    high: float
    name: str
    anchor: str
    name_dx: int
    name_y: float

    @property
    def has_room(self) -> bool:
        return bool(self.anchor)


@dataclass(frozen=True)
class Column:
    """The tools that so many of so many reviewers ship; `y` is where readers would agree.

    `has_room` and `has_little_room` say whether its count has room beside the others', in a drawing with letters too.
    """

    ship: int
    total: int
    start: float
    end: float
    y: float
    has_room: bool
    has_little_room: bool

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2

    @property
    def pixels(self) -> float:
        """How wide it is at least where names are drawn."""
        return (self.end - self.start) * _WITH_NAMES / 100


@dataclass(frozen=True)
class Scatter:
    columns: tuple[Column, ...]
    points: tuple[Point, ...]


def draw_scatter(rows: Sequence[Disagreement]) -> Scatter:
    """Return the drawing of tools that have a panel and an interval, in the order of their table."""
    columns = _columns(Counter((row.panel.ship, row.panel.total) for row in rows))
    figures = tuple(_figure(row, columns[row.panel.ship, row.panel.total]) for row in rows)
    lines = tuple(_line(column) for column in columns.values())
    spots = _find_spots(figures, lines)
    points = (
        _to_point(row, ascii_uppercase[place], figure, spot)
        for place, (row, figure, spot) in enumerate(zip(rows, figures, spots, strict=True))
    )
    return Scatter(tuple(columns.values()), tuple(points))


def _columns(counts: Counter[tuple[int, int]]) -> dict[tuple[int, int], Column]:
    """Return a column for each count of a panel, by share; one with more tools is wider."""
    in_order = sorted(counts, key=lambda count: (Fraction(*count), count))
    if not in_order:
        return {}
    least = min(100 * _COLUMN / _WITH_NAMES, 100 / len(in_order))
    tools = [min(counts[each], _WIDEST) for each in in_order]
    spare = 100 - least * len(in_order)
    ends = list(accumulate(least + spare * each / sum(tools) for each in tools))
    starts = [0.0, *ends][:-1]
    middles = [(start + end) / 2 for start, end in zip(starts, ends, strict=True)]
    wide = _thinned(middles, [f"{ship} of {total}" for ship, total in in_order], _WITH_NAMES, _NARROW)
    narrow = _thinned(middles, [f"{ship}/{total}" for ship, total in in_order], _WITH_LETTERS, _SMALL)
    return {
        (ship, total): Column(ship, total, starts[at], ends[at], _down(ship / total), at in wide, at in narrow)
        for at, (ship, total) in enumerate(in_order)
    }


def _thinned(middles: Sequence[float], texts: Sequence[str], width: float, letter: float) -> set[int]:
    """Return which of these texts there is room for, from the left, in a drawing of this width."""
    shown, end = set(), float("-inf")
    for at, (middle, text) in enumerate(zip(middles, texts, strict=True)):
        half = len(text) * letter / 2
        if middle * width / 100 - half > end:
            shown.add(at)
            end = middle * width / 100 + half
    return shown


def _figure(row: Disagreement, column: Column) -> _Figure:
    interval, share = row.community.interval, row.community.share
    if interval is None or share is None:
        raise ValueError(f"{row.tool.name} has too few votes for an interval")
    name = row.tool.name if len(row.tool.name) <= MAX_NAME else f"{row.tool.name[: MAX_NAME - 1].rstrip()}…"
    return _Figure(
        _down(share), _down(interval.low), _down(interval.high), name, column.middle, column.end - column.start
    )


def _line(column: Column) -> _Box:
    """Return what the dotted line of a column takes."""
    return column.start * _WITH_NAMES / 100, column.y - 2, column.end * _WITH_NAMES / 100, column.y + 2


@lru_cache(maxsize=16)  # with each vote there are others
def _find_spots(figures: tuple[_Figure, ...], lines: tuple[_Box, ...]) -> tuple[_Spot, ...]:
    """Return a spot for each point, where it and its name cover least of the others.

    Each looks for its best one in turn while the others stay where they are, and all do so several times: first
    without names, which would keep points from making room for each other. Of names that cross something then, those
    of the last tools are left out.
    """
    spots = [_Spot(figure.middle, "", figure.y, 0.0) for figure in figures]
    boxes = [_boxes(figure, spot) for figure, spot in zip(figures, spots, strict=True)]
    for is_named in (False, *[True] * _PASSES):
        for place, figure in enumerate(figures):
            near = [
                each
                for at, each in enumerate(boxes)
                if at != place and abs(figures[at].y - figure.y) < figure.low - figure.high + _reach(figures[at])
            ]
            candidates = (spot for spot in _spots_of(figure) if is_named or not spot.anchor)
            spots[place] = _best_spot(candidates, figure, near, lines)
            boxes[place] = _boxes(figure, spots[place])
    for place in reversed(range(len(figures))):
        others = [box for at, each in enumerate(boxes) if at != place for box in (*each.point, each.name) if box]
        if (name := boxes[place].name) and _overlap(name, (*others, *lines)):
            spots[place] = spots[place]._replace(anchor="")
            boxes[place] = boxes[place]._replace(name=None)
    return tuple(spots)


def _best_spot(candidates: Iterable[_Spot], figure: _Figure, others: Sequence[_Boxes], lines: Sequence[_Box]) -> _Spot:
    points = [box for each in others for box in each.point]
    names = [each.name for each in others if each.name]
    lettered = [each.lettered for each in others]
    spots = sorted(candidates, key=lambda spot: spot.cost)
    best, least = spots[0], float("inf")
    for spot in spots:
        if spot.cost >= least:
            break
        mine = _boxes(figure, spot)
        cost = spot.cost + _WEIGHT_OF_LETTER * _overlap(mine.lettered, lettered)
        cost += sum(_overlap(box, points) + _WEIGHT_OF_NAME * _overlap(box, names) for box in mine.point)
        if mine.name:
            outside = max(0.0, -mine.name[0]) + max(0.0, mine.name[2] - _WITH_NAMES)
            cost += _WEIGHT_OF_NAME * (outside * _LINE + _overlap(mine.name, (*points, *names, *lines)))
        if cost < least:
            best, least = spot, cost
    return best


def _reach(figure: _Figure) -> float:
    return figure.low - figure.high + 3 * _LINE


def _spots_of(figure: _Figure) -> Iterator[_Spot]:
    above, below = figure.high - _LINE / 2 - 1, figure.low + _LINE / 2 + 1
    for aside in _ASIDE:
        x, cost = figure.middle + aside * figure.width, _COST_ASIDE * abs(aside)
        yield _Spot(x, "", figure.y, cost + _COST_WITHOUT_NAME)
        for anchor in ("start", "end"):
            yield _Spot(x, anchor, figure.y, cost)
            for slant in (-_SLANT, _SLANT):
                yield _Spot(x, anchor, figure.y + slant, cost + _COST_OF_SLANT)
        for name_y in (above, below):
            yield _Spot(x, "middle", name_y, cost + _COST_OF_CORNER)


def _to_point(row: Disagreement, letter: str, figure: _Figure, spot: _Spot) -> Point:
    return Point(
        row=row,
        letter=letter,
        x=spot.x,
        y=figure.y,
        low=figure.low,
        high=figure.high,
        name=figure.name,
        anchor=spot.anchor,
        name_dx={"start": _RADIUS + _GAP, "end": -_RADIUS - _GAP}.get(spot.anchor, 0),
        name_y=spot.name_y + 4.5,
    )


def _boxes(figure: _Figure, spot: _Spot) -> _Boxes:
    x, lettered = spot.x * _WITH_NAMES / 100, spot.x * _WITH_LETTERS / 100
    return _Boxes(
        (_around(x, figure.y, _RADIUS), (x - _CAP, figure.high, x + _CAP, figure.low)),
        _name_box(x, spot, figure.name),
        _around(lettered, figure.y, _LETTERED_RADIUS),
    )


def _around(x: float, y: float, radius: float) -> _Box:
    return x - radius, y - radius, x + radius, y + radius


def _name_box(x: float, spot: _Spot, name: str) -> _Box | None:
    if not spot.anchor:
        return None
    length = _length(name)
    left = {"start": x + _RADIUS + _GAP, "end": x - _RADIUS - _GAP - length}.get(spot.anchor, x - length / 2)
    return left, spot.name_y - _LINE / 2, left + length, spot.name_y + _LINE / 2


@lru_cache(maxsize=512)
def _length(name: str) -> float:
    widths = (0.0 if combining(letter) else _WIDE if east_asian_width(letter) in "WF" else _NARROW for letter in name)
    return sum(widths)


def _overlap(box: _Box, others: Iterable[_Box]) -> float:
    """Return the area of a box that others cover."""
    left, top, right, bottom = box
    return sum(
        (min(right, other[2]) - max(left, other[0])) * (min(bottom, other[3]) - max(top, other[1]))
        for other in others
        if left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
    )


def _down(share: float) -> float:
    return TOP + PLOT_HEIGHT * (1 - share)
