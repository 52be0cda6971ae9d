"""Views of tools and of pairs, made from those of pages, and what is sorted by them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.makers import NOW, TODAY, make_category, make_comparison, make_tool
from tests.traffic.world import store
from verdicts.catalog import queries as catalog
from verdicts.catalog.models import Tool
from verdicts.comparisons import featured, related
from verdicts.curation import popularity, worklists
from verdicts.extensions import begin_write, db
from verdicts.traffic.models import page_view, pair_views, tool_views


def count_anew() -> int:
    batches = popularity.find_changes(NOW)
    db.session.rollback()
    begin_write()
    stored = sum(map(popularity.store, batches))
    db.session.commit()
    return stored


@pytest.mark.parametrize(
    ("path", "slugs"),
    [
        ("/tools/a", ["a"]),
        ("/tools/a/alternatives", ["a"]),
        ("/compare/a-vs-b-vs-c", ["a", "b", "c"]),
        ("/tools/", [""]),
        ("/", [""]),
    ],
)
def test_a_page_is_about_the_tools_that_its_path_names(path: str, slugs: list[str]) -> None:
    assert popularity.slugs_of(path) == slugs


def test_views_of_a_tool_are_those_of_its_pages_and_comparisons_under_any_of_its_names(app: Flask) -> None:
    a, b, c = (make_tool(slug, aliases=(f"{slug}-old",)).id for slug in "abc")
    too_old = TODAY - popularity.PERIOD
    store(
        {
            (TODAY, "/tools/a", ""): 1,
            (TODAY, "/tools/a", "a.example"): 2,
            (too_old + timedelta(days=1), "/tools/a/alternatives", ""): 4,
            (too_old, "/tools/a", ""): 800,
            (TODAY, "/tools/a-old", ""): 8,
            (TODAY, "/compare/a-vs-b", ""): 16,
            (TODAY, "/compare/a-vs-b-vs-c", ""): 32,
            (TODAY, "/compare/a-vs-a-old", ""): 64,
            (TODAY, "/tools", ""): 900,
            (TODAY, "/tools/gone", ""): 900,
        }
    )
    counted = popularity.count(NOW)
    assert counted.tools == {a: 127, b: 48, c: 32}
    assert counted.pairs == {(a, b): 48, (a, c): 32, (b, c): 32}


def figures(table: sa.Table) -> dict[tuple[int, ...], int]:
    return {tuple(row)[:-1]: row.views for row in db.session.execute(sa.select(table))}


def test_figures_are_stored_where_they_changed(app: Flask) -> None:
    a, b, c = (make_tool(slug).id for slug in "abc")
    store(
        {(TODAY, "/compare/a-vs-b", ""): 9, (TODAY - popularity.PERIOD + timedelta(days=1), "/compare/a-vs-c", ""): 7}
    )
    assert [count_anew(), count_anew()] == [3 + 4, 0]
    assert figures(tool_views) == {(a,): 16, (b,): 9, (c,): 7}
    db.session.execute(sa.delete(page_view).where(page_view.c.path == "/compare/a-vs-c"))
    db.session.commit()
    assert count_anew() == 2 + 2
    assert figures(tool_views) == {(a,): 9, (b,): 9}
    assert figures(pair_views) == {(a, b): 9, (b, a): 9}


def test_a_tool_deleted_while_figures_are_counted_is_left_out(app: Flask) -> None:
    kept, gone = make_tool("kept").id, make_tool("gone")
    store({(TODAY, "/compare/gone-vs-kept", ""): 9})
    batches = popularity.find_changes(NOW)
    db.session.delete(db.session.merge(gone))
    db.session.commit()
    begin_write()
    for batch in batches:
        popularity.store(batch)
    assert figures(tool_views) == {(kept,): 9}
    assert figures(pair_views) == {}


def make_panel_of(*slugs: str) -> list[Tool]:
    category = make_category()
    return [make_tool(slug, category_id=category.id) for slug in slugs]


def test_what_is_viewed_most_is_the_first_to_do(app: Flask) -> None:
    make_panel_of("a", "b", "c")
    store({(TODAY, "/tools/c", ""): 2, (TODAY, "/tools/b", ""): 1})
    count_anew()
    due = worklists.list_due_prices(1, NOW)[0]
    assert [(each.tool.slug, each.views) for each in due] == [("c", 2), ("b", 1), ("a", 0)]


def related_to(slug: str) -> list[str]:
    summary = catalog.find_published(slug, NOW)
    assert summary
    return [link.address for link in related.load([summary], NOW).links]


def test_rivals_that_readers_compare_stand_after_the_editors_comparisons(app: Flask) -> None:
    a, b, *_ = make_panel_of("a", "b", "c", "d", "e")
    make_tool("elsewhere")
    make_comparison(a, b)
    store(
        {
            (TODAY, "/compare/a-vs-e", ""): 50,
            (TODAY, "/compare/a-vs-d", ""): 60,
            (TODAY, "/compare/a-vs-elsewhere", ""): 900,
            (TODAY, "/compare/a-vs-c", ""): popularity.MIN_PAIR_VIEWS - 1,
        }
    )
    count_anew()
    assert related_to("a") == ["a-vs-b", "a-vs-d", "a-vs-e", "a-vs-c"]
    assert related_to("e") == ["a-vs-e", "b-vs-e", "c-vs-e", "d-vs-e"]


def test_the_front_page_puts_what_readers_compare_after_what_editors_feature(app: Flask) -> None:
    a, b, c, d = make_panel_of("a", "b", "c", "d")
    make_comparison(a, b)
    make_comparison(a, c)
    make_comparison(b, c, d)
    make_comparison(a, d, featured=True)
    make_comparison(b, d, featured=True)
    store({(TODAY, "/compare/b-vs-d", ""): 90, (TODAY, "/compare/a-vs-c", ""): 50, (TODAY, "/compare/c-vs-d", ""): 60})
    count_anew()
    first = [each.address for each in featured.load(NOW, 4)]
    assert first == ["a-vs-d", "b-vs-d", "b-vs-c-vs-d", "a-vs-c"]
