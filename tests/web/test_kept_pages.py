"""A page is rendered again where what it shows has changed, and only there."""

import contextvars
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, request, request_started
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from tests.apps import BASE_URL
from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, TODAY, make_comparison, make_review, make_reviewer, make_tool, make_votes
from tests.traffic import world as traffic
from tests.voting.world import SHIP, SKIP, say
from tests.web import rich
from tests.web.public_pages import list_public
from tests.web.visitor import Clock, Visitor
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.kept import KEPT
from verdicts.catalog.models import Tool
from verdicts.curation import popularity
from verdicts.extensions import begin_write, db
from verdicts.voting.retention import fold_voters
from verdicts.voting.waiting import release_due
from verdicts.web import caching, fragments, site_state
from verdicts.web.caching import PUBLIC, PageCache

pytestmark = ON_ONE_DATABASE

WITH_QUERIES = (
    "/tools?q=alpha",
    "/tools?sort=readers",
    "/tools?fresh=reviews",
    "/tools/alpha?as_of=2026-11-01",
    "/compare?tool=beta",
    "/compare/alpha-vs-beta?w-builder=2",
    "/compare/alpha-vs-beta-vs-gamma",
    "/rankings?category=developer-tools",
    "/newsletter/subscribe?tool=soon",
)
SOON = NOW + timedelta(hours=1)
READERS = [f"{reader:064x}" for reader in range(200)]  # as makers.make_votes numbers them


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor whose visits take no time, of a site where something is to come."""
    rich.build()
    make_tool("soon", name="Soon", published_at=SOON)
    later = make_tool("later", name="Later")
    make_comparison(later, tool("beta"), published_at=SOON, featured=True)
    make_review(later, make_reviewer("ageing"), "ship", reviewed_on=TODAY - timedelta(days=180))
    make_votes(tool("alpha"), waiting=[901])
    return Visitor(app, hurried=True)


def tool(slug: str) -> Tool:
    return db.session.scalars(db.select(Tool).where(Tool.slugs.any(slug=slug))).one()


def id_of(slug: str) -> int:
    id = tool(slug).id
    db.session.rollback()  # a transaction that writes must not have read before
    return id


def read_all(visitor: Visitor) -> dict[str, tuple[int, str]]:
    paths = [*dict.fromkeys(path for _, path in list_public(visitor.app)), *WITH_QUERIES]
    found = {path: visitor.opens("GET", path) for path in paths}
    return {path: (response.status_code, response.data.decode(errors="replace")) for path, response in found.items()}


@pytest.fixture
def renderings(app: Flask) -> Iterator[list[str]]:
    """The path of each request that reaches Flask."""
    paths: list[str] = []

    def note(_app: Flask, **_extra: object) -> None:
        paths.append(request.full_path.rstrip("?"))

    with request_started.connected_to(note, app):
        yield paths


# What changes pages


def vote(_later: Callable[[timedelta], None]) -> None:
    say(id_of("gamma"), "somebody", SHIP)


def change_two_votes_that_add_up_to_the_same(_later: Callable[[timedelta], None]) -> None:
    alpha = id_of("alpha")
    say(alpha, READERS[75], SHIP)  # of those who voted on both tools
    say(alpha, READERS[20], SKIP)  # of those who voted on one


def count_votes_that_waited(_later: Callable[[timedelta], None]) -> None:
    begin_write()
    release_due(NOW + timedelta(days=2), 5)
    db.session.commit()


def forget_voters(_later: Callable[[timedelta], None]) -> None:
    begin_write()
    while fold_voters(NOW + timedelta(days=400)):
        pass
    db.session.commit()


def wait_for_what_is_scheduled(later: Callable[[timedelta], None]) -> None:
    later(timedelta(hours=2))


def wait_for_the_next_day(later: Callable[[timedelta], None]) -> None:
    later(timedelta(days=1))


def count_views(_later: Callable[[timedelta], None]) -> None:
    traffic.store({(TODAY, "/compare/beta-vs-bare", ""): 50, (TODAY, "/tools/bare", ""): 90})
    batches = popularity.find_changes(NOW)
    db.session.rollback()
    begin_write()
    for batch in batches:
        popularity.store(batch)
    db.session.commit()


def edit(_later: Callable[[timedelta], None]) -> None:
    tool("alpha").name = "Another"
    bump_content_version()
    db.session.commit()


CHANGES = (
    vote,
    change_two_votes_that_add_up_to_the_same,
    count_votes_that_waited,
    forget_voters,
    wait_for_what_is_scheduled,
    wait_for_the_next_day,
    count_views,
    edit,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_no_page_stays_as_it_was_where_what_it_shows_has_changed(
    visitor: Visitor, later: Callable[[timedelta], None], change: Callable[[Any], None]
) -> None:
    before = read_all(visitor)
    change(later)
    visitor.clock.now += 6
    seen = read_all(visitor)
    visitor.clock.now += 3 * 24 * 3600  # no page is kept for so long
    del visitor.app.extensions[KEPT]  # nor is any part of one
    assert seen == read_all(visitor)
    assert seen != before


def test_no_page_is_rendered_again_where_nothing_has_changed(visitor: Visitor, renderings: list[str]) -> None:
    first = read_all(visitor)
    kept = {path for path, (status, _) in first.items() if status == 200}
    renderings.clear()
    for _ in range(10):
        visitor.clock.now += 3600
        assert read_all(visitor) == first
    assert [path for path in renderings if path in kept] == []
    assert len(kept) > 30


def test_votes_render_no_page_again_that_shows_none(visitor: Visitor, renderings: list[str]) -> None:
    read_all(visitor)
    vote(lambda _: None)
    visitor.clock.now += 6
    renderings.clear()
    visitor.reads("/privacy")
    visitor.reads("/feed.atom")
    assert renderings == []
    visitor.reads("/tools/gamma")
    assert renderings == ["/tools/gamma"]


def test_a_vote_renders_only_what_it_moves_of_a_comparison(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setitem(visitor.app.jinja_env.globals, "draw_timeline", lambda *_: drawn.append("timeline"))
    visitor.reads("/compare/alpha-vs-gamma")
    vote(lambda _: None)
    visitor.clock.now += 6
    visitor.reads("/compare/alpha-vs-gamma")
    assert drawn == ["timeline"] * 2  # of each tool, once


def test_no_part_that_was_begun_before_midnight_is_kept_for_the_next_day(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = fragments.keep_by("page", 1, ())
    monkeypatch.setattr(fragments, "today", lambda: datetime.now(UTC).date() + timedelta(days=1))
    assert keep("part", lambda: "of yesterday") == "of yesterday"
    assert fragments.keep_by("page", 1, ())("part", lambda: "of today") == "of today"


def test_a_kept_page_is_kept_in_every_content_encoding(visitor: Visitor, renderings: list[str]) -> None:
    encodings = ("identity", "gzip", "br")
    first = [visitor.opens("GET", "/", headers={"accept_encoding": each}).data for each in encodings]
    visitor.clock.now += 60
    renderings.clear()
    again = [visitor.opens("GET", "/", headers={"accept_encoding": each}).data for each in encodings]
    assert again == first
    assert renderings == []


# Answers of an application of their own


class Inside:
    """An inner application that numbers its answers, may wait within, and says of its page what a view says."""

    def __init__(self, sources: frozenset[Any] | None = None, status: str = "200 OK", control: str = PUBLIC) -> None:
        self.answers, self.sources, self.status, self.control = 0, sources, status, control
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.answers += 1
        body = f"answer {self.answers}".encode()
        environ[caching._RENDERING].sources = self.sources
        self.entered.set()
        assert self.go_on.wait(10)
        start_response(self.status, [("Cache-Control", self.control), ("Content-Length", str(len(body)))])
        return [body]


def fetch(cache: PageCache, path: str = "/") -> bytes:
    return Client(cache).get(path, base_url=BASE_URL).data


def fetch_at_once(cache: PageCache, inside: Inside, count: int) -> list[bytes]:
    """Fetch a page so many times while it is rendered; return the answers, the first request's at the end."""
    inside.go_on.clear()
    inside.entered.clear()
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=contextvars.Context().run, args=(lambda: answers.append(fetch(cache)),))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    assert inside.entered.wait(10)
    inside.go_on.set()
    for thread in threads:
        thread.join(10)
    return answers


