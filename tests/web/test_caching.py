"""The page cache: what is cached, for how long, for whom, and what is served when rendering fails."""

import contextvars
import gzip
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import permutations, product
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask, request_started
from werkzeug.test import Client, TestResponse

from tests.apps import BASE_URL
from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Clock, Visitor
from verdicts.catalog.content_version import bump_content_version
from verdicts.extensions import db
from verdicts.web import caching, counters, limits
from verdicts.web.caching import PUBLIC, PageCache, cache_of
from verdicts.web.page_stores import StoreName

MINUTE = 60.0
pytestmark = ON_ONE_DATABASE


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor whose visits take no time."""
    make_tool("alpha", name="Alpha")
    return Visitor(app, hurried=True)


def rename(name: str, *, publish: bool) -> None:
    """Change what the tool's page says, with or without telling the cache."""
    db.session.execute(db.text("UPDATE tool SET name = :name"), {"name": name})
    if publish:
        bump_content_version()
    db.session.commit()


def title(visitor: Visitor, path: str = "/tools/alpha") -> str:
    return visitor.reads(path).texts("h1")[0]


# What is cached, and how long


def test_votes_are_seen_after_five_seconds(visitor: Visitor) -> None:
    before = visitor.reads("/tools/alpha")
    visitor.votes("alpha", "ship")
    visitor.clock.now += 4.9
    assert visitor.reads("/tools/alpha").html == before.html
    visitor.clock.now += 0.2
    assert visitor.reads("/tools/alpha").html != before.html


def test_what_editors_publish_is_seen_within_a_second(visitor: Visitor) -> None:
    title(visitor)
    rename("Beta", publish=True)
    visitor.clock.now += 1.0
    assert title(visitor) == "Beta"


def test_public_pages_say_how_long_proxies_may_keep_them(visitor: Visitor) -> None:
    expected = "public, max-age=0, s-maxage=5, stale-while-revalidate=60, stale-if-error=86400"
    for path in ("/", "/tools", "/tools/alpha", "/compare", "/method", "/privacy", "/contact"):
        assert visitor.reads(path).headers["Cache-Control"] == expected == PUBLIC


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/tools/alpha/vote", "/votes/mine", "/tools/nothing", "/nothing"]
)
def test_everything_else_may_not_be_cached(visitor: Visitor, path: str) -> None:
    response = visitor.opens("GET", path)
    assert response.headers["Cache-Control"] == "no-store"
    assert cached(visitor) == []


def test_each_query_is_a_page_of_its_own(visitor: Visitor) -> None:
    make_tool("beta", name="Beta")
    assert visitor.reads("/tools?sort=name").html != visitor.reads("/tools?q=beta").html


# What is kept, and what pushes out what


@pytest.fixture
def small(visitor: Visitor) -> Visitor:
    """A visitor of a site whose stores hold about two pages each."""
    for store in cache_of(visitor.app)._stores.values():
        store._max_bytes = 45_000
    return visitor


def cached(visitor: Visitor, *names: StoreName) -> list[str]:
    """Return the paths, with queries, in these stores or in all, the one that was read last at the end."""
    stores = cache_of(visitor.app)._stores
    return ["?".join(filter(None, key[:2])) for name in names or stores for key in stores[name].keys()]  # noqa: SIM118


def forget_pages(visitor: Visitor) -> None:
    for store in cache_of(visitor.app)._stores.values():
        for key in store.keys():  # noqa: SIM118
            store.discard(key)


def test_the_cache_is_bounded_by_bytes(small: Visitor) -> None:
    for path in ("/", "/tools", "/method", "/privacy", "/contact"):
        small.opens("GET", path)
    assert 1 <= len(cached(small)) < 5
    assert cached(small)[-1] == "/contact"
    assert cache_of(small.app)._stores[StoreName.PAGES].bytes <= 45_000


def test_a_page_that_is_read_stays_longer_than_one_that_is_not(small: Visitor) -> None:
    for path in ("/method", "/privacy", "/method", "/tools", "/method", "/contact"):
        small.opens("GET", path)
    assert cached(small)[-2:] == ["/method", "/contact"]


