"""“Price wrong?”: one tap, with JavaScript and without, that changes nothing a reader sees."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.feedback.world import networks
from tests.makers import NOW, make_price, make_tool
from tests.web import rich
from tests.web.visitor import Page, Visitor
from verdicts.catalog.content_version import content_version
from verdicts.extensions import db

DOUBT = "/tools/alpha/price-doubt"


@pytest.fixture
def reader(app: Flask) -> Visitor:
    rich.build()
    return Visitor(app, "203.0.113.7")


def doubts(visitor: Visitor, status: int | None = None, path: str = DOUBT, *, htmx: bool = False) -> Page:
    return visitor.sends(path, {}, status or (200 if htmx else 303), htmx=htmx)


def test_a_tap_is_noted_and_leads_to_a_page_that_says_thank_you(reader: Visitor) -> None:
    assert doubts(reader).headers["Location"] == DOUBT
    page = reader.reads(DOUBT)
    assert page.texts("h1") == ["Thank you. It is on our editors’ list."]
    assert page.headers["Cache-Control"] == "no-store"
    assert {"/tools/alpha", "/contact?about=/tools/alpha"} <= set(page.links())
    assert len(networks()) == 1
    assert reader.cookies == {}


@ON_ONE_DATABASE
def test_htmx_gets_what_takes_the_buttons_place_and_its_focus(reader: Visitor) -> None:
    page = doubts(reader, htmx=True)
    (root,) = list(page.tree)
    assert (root.get("id"), root.get("tabindex")) == ("doubt-alpha", "-1")
    assert page.words == "Thank you. It is on our editors’ list."


def test_a_network_counts_once_and_its_name_is_a_hash(app: Flask, reader: Visitor) -> None:
    for address in ("203.0.113.7", "203.0.113.99", "198.51.100.1"):
        doubts(Visitor(app, address))
    assert len(networks()) == 2
    assert all(network and len(network) == 64 for network in networks())


def test_taps_that_come_from_no_network_count_once_an_hour(
    app: Flask, reader: Visitor, later: Callable[[timedelta], None]
) -> None:
    here = Visitor(app)
    doubts(here)
    doubts(here)
    later(timedelta(hours=1))
    doubts(here)
    assert networks() == [None, None]


def test_a_doubt_changes_nothing_that_pages_show(reader: Visitor) -> None:
    before, version = reader.reads("/tools/alpha").html, content_version()
    db.session.rollback()
    doubts(reader)
    assert reader.reads("/tools/alpha").html == before
    assert content_version() == version


def test_a_tap_takes_a_fixed_number_of_statements(app: Flask, reader: Visitor, statements: StatementCount) -> None:
    doubts(Visitor(app, "198.51.100.1"))
    before = len(statements)
    doubts(reader)
    assert len(statements) - before == 4


@ON_ONE_DATABASE
def test_the_button_stands_once_a_tool_beside_its_price(reader: Visitor) -> None:
    for path, wanted in {"/tools/alpha": ["alpha"], "/compare/alpha-vs-beta": ["alpha", "beta"]}.items():
        page = reader.reads(path)
        buttons = [
            button.get("id") for place in page.all("div", "price-doubt") for button in page.all("button", "", place)
        ]
        assert buttons == [f"doubt-{slug}" for slug in wanted]


@ON_ONE_DATABASE
def test_what_nobody_knows_cannot_be_doubted(app: Flask, reader: Visitor) -> None:
    make_price(make_tool("vague"), "unknown", checked_on=NOW.date())
    for slug in ("bare", "vague"):
        assert reader.reads(f"/tools/{slug}").all("div", "price-doubt") == []
        assert "no price to doubt" in doubts(reader, 404, f"/tools/{slug}/price-doubt").words
    assert networks() == []


@ON_ONE_DATABASE
def test_a_tool_that_is_not_public_is_not_found(reader: Visitor) -> None:
    make_price(make_tool("draft", published_at=None), "free")
    for slug in ("draft", "nobody"):
        doubts(reader, 404, f"/tools/{slug}/price-doubt")
        reader.reads(f"/tools/{slug}/price-doubt", 404)
    assert networks() == []


@ON_ONE_DATABASE
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_a_network_that_taps_without_an_end_is_stopped(reader: Visitor, htmx: bool) -> None:
    for _ in range(30):
        doubts(reader, htmx=htmx)
    assert doubts(reader, 429, htmx=htmx).headers["Retry-After"] == "60"


@ON_ONE_DATABASE
def test_another_sites_tap_is_refused(reader: Visitor) -> None:
    response = reader.opens("POST", DOUBT, headers={"origin": "https://evil.example"})
    assert response.status_code == 403
    assert networks() == []
