"""The rankings as they are read, against the same worked out tool by tool."""

from datetime import timedelta

import pytest
from flask import Flask, current_app

from tests.makers import NOW, TODAY, make_category, make_review, make_reviewer, make_revision, make_tool, make_votes
from verdicts.catalog.kept import KEPT
from verdicts.catalog.kinds import ToolState
from verdicts.catalog.models import Tool
from verdicts.rankings import queries
from verdicts.rankings.changed import WINDOW
from verdicts.rankings.queries import RankedTool, Rankings

SHIPS = {
    "all": "1111",
    "three": "1110",
    "gap": "111 ",
    "half": "1100",
    "mirror": "0011",
    "none": "0000",
    "silent": "    ",
}
VOTES = {f"voted-{number}": (30 + 5 * number, 50 - 4 * number) for number in range(10)}


@pytest.fixture(scope="module")
def kinds(shared_app: Flask) -> dict[str, int]:
    """Two categories: tools of a panel of four, and tools with votes; one more of each kind that no ranking has."""
    panel = [make_reviewer(f"reviewer-{number}") for number in range(4)]
    make_reviewer("gone", archived_at=NOW)
    reviewed, voted = make_category("reviewed").id, make_category("voted").id

    def review(tool: Tool, verdicts: str) -> None:
        for each, verdict in zip(panel, verdicts, strict=True):
            if verdict.strip():
                make_review(tool, each, "ship" if verdict == "1" else "skip")

    for slug, verdicts in SHIPS.items():
        review(make_tool(slug, category_id=reviewed), verdicts)
    for number, (slug, (ship, skip)) in enumerate(VOTES.items()):
        tool = make_tool(slug, category_id=voted)
        make_votes(tool, ship=range(ship), skip=range(ship, ship + skip))
        review(tool, f"{number % 5 * '1':0<4}")
    make_votes(make_tool("few", category_id=voted), ship=range(29))
    for slug, fields in {"draft": {"published_at": None}, "retired": {"state": ToolState.RETIRED}}.items():
        tool = make_tool(slug, category_id=voted, **fields)
        review(tool, "1111")
        make_votes(tool, ship=range(40))
    return {"reviewed": reviewed, "voted": voted}


def names(rows: tuple[RankedTool, ...]) -> list[str]:
    return [row.tool.slug for row in rows]


def bands(rows: tuple[RankedTool, ...]) -> list[str]:
    return [str(row.bands) for row in rows]


def test_the_panel_ranks_what_is_certain_and_puts_a_gap_beside_what_it_may_become(kinds: dict[str, int]) -> None:
    ranking = queries.load(kinds["reviewed"], {}, NOW).by_panel
    assert names(ranking.rows) == ["all", "gap", "three", "half", "mirror", "none"]
    assert bands(ranking.rows) == ["1", "1–2", "2", "3", "3", "4"]
    assert (ranking.total, ranking.left_out) == (6, 0)


def test_weights_move_the_panels_ranking_and_nothing_else(kinds: dict[str, int]) -> None:
    plain = queries.load(kinds["reviewed"], {}, NOW)
    weighted = queries.load(kinds["reviewed"], {"reviewer-0": 0, "reviewer-1": 0, "nobody": 2}, NOW)
    assert names(weighted.by_panel.rows) == ["all", "mirror", "gap", "three", "half", "none"]
    assert bands(weighted.by_panel.rows) == ["1", "1", "1–2", "2", "3", "3"]
    assert weighted.contested_by_panel == plain.contested_by_panel
    silenced = {f"reviewer-{number}": 0 for number in range(4)}
    assert queries.load(kinds["reviewed"], silenced, NOW).by_panel.rows == ()


def test_readers_are_ranked_by_the_lower_bound_among_published_tools_that_go_on(kinds: dict[str, int]) -> None:
    ranking = queries.load(kinds["voted"], {}, NOW).by_readers
    lower_bounds = {slug: lower_bound(ship, ship + skip) for slug, (ship, skip) in VOTES.items()}
    assert names(ranking.rows) == sorted(VOTES, key=lambda slug: -lower_bounds[slug])
    assert ranking.qualified == len(VOTES)