def test_made_up_ports_push_out_no_page(visitor: Visitor) -> None:
    for port in range(1, 6):
        visitor.opens("GET", "/method", headers={"host": f"verdicts.test:{port}"})
    assert cached(visitor) == ["/method"]


@pytest.fixture
def four(visitor: Visitor) -> list[str]:
    for slug in ("beta", "gamma", "delta"):
        make_tool(slug, aliases=(f"{slug}-old",))
    return ["alpha", "beta", "gamma", "delta"]


def test_nothing_that_anyone_can_make_up_pushes_out_a_page(small: Visitor, four: list[str]) -> None:
    small.opens("GET", "/method")
    small.opens("GET", "/compare/alpha-vs-beta")
    small.opens("GET", "/tools/beta-old")
    orders = [order for size in (3, 4) for order in permutations(four, size)]
    for number, order in enumerate(orders):
        small.address = f"203.0.{number}.1"
        small.opens("GET", f"/compare/{'-vs-'.join(order)}", headers={"accept_encoding": "br"})
        small.opens("GET", f"/method?{number}")
        small.opens("GET", f"/tools?q=word{number}")
    assert cached(small, StoreName.PAGES) == ["/method"]
    assert cached(small, StoreName.PAIRS) == ["/compare/alpha-vs-beta"]
    assert cache_of(small.app)._stores[StoreName.MADE_UP].bytes <= 45_000


def test_however_many_pairs_are_read_other_pages_stay(small: Visitor, four: list[str]) -> None:
    small.opens("GET", "/method")
    for pair in permutations(four, 2):
        small.opens("GET", f"/compare/{'-vs-'.join(pair)}")
    assert cached(small, StoreName.PAGES) == ["/method"]


def test_a_redirect_that_becomes_a_page_leaves_the_redirects(visitor: Visitor, four: list[str]) -> None:
    visitor.reads("/tools/beta-old", 301)
    assert cached(visitor, StoreName.MADE_UP) == ["/tools/beta-old"]
    db.session.execute(db.text("UPDATE tool_slug SET slug = 'x' WHERE slug = 'beta'"))
    db.session.execute(db.text("UPDATE tool_slug SET slug = 'beta' WHERE slug = 'beta-old'"))
    db.session.execute(db.text("UPDATE tool_slug SET slug = 'beta-old' WHERE slug = 'x'"))
    bump_content_version()
    db.session.commit()
    visitor.clock.now += 1
    visitor.reads("/tools/beta-old")
    assert cached(visitor) == ["/tools/beta-old"]


def test_uncached_pages_of_three_and_four_tools_have_a_budget_for_each_network(
    visitor: Visitor, four: list[str]
) -> None:
    visitor.address = "203.0.113.1"
    known, fresh = "/compare/alpha-vs-beta-vs-gamma", "/compare/beta-vs-delta-vs-gamma"
    statuses = [visitor.opens("GET", known).status_code]
    for number in range(30):
        visitor.address = f"203.0.113.{number + 1}"
        statuses.append(visitor.opens("GET", f"{known}?w-{number}=2").status_code)
    assert statuses == [200] * 30 + [429]
    page = visitor.reads(fresh, 429)
    assert int(page.headers["Retry-After"]) <= 60
    assert visitor.opens("HEAD", fresh).status_code == 429
    visitor.reads(known)
    visitor.clock.now += MINUTE
    visitor.reads(known)
    visitor.reads("/compare/alpha-vs-delta")
    visitor.address = "198.51.100.1"
    visitor.reads(fresh)


@pytest.fixture
def twelve_queries_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUERIES_LIMIT", "12 per minute")


def statuses_of(visitor: Visitor, paths: Iterable[str]) -> list[int]:
    return [visitor.opens("GET", path).status_code for path in paths]


