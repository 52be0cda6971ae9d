"""Whatever a client sends, with an admin's session and a voter's cookie, the page cache holds what everybody gets."""

import gzip
from collections.abc import Callable
from itertools import count, product
from typing import Any

import brotli
import pytest
from flask import Flask
from werkzeug.test import Client

from tests.apps import BASE_URL
from tests.conftest import ON_ONE_DATABASE
from tests.web import rich
from tests.web.admin.admin_client import AdminClient
from tests.web.visitor import Clock, Visitor
from verdicts.web.caching import PUBLIC, PageCache, cache_of
from verdicts.web.page_stores import MAX_BYTES

pytestmark = ON_ONE_DATABASE

PATHS = ["/", "/tools", "/tools?q=alpha", "/tools/alpha", "/compare/alpha-vs-beta", "/contact", "/newsletter/subscribe"]
PRIVATE = ["/tools/alpha/vote", "/votes/mine?tool=alpha&tool=beta", "/admin/", "/admin/me", "/admin/tools", "/nothing"]
TRICKS: list[dict[str, str]] = [
    {},
    {"accept_encoding": "br"},
    {"accept_encoding": "gzip;q=0.1, zstd, \x7f"},
    {"accept_encoding": "identity;q=0, *;q=0"},
    {"accept_encoding": "br" * 2000},
    {"hx_request": "true", "hx_current_url": "https://verdicts.test/compare/alpha-vs-beta", "hx_boosted": "true"},
    {"x_forwarded_host": "evil.example", "x_forwarded_proto": "https", "x_forwarded_prefix": "/evil"},
    {"x_original_url": "/admin/me", "x_rewrite_url": "/admin/me"},
    {"x_http_method_override": "POST", "x_method": "POST"},
    {"host": "verdicts.test:8443"},
    {"authorization": "Basic cm9vdDpyb290", "proxy_authorization": "Bearer x"},
    {"range": "bytes=0-9", "if_range": '"x"'},
    {"if_none_match": "*", "if_modified_since": "Sun, 22 Nov 2026 12:00:00 GMT"},
    {"if_match": '"x"', "cache_control": "no-cache", "pragma": "no-cache"},
    {"accept": "application/json", "accept_language": "de", "content_type": "application/x-www-form-urlencoded"},
    {"referer": "https://verdicts.test/admin/me", "origin": "https://evil.example", "sec_fetch_site": "cross-site"},
]
QUERIES = ["", "_method=POST", "utm_source=%0d%0aSet-Cookie:x=1", "verdict=ship;q=x", "%00=1", "q=&q=&tool=&&="]
DECODED: dict[str | None, Callable[[bytes], bytes]] = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    rich.build()
    return Visitor(app, hurried=True)


def with_query(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path


def cached(app: Flask) -> list[tuple[str, Any]]:
    stores = cache_of(app)._stores.values()
    return [("?".join(filter(None, key[:2])), page) for store in stores for key, page in store._pages.items()]


def bodies(app: Flask) -> set[tuple[str, bytes]]:
    return {(path, DECODED[dict(page.headers).get("Content-Encoding")](page.body)) for path, page in cached(app)}


def forget(app: Flask) -> None:
    for store in cache_of(app)._stores.values():
        for key in store.keys():  # noqa: SIM118
            store.discard(key)


def test_no_request_leaves_anything_in_the_cache_that_is_not_for_everybody(
    app: Flask, visitor: Visitor, root: AdminClient
) -> None:
    visitor.votes("alpha", "ship")
    cookies = [f"{name[2]}={each.value}" for name, each in root.client._cookies.items()]
    assert cookies
    assert visitor.cookies
    visitor.clock.now += 60
    forget(app)
    for path in (*PATHS, *PRIVATE):
        for query in QUERIES:
            Visitor(app, address="198.51.100.1", hurried=True).opens("GET", with_query(path, query))
    expected = bodies(app)
    forget(app)

    own = "; ".join([*cookies, *(f"{name}={each.value}" for name, each in visitor.cookies.items())])
    for number, trick in enumerate(TRICKS):
        visitor.address = f"203.0.{number}.1"
        for path in (*PATHS, *PRIVATE):
            for method in ("GET", "HEAD", "OPTIONS"):
                visitor.opens(method, path, headers={"cookie": own, **trick})
        for path, query in product(PATHS[:4], QUERIES):
            visitor.opens("GET", with_query(path, query), headers={"cookie": own, **trick})
        left = bodies(app)
        assert left <= expected, (trick, sorted({path for path, _ in left - expected}))
        forget(app)
    assert len(expected) > len(PATHS)


def test_a_response_that_sets_a_cookie_is_not_cached(app: Flask) -> None:
    served = count()

    def inside(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Cache-Control", PUBLIC), ("Set-Cookie", f"voter={next(served)}")])
        return [b""]

    client = Client(PageCache(app, inside, Clock()), use_cookies=False)
    answers = [client.get("/", base_url=BASE_URL) for _ in range(2)]
    assert [answer.headers["Set-Cookie"] for answer in answers] == ["voter=0", "voter=1"]


def test_however_many_addresses_are_asked_for_the_cache_stays_within_its_bounds(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = cache_of(app)
    for store in cache._stores.values():
        monkeypatch.setattr(store, "_max_bytes", 60_000)
    for number in range(100):
        visitor.address = f"203.0.{number}.1"
        for path in (f"/tools?q=word{number}", f"/Tools/Alpha?n={number}", f"/none/{number}", f"/tools/{'x' * number}"):
            visitor.opens("GET", path, headers={"accept_encoding": "br" if number % 2 else "gzip"})
    assert all(store.bytes <= 60_000 for store in cache._stores.values())
    assert sum(len(page.body) for _, page in cached(app)) <= 60_000 * len(MAX_BYTES)
    assert cache._rendering == {}
