"""How much a page makes the database do: as much with thousands of tools and comparisons as with hundreds."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from benchmarks.large_catalog import Scale, fill, slug_of
from tests.apps import copied_sqlite, pooled_app
from tests.conftest import asks_for_state, listening
from tests.makers import NOW, TODAY
from tests.web import rich
from tests.web.visitor import Visitor
from verdicts.catalog.kept import KEPT
from verdicts.catalog.queries import search_links
from verdicts.curation import listing, worklists
from verdicts.curation.listing import ListQuery
from verdicts.extensions import MAX_COUNTED, db
from verdicts.voting.community import PERCENTAGE_FROM
from verdicts.voting.models import tally

SMALL, LARGE = Scale(tools=1_100, votes=6_000), Scale(tools=2_200, votes=6_400)  # more tools than lists count
MOST_GROWTH = 1.25
SLACK = 1_000
STEPS_A_TICK = 100
HOTTEST = {
    "/": "/",
    "/compare": "/compare",
    f"/compare/{slug_of(100)}-vs-{slug_of(200)}": "/compare/alpha-vs-beta",
    f"/compare/{slug_of(100)}-vs-{slug_of(200)}-vs-{slug_of(300)}": "/compare/alpha-vs-beta-vs-gamma",
    f"/tools/{slug_of(100)}": "/tools/alpha",
    f"/tools/{slug_of(100)}/alternatives": "/tools/alpha/alternatives",
    "/tools": "/tools",
    "/tools?sort=newest": "/tools?sort=newest",
    "/tools?sort=name": "/tools?sort=name",
    "/tools?sort=readers": "/tools?sort=readers",
    "/tools?sort=price": "/tools?sort=price",
    f"/tools?sort=panel&after={slug_of(100)}": "/tools?sort=panel&after=alpha",
    "/tools?q=tool": "/tools?q=editor",
    "/tools?q=tool+vs+cobalt": "/tools?q=alpha+vs+beta",
    "/tools?q=tool&category=kind-3": "/tools?q=editor&category=developer-tools",
    "/tools?q=tool&sort=name": "/tools?q=editor&sort=name",
    "/tools?price=free": "/tools?price=free",
    "/tools?price=paid&sort=name": "/tools?price=paid&sort=name",
    "/tools?price=paid&fresh=price&sort=panel": "/tools?price=paid&fresh=price&sort=panel",
    "/categories/kind-3": "/categories/developer-tools",
}
ALL_PRICES_ARE_DUE = NOW + timedelta(days=100)
WORKLISTS: dict[str, Callable[[], object]] = {
    "prices to check": partial(worklists.list_due_prices, 1, ALL_PRICES_ARE_DUE),
    "old reviews": partial(worklists.list_old_reviews, 1, NOW),
    "incomplete panels": partial(worklists.list_incomplete_panels, 1, NOW),
    "count of prices to check": partial(worklists.count_due_prices, ALL_PRICES_ARE_DUE),
    "count of old reviews": partial(worklists.count_old_reviews, NOW),
    "count of incomplete panels": partial(worklists.count_incomplete_panels, NOW),
}
INDEXED_TOOL_ORDERS = ("newest", "name", "shelf")
# The lists of editors in the orders of an index, the worklists, and the counts of the dashboard.
ADMIN_READS: dict[str, Callable[[], object]] = {
    **{
        f"tools: {sort}": partial(listing.list_tools, ListQuery(sort=sort), NOW) for sort in ("newest", "name", "shelf")
    },
    **{
        f"reviews: {sort}, {filters}": partial(listing.list_reviews, ListQuery(sort=sort, filters=filters), TODAY)
        for sort in listing.REVIEW_ORDERS
        for filters in ({}, {"reviewer": "voice-2"}, {"verdict": "ship"}, {"age": "old"})
    },
    "tools on page 3": partial(listing.list_tools, ListQuery(page=3), NOW),
    "tools that are published": partial(listing.list_tools, ListQuery(filters={"state": "published"}), NOW),
    "a search for tools": partial(search_links, "tool"),
    "comparisons": partial(listing.list_comparisons, ListQuery(), NOW),
    **WORKLISTS,
}
# Tables with few rows each.
SMALL_TABLES = {
    "content_version",
    "category",
    "category_fact",
    "category_alias",
    "category_pick",
    "reviewer",
    "reviewer_alias",
}


@contextmanager
def filled(template: Path, scale: Scale) -> Iterator[Flask]:
    with copied_sqlite(template) as url, pooled_app(url) as app:
        fill(scale, NOW)
        # As if all tools had readers enough for an interval: so many votes would take minutes to write.
        db.session.execute(sa.update(tally).values(ship=tally.c.ship + PERCENTAGE_FROM))
        db.session.commit()
        yield app


def steps(act: Callable[[], object]) -> int:
    """Return how many steps of SQLite's virtual machine an act takes, once what is kept of all tools is in memory."""
    act()
    for name in ("comparisons.related", "comparisons.sheets", "finder.best", "finder.found"):  # kept of some alone
        current_app.extensions.get(KEPT, {}).pop(name, None)
    ticks: Counter[None] = Counter()

    def count(connection: Any, _cursor: object, statement: str, *_rest: object) -> None:
        handler = None if asks_for_state(statement) else lambda: ticks.update([None])
        connection.connection.dbapi_connection.set_progress_handler(handler, STEPS_A_TICK)

    with listening("before_cursor_execute", count):
        act()
    return STEPS_A_TICK * ticks.total()


def work(app: Flask) -> dict[tuple[str, str], int]:
    """Return the steps of each of the hottest pages, and of each list and count of the admin pages.

    They are counted with the statistics that housekeeping gathers, and without any, as in a site's first hour.
    """
    acts = {path: partial(Visitor(app).reads, path) for path in HOTTEST} | ADMIN_READS
    with_statistics = {(name, "with statistics"): steps(act) for name, act in acts.items()}
    db.session.execute(sa.text("DELETE FROM sqlite_stat1"))
    db.session.commit()
    db.engine.dispose()
    return with_statistics | {(name, "without statistics"): steps(act) for name, act in acts.items()}


def test_pages_and_lists_cost_sqlite_as_much_at_every_size(sqlite_template: Path) -> None:
    with filled(sqlite_template, SMALL) as app:
        small = work(app)
    with filled(sqlite_template, LARGE) as app:
        large = work(app)
    grown = {name: (small[name], large[name]) for name in small if large[name] > MOST_GROWTH * small[name] + SLACK}
    assert grown == {}
    assert all(small.values())


def whole_tables(plan: dict[str, Any]) -> set[str]:
    """Return the tables that a PostgreSQL plan reads from end to end."""
    read = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return read.union(*(whole_tables(part) for part in plan.get("Plans", [])))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_has_an_index_for_all_that_the_hottest_pages_and_worklists_read(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rich.build()
    sent: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")) and not asks_for_state(statement):
            sent.append((statement, parameters))

    with listening("before_cursor_execute", note):
        for path in HOTTEST.values():
            Visitor(app).reads(path)
        for is_many in (False, True):
            monkeypatch.setattr(worklists, "MAX_COUNTED", 0 if is_many else MAX_COUNTED)
            for act in WORKLISTS.values():
                act()
    connection = db.session.connection()
    for way in ("seqscan", "hashjoin", "mergejoin"):  # which it chooses while tables are small
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    plans = {text: connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {text}", values) for text, values in sent}
    scans = {text: whole_tables(plan.scalar_one()[0]["Plan"]) - SMALL_TABLES for text, plan in plans.items()}
    assert {text: tables for text, tables in scans.items() if tables} == {}