@pytest.mark.usefixtures("twelve_queries_a_minute")
@pytest.mark.parametrize(
    "query", ["/tools?q=word{}", "/tools?category=none{}", "/compare?more={}", "/rankings?w-{}=2", "/contact?about=/{}"]
)
def test_uncached_pages_with_a_query_have_a_budget_for_each_network(visitor: Visitor, query: str) -> None:
    visitor.address = "203.0.113.1"
    statuses_of(visitor, (query.format(number) for number in range(10)))
    visitor.address = "203.0.113.2"
    statuses = statuses_of(visitor, (query.format(number) for number in range(10, 13)))
    assert 429 not in statuses[:2]
    assert statuses[2] == 429
    visitor.address = "198.51.100.1"
    assert visitor.opens("GET", query.format("x")).status_code == statuses[0]


@pytest.mark.usefixtures("twelve_queries_a_minute")
def test_searches_that_are_cached_cost_nothing(visitor: Visitor) -> None:
    visitor.address = "203.0.113.1"
    assert statuses_of(visitor, ["/tools?q=alpha"] * 20 + ["/tools?q=beta", "/tools"]) == [200] * 22


@pytest.mark.usefixtures("twelve_queries_a_minute")
def test_over_the_budget_of_searches_known_pages_and_pages_without_a_query_are_served(visitor: Visitor) -> None:
    visitor.address = "203.0.113.1"
    statuses_of(visitor, (f"/tools?q=word{number}" for number in range(13)))
    visitor.clock.now += MINUTE
    paths = ["/tools?q=word0", "/tools", "/tools/alpha", "/tools?q=new"]
    assert statuses_of(visitor, paths) == [200, 200, 200, 429]


@pytest.mark.usefixtures("twelve_queries_a_minute")
def test_a_search_over_the_budget_keeps_what_was_typed(visitor: Visitor) -> None:
    visitor.address = "203.0.113.1"
    statuses_of(visitor, (f"/tools?q=word{number}" for number in range(12)))
    path = "/tools?q=r%26d+%C3%A9&category=code&tool=a&tool=b"
    page = visitor.reads(path, 429)
    assert int(page.headers["Retry-After"]) <= 60
    assert f"Try again in {page.headers['Retry-After']} seconds." in page.words
    assert [field.get("value") for field in page.all("input") if field.get("name") == "q"] == ["r&d é"]
    again = "?q=r%26d+%C3%A9&category=code&tool=a&tool=b"
    assert [link.get("href") for link in page.all("a") if "".join(link.itertext()) == "Try again"] == [again]


@pytest.mark.usefixtures("twelve_queries_a_minute")
def test_searches_are_counted_in_memory_where_limits_cannot_be_written(app: Flask, visitor: Visitor) -> None:
    file = Path(app.instance_path, counters.FILE_NAME)
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    file.mkdir()
    visitor.address = "203.0.113.1"
    statuses = statuses_of(visitor, (f"/tools?q=word{number}" for number in range(14)))
    assert statuses == [200] * 12 + [429] * 2


def test_a_page_that_is_too_large_is_served_but_not_cached(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "MAX_PAGE_BYTES", 100)
    assert visitor.reads("/tools/alpha").status == 200
    assert cached(visitor) == []