def lower_bound(ship: int, total: int) -> float:
    """Solve |share - p| = z sqrt(p (1 - p) / total) for the smaller p by bisection."""
    low, high = 0.0, ship / total
    for _ in range(60):
        middle = (low + high) / 2
        is_outside = ship / total - middle > 1.959963984540054 * (middle * (1 - middle) / total) ** 0.5
        low, high = (middle, high) if is_outside else (low, middle)
    return low


def test_tools_are_apart_by_what_lies_between_panel_and_interval(kinds: dict[str, int]) -> None:
    found = queries.load(None, {}, NOW).disagreements
    gaps = [row.gap for row in found.rows]
    assert gaps == sorted(gaps, reverse=True)
    for row in found.rows:
        interval, share = row.community.interval, row.panel.ship / row.panel.total
        assert interval
        assert row.gap == pytest.approx(max(0, interval.low - share, share - interval.high))
        assert row.differs == row.community.contradicts(row.panel.ship, row.panel.total)
    assert found.differing == sum(row.differs for row in found.rows)


def test_contested_are_those_that_fall_most_nearly_into_two_halves(kinds: dict[str, int]) -> None:
    page = queries.load(None, {}, NOW)
    minorities = [min(row.panel.ship, row.panel.total - row.panel.ship) for row in page.contested_by_panel.rows]
    assert minorities == sorted(minorities, reverse=True)
    assert min(minorities) > 0
    assert {"half", "mirror"} <= set(names(page.contested_by_panel.rows))
    shares = [row.community.share or 0 for row in page.contested_by_readers.rows]
    assert shares
    assert all(row.community.interval.low >= 0.25 for row in page.contested_by_readers.rows if row.community.interval)


def test_fewer_than_ten_tools_make_no_ranking_by_readers(kinds: dict[str, int]) -> None:
    page = queries.load(kinds["reviewed"], {}, NOW)
    assert (page.by_readers.rows, page.by_readers.qualified) == ((), 0)
    assert page.contested_by_readers.rows == ()


def test_a_long_list_is_cut_and_says_how_many_stand_as_its_last_ones_do(
    kinds: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LENGTH", 4)
    monkeypatch.setitem(current_app.extensions, KEPT, {})  # lists of another length are kept
    ranking = queries.load(kinds["reviewed"], {}, NOW).by_panel
    assert names(ranking.rows) == ["all", "gap", "three", "half"]
    assert (ranking.total, ranking.left_out) == (6, 1)


def test_nothing_is_ranked_without_tools(app: Flask) -> None:
    page: Rankings = queries.load(None, {"builder": 2}, NOW)
    assert (page.by_panel.rows, page.by_readers.rows, page.disagreements.rows, page.changed) == ((), (), (), ())


def test_changes_of_verdict_are_counted_and_corrections_of_wording_are_not(app: Flask) -> None:
    tool, other, still = (make_tool(slug) for slug in ("often", "once", "never"))
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    review = make_review(tool, builder, "ship")
    for days, verdict in [(30, "skip"), (20, "ship"), (10, "skip")]:
        make_revision(review, verdict, TODAY - timedelta(days=days))
    make_revision(make_review(tool, skeptic, "ship"), "skip", TODAY - timedelta(days=5), wording_only=True)
    make_revision(make_review(other, builder, "skip"), "ship", TODAY - timedelta(days=3))
    make_revision(make_review(still, builder, "ship"), "ship", TODAY)
    make_revision(make_review(still, skeptic, "ship"), "skip", TODAY - WINDOW - timedelta(days=1))
    changed = [
        (row.tool.slug, [(change.on.day, by.slug, change.after) for by, change in row.changes])
        for row in queries.load(None, {}, NOW).changed
    ]
    assert changed == [
        ("often", [(12, "builder", "ship"), (2, "builder", "skip"), (23, "builder", "ship")]),
        ("once", [(19, "builder", "skip")]),
    ]
