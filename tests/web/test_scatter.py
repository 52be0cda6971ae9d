"""Where the drawing of panel against readers puts points, names and counts."""

from itertools import combinations, pairwise
from math import dist
from random import Random

import pytest

from tests.comparisons.voices import panel
from verdicts.catalog.summaries import ToolLink
from verdicts.rankings.bands import Bands
from verdicts.rankings.queries import Disagreement
from verdicts.voting.community import Community
from verdicts.web.scatter import TOP, Point, draw_scatter

WIDTH, LETTER, LINE = 580, 7.2, 15  # of the narrowest drawing with names
NARROW_WIDTH, LETTERED_RADIUS = 242, 8  # of one with letters
VOICES = ("builder", "skeptic", "futurist", "founder", "operator")


def make_row(name: str, ship: int, total: int, community: Community) -> Disagreement:
    said = {voice: "ship" if place < ship else "skip" for place, voice in enumerate(VOICES[:total])}
    differs = community.contradicts(ship, total)
    return Disagreement(ToolLink(1, "x", name), panel(**said), community, Bands(1, 1), 0.0, differs)


def make_rows(seed: int) -> list[Disagreement]:
    """Twenty tools whose readers like most of them: they crowd at the top."""
    random, rows = Random(seed), []  # noqa: S311
    for _ in range(20):
        total, votes = random.choice([3, 4, 5, 5]), random.randint(30, 460)
        ship = round(votes * random.uniform(0.5, 1))
        name = "n" * random.randint(4, 18)
        rows.append(make_row(name, random.randint(0, total), total, Community(ship, votes - ship)))
    return rows


def covers_of(point: Point) -> list[tuple[float, float, float, float]]:
    """Return what a name must not cross: a dot and its interval."""
    x = point.x * WIDTH / 100
    return [(x - 7, point.y - 7, x + 7, point.y + 7), (x - 1, point.high, x + 1, point.low)]


def name_of(point: Point) -> tuple[float, float, float, float]:
    x, length = point.x * WIDTH / 100 + point.name_dx, len(point.name) * LETTER
    left = {"start": x, "end": x - length, "middle": x - length / 2}[point.anchor]
    middle = point.name_y - 4.5
    return left, middle - LINE / 2, left + length, middle + LINE / 2


def cross(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("seed", range(5))
def test_a_name_crosses_nothing_and_a_point_without_room_for_its_own_has_a_letter(seed: int) -> None:
    drawn = draw_scatter(make_rows(seed))
    named = [point for point in drawn.points if point.has_room]
    assert len(named) >= 8
    lines = [(each.start * 5.8, each.y, each.end * 5.8, each.y) for each in drawn.columns]
    for point in named:
        others = [other for other in drawn.points if other is not point]
        crossed = [*lines, *(box for other in others for box in covers_of(other))]
        crossed += [name_of(other) for other in others if other.has_room]
        assert not any(cross(name_of(point), box) for box in crossed), point.name
    assert "".join(point.letter for point in drawn.points) == "ABCDEFGHIJKLMNOPQRST"


@pytest.mark.parametrize("seed", range(5))
def test_letters_stand_clear_of_each_other(seed: int) -> None:
    places = [(point.x * NARROW_WIDTH / 100, point.y) for point in draw_scatter(make_rows(seed)).points]
    assert all(dist(one, other) >= 2 * LETTERED_RADIUS for one, other in combinations(places, 2))


@pytest.mark.parametrize("seed", range(5))
def test_a_point_stands_in_the_column_of_its_own_count(seed: int) -> None:
    drawn = draw_scatter(make_rows(seed))
    columns = {(each.ship, each.total): each for each in drawn.columns}
    for point in drawn.points:
        column = columns[point.row.panel.ship, point.row.panel.total]
        assert column.start < point.x < column.end


@pytest.mark.parametrize(("width", "letter"), [(WIDTH, LETTER), (NARROW_WIDTH, 5.8)])
def test_counts_under_columns_do_not_touch(width: int, letter: float) -> None:
    rows = [make_row("n", ship, total, Community(30, 10)) for total in range(1, 6) for ship in range(total + 1)]
    columns = draw_scatter(rows).columns
    shown = [each for each in columns if (each.has_room if width == WIDTH else each.has_little_room)]
    assert 1 < len(shown) < len(columns) == 20
    half = letter * (3 if width == WIDTH else 1.5)
    middles = [each.middle * width / 100 for each in shown]
    assert all(after - before >= 2 * half for before, after in pairwise(middles))


def test_there_may_be_nothing_to_draw() -> None:
    assert draw_scatter([]).columns == ()
    assert draw_scatter([make_row("n", 1, 1, Community(30, 0))]).points[0].y == TOP