def test_a_redirect_is_cached_too(visitor: Visitor) -> None:
    make_tool("beta", aliases=("beta-old",))
    first, second = (visitor.reads("/tools/beta-old", 301) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"] == "/tools/beta"


# ETag, HEAD


def test_an_unchanged_page_is_304_without_a_body(visitor: Visitor) -> None:
    etag = visitor.reads("/tools/alpha").headers["ETag"]
    again = visitor.reads("/tools/alpha", 304, if_none_match=etag)
    assert again.response.data == b""
    assert again.headers["ETag"] == etag
    assert again.headers["Cache-Control"] == PUBLIC


def test_an_unchanged_page_that_was_made_anew_is_304_too(visitor: Visitor) -> None:
    etag = visitor.reads("/tools/alpha").headers["ETag"]
    visitor.clock.now += MINUTE
    visitor.reads("/tools/alpha", 304, if_none_match=etag)


@pytest.mark.parametrize("form", ["W/{}", '"x", {}', '{}, W/"y"'])
def test_an_etag_is_found_among_others_and_weakened_by_proxies(visitor: Visitor, form: str) -> None:
    etag = visitor.reads("/tools/alpha").headers["ETag"]
    visitor.reads("/tools/alpha", 304, if_none_match=form.format(etag))


def test_a_changed_page_has_another_etag(visitor: Visitor) -> None:
    etag = visitor.reads("/tools/alpha").headers["ETag"]
    rename("Beta", publish=True)
    visitor.clock.now += 1
    page = visitor.reads("/tools/alpha", if_none_match=etag)
    assert page.headers["ETag"] != etag


@pytest.mark.parametrize("warm", [False, True])
def test_head_is_get_without_the_body(visitor: Visitor, warm: bool) -> None:
    if warm:
        visitor.reads("/tools/alpha")
    head = visitor.opens("HEAD", "/tools/alpha")
    get = visitor.opens("GET", "/tools/alpha")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Cache-Control"] == get.headers["Cache-Control"]
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_a_head_leaves_the_whole_page_behind(visitor: Visitor) -> None:
    visitor.opens("HEAD", "/tools/alpha")
    assert title(visitor) == "Alpha"


# Packing


ACCEPT_ENCODINGS = [
    "",
    "identity",
    "gzip",
    "br",
    "zstd",
    "deflate",
    "gzip, br",
    "gzip, deflate, br, zstd",
    "gzip, zstd",
]
ACCEPT_ENCODINGS += [
    "*",
    "gzip;q=0",
    "br;q=0, gzip",
    "gzip;q=0, br;q=0",
    "gzip;q=1.0, br;q=0.1",
    "x-brotli",
    "identity;q=0",
]


def decoded(response: TestResponse) -> str:
    decoders: dict[str | None, Callable[[bytes], bytes]] = {
        None: bytes,
        "gzip": gzip.decompress,
        "br": brotli.decompress,
    }
    return decoders[response.headers.get("Content-Encoding")](response.data).decode()


def takes(accepted: str, encoding: str | None) -> bool:
    """Say whether a client that sends this Accept-Encoding can read this encoding (RFC 9110, 12.5.3)."""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.strip().partition(";q=")
        weights[name] = float(weight or 1)
    if encoding is None:
        return True
    return weights.get(encoding, weights.get("*", 0)) > 0


def test_no_client_gets_a_content_encoding_it_cannot_read_whoever_came_before(visitor: Visitor) -> None:
    wrong = []
    for first, second in product(ACCEPT_ENCODINGS, ACCEPT_ENCODINGS):
        forget_pages(visitor)
        visitor.opens("GET", "/privacy", headers={"accept_encoding": first})
        response = visitor.opens("GET", "/privacy", headers={"accept_encoding": second})
        if not takes(second, response.headers.get("Content-Encoding")):
            wrong.append((first, second, response.headers["Content-Encoding"]))
    assert wrong == []


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("", None)])
def test_public_pages_are_encoded_as_the_client_can_read_them(visitor: Visitor, accepted: str, encoding: str) -> None:
    plain = visitor.opens("GET", "/method")
    response = visitor.opens("GET", "/method", headers={"accept_encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding
    assert decoded(response) == plain.get_data(as_text=True)
    assert int(response.headers["Content-Length"]) == len(response.data)


@pytest.mark.parametrize("accepted", ["", "gzip", "br"])
def test_proxies_are_told_that_content_encodings_differ(visitor: Visitor, accepted: str) -> None:
    assert "Accept-Encoding" in visitor.reads("/method").headers.get("Vary", "")
    response = visitor.opens("GET", "/method", headers={"accept_encoding": accepted})
    assert "Accept-Encoding" in response.headers.get("Vary", "")


def test_each_content_encoding_has_an_etag_of_its_own(visitor: Visitor) -> None:
    tags = {
        visitor.opens("GET", "/method", headers={"accept_encoding": each}).headers["ETag"]
        for each in ("", "gzip", "br")
    }
    assert len(tags) == 3


# When rendering fails, or takes its time


@pytest.fixture
def broken(app: Flask) -> Iterator[Callable[[], None]]:
    """Makes every rendering fail from then on."""
    failing = threading.Event()

    def fail(_app: Flask, **_extra: object) -> None:
        if failing.is_set():
            raise RuntimeError("broken for a test")

    with request_started.connected_to(fail, app):
        yield failing.set


def test_a_page_that_cannot_be_rendered_is_served_as_it_was_for_a_day(
    visitor: Visitor, broken: Callable[[], None]
) -> None:
    title(visitor)
    rename("Beta", publish=True)
    broken()
    visitor.clock.now += 23 * 3600
    assert title(visitor) == "Alpha"
    visitor.clock.now += 2 * 3600
    visitor.reads("/tools/alpha", 500)


def test_a_page_that_was_never_rendered_is_an_error(visitor: Visitor, broken: Callable[[], None]) -> None:
    broken()
    visitor.reads("/tools/alpha", 500)
    assert cached(visitor) == []


def test_a_page_that_is_gone_is_not_served_as_it_was(visitor: Visitor) -> None:
    title(visitor)
    db.session.execute(db.text("UPDATE tool SET published_at = NULL"))
    bump_content_version()
    db.session.commit()
    visitor.clock.now += 1
    visitor.reads("/tools/alpha", 404)


def test_a_page_that_is_gone_comes_back_by_no_fault(visitor: Visitor, broken: Callable[[], None]) -> None:
    title(visitor)
    visitor.opens("GET", "/tools/alpha", headers={"accept_encoding": "br"})
    db.session.execute(db.text("UPDATE tool SET published_at = NULL"))
    bump_content_version()
    db.session.commit()
    visitor.clock.now += 1
    visitor.reads("/tools/alpha", 404)
    broken()
    visitor.reads("/tools/alpha", 500)
    assert visitor.opens("GET", "/tools/alpha", headers={"accept_encoding": "br"}).status_code == 500


class SlowInside:
    """An inner application that numbers its answers, and can be made to wait inside."""

    def __init__(self) -> None:
        self.answers = 0
        self.entered, self.go_on, self.wait = threading.Event(), threading.Event(), False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.answers += 1
        body = f"answer {self.answers}".encode()
        if self.wait:
            self.entered.set()
            assert self.go_on.wait(10)
        start_response(
            "200 OK", [("Cache-Control", PUBLIC), ("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        )
        return [body]


def fetch(client: Client, path: str = "/") -> bytes:
    return client.get(path, base_url=BASE_URL).data


def test_while_one_request_renders_the_others_get_the_old_page(app: Flask) -> None:
    inside, clock = SlowInside(), Clock()
    cache = PageCache(app, inside, clock)
    client = Client(cache)
    assert client.get("/", base_url=BASE_URL).data == b"answer 1"
    clock.now += 10
    inside.wait = True
    answers: list[bytes] = []
    first = threading.Thread(target=lambda: contextvars.Context().run(lambda: answers.append(fetch(client))))
    first.start()
    assert inside.entered.wait(10)
    assert Client(cache).get("/", base_url=BASE_URL).data == b"answer 1"
    inside.go_on.set()
    first.join(10)
    inside.wait = False
    assert answers == [b"answer 2"]
    assert inside.answers == 2
    assert client.get("/", base_url=BASE_URL).data == b"answer 2"


# Hosts


@pytest.mark.parametrize("host", ["evil.example", "verdicts.test.evil.example", "x:80", "verdicts.test@evil.example"])
def test_an_untrusted_host_fills_no_cache(visitor: Visitor, host: str) -> None:
    visitor.reads("/tools/alpha", 400, host=host)
    assert cached(visitor) == []


def test_a_path_and_a_query_that_look_alike_are_cached_apart(visitor: Visitor) -> None:
    assert visitor.opens("GET", "/contact?about=").status_code == 200
    assert visitor.opens("GET", "/contact%3Fabout=").status_code == 404