def test_a_page_that_does_not_say_what_it_depends_on_is_rendered_again(app: Flask) -> None:
    clock = Clock()
    cache = PageCache(app, Inside(), clock)
    answers: Iterable[bytes] = []
    for _ in range(3):
        answers = [*answers, fetch(cache)]
        clock.now += 6
    assert answers == [b"answer 1", b"answer 2", b"answer 3"]


def test_a_page_that_says_it_is_kept(app: Flask) -> None:
    clock = Clock()
    cache = PageCache(app, Inside(frozenset()), clock)
    fetch(cache)
    clock.now += 6
    assert fetch(cache) == b"answer 1"


def test_a_new_page_is_rendered_once_however_many_ask(app: Flask) -> None:
    inside = Inside(frozenset())
    assert fetch_at_once(PageCache(app, inside, Clock()), inside, 8) == [b"answer 1"] * 8


def test_what_editors_have_changed_is_rendered_once_however_many_ask(app: Flask) -> None:
    inside, clock = Inside(frozenset()), Clock()
    cache = PageCache(app, inside, clock)
    fetch(cache)
    bump_content_version()
    db.session.commit()
    clock.now += 1
    fetch(cache, "/method")  # by which the cache learns of the change
    assert fetch_at_once(cache, inside, 8) == [b"answer 3"] * 8


def test_what_is_not_public_waits_for_nobody(app: Flask) -> None:
    inside = Inside(control="no-store")
    assert len(set(fetch_at_once(PageCache(app, inside, Clock()), inside, 4))) == 4


def test_while_the_database_is_away_pages_are_served_as_they_are(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_now: object) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    inside, clock = Inside(frozenset()), Clock()
    cache = PageCache(app, inside, clock)
    fetch(cache)
    monkeypatch.setattr(site_state, "read_state", fail)
    inside.status = "503 SERVICE UNAVAILABLE"
    for _ in range(20):
        clock.now += 3600
        assert fetch(cache) == b"answer 1"


def test_every_public_view_says_what_it_depends_on(app: Flask) -> None:
    silent = [endpoint for endpoint, _ in list_public(app) if not hasattr(app.view_functions[endpoint], "sources")]
    assert silent == []


def test_the_caches_of_two_workers_agree_within_a_second(app: Flask) -> None:
    clock = Clock()
    insides = [Inside(frozenset()), Inside(frozenset())]
    caches = [PageCache(app, inside, clock) for inside in insides]
    for cache in caches:
        fetch(cache)
    bump_content_version()
    db.session.commit()
    clock.now += 1
    assert [fetch(cache) for cache in caches] == [b"answer 2"] * 2
