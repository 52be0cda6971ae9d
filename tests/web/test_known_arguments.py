"""A public view sees only the arguments that it names, so made-up ones make no pages and change none."""

from typing import Any

import pytest
from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web import rich
from tests.web.public_pages import list_public
from tests.web.visitor import Visitor
from verdicts.web import limits
from verdicts.web.caching import cache_of
from verdicts.web.known_arguments import KnownArguments

pytestmark = ON_ONE_DATABASE


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    make_tool("alpha")
    return Visitor(app, hurried=True)


def paths(visitor: Visitor) -> list[tuple[str, ...]]:
    return [key[:2] for store in cache_of(visitor.app)._stores.values() for key in store.keys()]  # noqa: SIM118


class RecordedArguments(ImmutableMultiDict[str, str]):
    """A query's arguments that remember which names were asked for; "*" stands for all of them."""

    asked: set[str]

    def get(self, key: str, *rest: Any, **named: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *rest, **named)

    def getlist(self, key: str, *rest: Any, **named: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *rest, **named)

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def items(self, *rest: Any, **named: Any) -> Any:
        self.asked.add("*")
        return super().items(*rest, **named)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of arguments that views have asked for."""
    RecordedArguments.asked = set()
    monkeypatch.setattr(Request, "parameter_storage_class", RecordedArguments)
    return RecordedArguments.asked


def test_public_views_read_the_arguments_that_they_name_and_no_others(app: Flask, asked: set[str]) -> None:
    rich.build()
    visitor = Visitor(app)
    read, named = {}, {}
    for endpoint, path in list_public(app):
        asked.clear()
        visitor.opens("GET", path)
        read[endpoint] = {"w-*" if name == "*" else name for name in asked}
        named[endpoint] = set(app.view_functions[endpoint].known_arguments)  # type: ignore[attr-defined]
    assert read == named
    assert len(named) > 30


def test_an_argument_that_a_page_does_not_read_makes_no_page(visitor: Visitor) -> None:
    first = visitor.reads("/tools/alpha")
    for query in ("utm_source=x", "fbclid=1&gclid=2", "=", "&&", "as%5Fof_=2026-11-03", "AS_OF=2026-11-03"):
        assert visitor.reads(f"/tools/alpha?{query}").html == first.html
    assert paths(visitor) == [("/tools/alpha", "")]


def test_what_a_page_reads_is_found_among_other_arguments(visitor: Visitor) -> None:
    alone = visitor.reads("/tools?q=alpha&sort=name")
    assert visitor.reads("/tools?utm_source=x&q=alpha&n=1&sort=name&q").html != visitor.reads("/tools").html
    assert visitor.reads("/tools?utm_source=x&q=alpha&n=1&sort=name").html == alone.html
    assert visitor.reads("/tools?%71=alpha&sor%74=name").html == alone.html


def test_an_argument_that_a_page_does_not_read_is_in_no_redirect(visitor: Visitor) -> None:
    make_tool("beta", aliases=("beta-old",))
    visitor.reads("/tools/beta-old?as_of=2026-11-01&next=//evil.example", 301)
    again = visitor.reads("/tools/beta-old?as_of=2026-11-01", 301)
    assert again.headers["Location"] == "/tools/beta?as_of=2026-11-01"


def test_made_up_arguments_cost_no_memory(visitor: Visitor) -> None:
    visitor.opens("GET", "/tools/alpha")
    cache = cache_of(visitor.app)
    before = [store.bytes for store in cache._stores.values()]
    for number in range(2_000):
        visitor.opens("GET", f"/tools/alpha?{'x' * 1000}={number}", headers={"x-request-id": f"request-{number}"})
    assert [store.bytes for store in cache._stores.values()] == before


def test_made_up_arguments_neither_use_up_nor_escape_the_budget_of_queries(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUERIES_LIMIT", "12 per minute")
    visitor.address = "203.0.113.1"
    made_up = [visitor.opens("GET", f"/tools?made={number}").status_code for number in range(20)]
    searches = [visitor.opens("GET", f"/tools?made={number}&q=word{number}").status_code for number in range(13)]
    assert made_up == [200] * 20
    assert searches == [200] * 12 + [429]


@pytest.mark.parametrize(
    ("path", "query", "reduced"),
    [
        ("/tools", "q=a+b&x=1&q=%C3%A9", "q=a+b&q=%C3%A9"),
        ("/compare/a-vs-b", "w-x=1&w=2&w-y=0&as_of=", "w-x=1&w-y=0&as_of="),
        ("/method", "q=1", ""),
        ("/nothing", "q=1", "q=1"),
        ("/tools/", "q=1&x=2", "q=1&x=2"),
        ("/tools/alpha/vote", "voter=new", "voter=new"),
        ("/static/css/base.css", "v=1", "v=1"),
        ("/admin/log-in", "next=/admin", "next=/admin"),
    ],
)
def test_only_queries_of_public_pages_are_reduced(app: Flask, path: str, query: str, reduced: str) -> None:
    assert KnownArguments(app).reduce(path, query) == reduced
