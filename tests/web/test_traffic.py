"""Counting page views and empty searches: whose, of which pages, from where, and that no reader waits for it."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import TODAY, make_tool
from tests.web.visitor import Visitor
from verdicts import engines
from verdicts.extensions import begin_write, db
from verdicts.traffic import storing
from verdicts.traffic.models import empty_search, page_view
from verdicts.web.traffic import recorder_of

BROWSER = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
PAGE = "/tools/alpha"
pytestmark = ON_ONE_DATABASE


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    make_tool("alpha", name="Alpha", aliases=("alpha-old",))
    return Visitor(app, hurried=True)


def stored(table: sa.Table, app: Flask) -> dict[Any, int]:
    """Store what was gathered, and return the counts of today by the rest of their key."""
    recorder_of(app).store()
    rows = db.session.execute(sa.select(table)).all()
    db.session.rollback()
    assert {row.day for row in rows} <= {TODAY}
    return {row[1] if table is empty_search else (row.path, row.referrer): row[-1] for row in rows}


def views(app: Flask) -> dict[tuple[str, str], int]:
    return stored(page_view, app)


# Whose views count


def test_a_page_is_counted_each_time_it_is_shown_from_the_cache_too(app: Flask, visitor: Visitor) -> None:
    for _ in range(3):
        visitor.reads(PAGE, **BROWSER)
    assert views(app) == {(PAGE, ""): 3}


def test_a_page_that_is_kept_for_long_is_counted_whatever_its_address_says_besides(
    app: Flask, visitor: Visitor
) -> None:
    for query in ("", "?utm_source=letter", "?fbclid=1"):
        visitor.reads(f"{PAGE}{query}", **BROWSER)
        visitor.clock.now += 3600
    assert views(app) == {(PAGE, ""): 3}


def test_a_page_that_a_browser_has_unchanged_is_counted_too(app: Flask, visitor: Visitor) -> None:
    etag = visitor.reads(PAGE, **BROWSER).headers["ETag"]
    visitor.reads(PAGE, 304, if_none_match=etag, **BROWSER)
    assert views(app) == {(PAGE, ""): 2}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**BROWSER, "from": "crawler@example.org"},
        {**BROWSER, "sec_purpose": "prefetch"},
        {**BROWSER, "sec_purpose": "prefetch;prerender"},
        {**BROWSER, "purpose": "prefetch"},
        {**BROWSER, "x_moz": "prefetch"},
        {"sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
        {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
        {"sec_fetch_mode": "no-cors", "upgrade_insecure_requests": "1"},
    ],
)
def test_crawlers_and_what_browsers_load_in_advance_are_not_counted(
    app: Flask, visitor: Visitor, headers: dict[str, str]
) -> None:
    visitor.reads(PAGE, **headers)
    assert views(app) == {}


def test_a_browser_over_plain_http_is_known_by_asking_for_https(app: Flask, visitor: Visitor) -> None:
    visitor.reads(PAGE, upgrade_insecure_requests="1")
    assert views(app) == {(PAGE, ""): 1}


def test_a_head_is_not_counted(app: Flask, visitor: Visitor) -> None:
    visitor.opens("HEAD", PAGE, headers=BROWSER)
    assert views(app) == {}


# Which pages


def test_only_known_pages_are_counted_and_without_their_query(app: Flask, visitor: Visitor) -> None:
    make_tool("beta")
    expected = {"/tools": 200, "/tools?q=alpha": 200, "/compare/alpha-vs-beta": 200, "/privacy?made=up": 200}
    others = {
        "/tools/alpha-old": 301,
        "/tools/none": 404,
        "/admin/login": 200,
        "/newsletter/leave/secret-token": 404,
        "/newsletter/confirm/secret-token": 404,
        f"{PAGE}/vote": 200,
        "/votes/mine": 200,
        "/feed.atom": 200,
        "/robots.txt": 200,
        "/livez": 200,
        "/compare/beta-vs-alpha": 301,
    }
    for path, status in (expected | others).items():
        assert visitor.opens("GET", path, headers=BROWSER).status_code == status, path
    assert views(app) == {("/tools", ""): 2, ("/compare/alpha-vs-beta", ""): 1, ("/privacy", ""): 1}


# From where


def test_views_are_counted_by_the_site_that_led_to_them(app: Flask, visitor: Visitor) -> None:
    for referrer in ("https://a.example/x", "https://a.example/y", "http://verdicts.test/tools"):
        visitor.reads(PAGE, referer=referrer, **BROWSER)
    assert views(app) == {(PAGE, "a.example"): 2, (PAGE, ""): 1}


# Searches that found nothing


def test_a_search_that_found_nothing_is_counted_from_the_cache_too(app: Flask, visitor: Visitor) -> None:
    for query in ("Zzqq++video", "Zzqq++video", "alpha", "alpah", ""):
        visitor.reads(f"/tools?q={query}", **BROWSER)
    assert stored(empty_search, app) == {"zzqq video": 2}


def test_of_a_search_as_one_types_only_the_end_is_counted_and_no_views(app: Flask, visitor: Visitor) -> None:
    for query in ("zzq", "zzqq", "zzqq+vid", "zzqq+video"):
        visitor.opens("GET", f"/tools?q={query}", htmx=True, headers={"sec_fetch_mode": "cors"})
    assert stored(empty_search, app) == {"zzqq video": 1}
    assert views(app) == {}


@pytest.mark.parametrize("query", ["zzqq@example.org", "zzqq+0049+151+234567", "zzqq&category=made-up"])
def test_a_search_that_may_be_personal_or_is_within_a_category_is_not_counted(
    app: Flask, visitor: Visitor, query: str
) -> None:
    visitor.opens("GET", f"/tools?q={query}", headers=BROWSER)
    assert stored(empty_search, app) == {}


# That nobody waits for it, and nothing of the reader's is there


def test_counting_sends_no_statement_and_changes_no_response(
    app: Flask, visitor: Visitor, statements: StatementCount
) -> None:
    visitor.reads(PAGE)
    before = len(statements)
    plain = visitor.reads(PAGE)
    counted = visitor.reads(PAGE, referer="https://a.example/", **BROWSER)
    assert len(statements) == before
    assert {name: value for name, value in counted.headers if name != "X-Request-ID"} == {
        name: value for name, value in plain.headers if name != "X-Request-ID"
    }
    assert counted.headers.get("Vary") == "Accept-Encoding"
    assert "Set-Cookie" not in counted.headers


def test_what_cannot_be_stored_is_stored_later(
    app: Flask, visitor: Visitor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 1)
    db.engine.dispose()
    visitor.reads(PAGE, **BROWSER)
    begin_write()
    recorder_of(app).store()
    recorder_of(app).store()
    db.session.rollback()
    visitor.reads(PAGE, **BROWSER)
    assert [record.message for record in caplog.records if record.name == "verdicts.web.traffic"] == [
        "page views cannot be stored; they are kept in memory: OperationalError"
    ]
    assert views(app) == {(PAGE, ""): 2}


def test_what_can_never_be_stored_does_not_hold_up_what_comes_after(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.reads(PAGE, **BROWSER)
    with monkeypatch.context() as broken:
        broken.setattr(storing, "store", lambda _batch: 1 / 0)
        recorder_of(app).store()
    visitor.reads("/privacy", **BROWSER)
    assert views(app) == {("/privacy", ""): 1}


def test_views_belong_to_the_day_they_were_made_on(app: Flask, visitor: Visitor, later: Any) -> None:
    visitor.reads(PAGE, **BROWSER)
    later(timedelta(days=1))
    recorder_of(app).store()
    assert db.session.scalars(sa.select(page_view.c.day)).all() == [TODAY]


def test_a_stopping_process_stores_what_it_has_counted(app: Flask, visitor: Visitor) -> None:
    recorder = recorder_of(app)
    recorder.start()
    visitor.reads(PAGE, **BROWSER)
    recorder.stop()
    assert db.session.scalars(sa.select(page_view.c.views)).all() == [1]
