"""A tool's history on its page, and the page as of a day."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.makers import (
    make_comparison,
    make_price,
    make_release,
    make_review,
    make_reviewer,
    make_revision,
    make_tool,
    make_votes,
)
from tests.web.visitor import Visitor
from verdicts.catalog import queries
from verdicts.catalog.kinds import Period, PriceModel
from verdicts.catalog.prices import Price
from verdicts.catalog.reviews import Panel
from verdicts.web.clock import now
from verdicts.web.history import history_of

pytestmark = ON_ONE_SHARED_DATABASE

OLD_DAY = "2025-06-01"


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    wren, finch = make_tool("wren", aliases=("old-wren",)), make_tool("finch")
    builder = make_reviewer("builder")
    review = make_review(wren, builder, "skip", quote="It broke.", reviewed_on=date(2025, 9, 1))
    make_revision(review, "ship", date(2025, 9, 1), quote="It worked.", reviewed_on=date(2025, 3, 1), reason="Outages.")
    make_review(finch, builder, "ship", quote="It flies.", reviewed_on=date(2025, 7, 1))
    first_on, ended_on = date(2025, 5, 1), date(2025, 8, 1)
    dollars = {"currency": "USD", "period": "month"}
    make_price(wren, "paid", amount=Decimal(10), checked_on=first_on, until=ended_on, reason="Announced.", **dollars)
    make_price(wren, "paid", amount=Decimal(20), checked_on=ended_on, **dollars)
    make_release(wren, "2.0", on=date(2025, 10, 1))
    make_release(finch, "undated")
    make_release(finch, "1.5", on=date(2024, 5, 1))
    make_release(finch, "1.6", on=date(2024, 9, 1))
    make_votes(wren, ship=range(3), skip=[5], at=now())
    make_comparison(wren, finch, bottom_line="Take the Finch.")
    return Visitor(shared_app)


def text_of(visitor: Visitor, path: str, status: int = 200) -> str:
    return visitor.reads(path, status).words


def test_a_tools_page_tells_what_changed_newest_first_with_reasons(visitor: Visitor) -> None:
    text = text_of(visitor, "/tools/wren")
    price = "Entry price: $10 / month, now $20 / month"
    events = ["Version 2.0 was released.", "Outages.", "It worked.", price, "Announced."]
    assert sorted(events, key=text.index) == events
    words = [
        each.get("aria-label") or "" for each in visitor.reads("/tools/wren").all("div") if each.get("role") == "img"
    ]
    words = [each for each in words if not each.startswith("The Builder")][-3:]
    assert words[:2] == ["Entry price: $10 / month until 1 Aug 2025, then $20 / month", "1 release"]
    assert words[2].endswith("3 SHIP, 1 SKIP")


def test_the_latest_release_is_the_one_of_the_latest_day_wherever_it_stands(visitor: Visitor) -> None:
    assert "Latest release 1.6, 1 Sep 2024" in text_of(visitor, "/tools/finch")


def test_a_page_as_of_a_day_shows_the_panel_and_the_price_of_then(visitor: Visitor) -> None:
    text = text_of(visitor, f"/tools/wren?as_of={OLD_DAY}")
    assert all(each in text for each in ("1 of 1 ship", "It worked.", "$10 / month"))
    assert not any(each in text for each in ("It broke.", "$20", "would you ship with it?"))
    text = text_of(visitor, "/compare/finch-vs-wren?as_of=2025-08-15")
    assert all(each in text for each in ("It flies.", "It worked.", "$20 / month"))
    assert "Take the Finch." not in text  # the editors' words are of today


@pytest.mark.parametrize("path", ["/tools/wren", "/compare/finch-vs-wren"])
def test_a_page_as_of_a_day_is_for_no_search_engine(visitor: Visitor, path: str) -> None:
    page = visitor.reads(f"{path}?as_of={OLD_DAY}")
    assert [each.get("content") for each in page.all("meta") if each.get("name") == "robots"] == ["noindex"]
    (canonical,) = [each.get("href") for each in page.all("link") if each.get("rel") == "canonical"]
    assert urlsplit(canonical or "").path + urlsplit(canonical or "").query == path
    assert "Disallow: /*?*as_of=" in visitor.reads("/robots.txt").response.text.splitlines()


def test_another_name_of_a_tool_leads_to_the_same_day(visitor: Visitor) -> None:
    for old, new in (("/tools/old-wren", "/tools/wren"), ("/compare/old-wren-vs-finch", "/compare/finch-vs-wren")):
        response = visitor.reads(f"{old}?as_of={OLD_DAY}", 301)
        assert response.headers["Location"] == f"{new}?as_of={OLD_DAY}"


@pytest.mark.parametrize(
    "query",
    ["as_of=soon", "as_of=2026-02-30", "as_of=20260101", "as_of=2026-1-1", "as_of=٢٠٢٦-٠١-٠١",
     f"as_of={OLD_DAY}&as_of={OLD_DAY}", "as_of=" + "1" * 900],
)  # fmt: skip
def test_what_is_no_day_is_refused_in_words(visitor: Visitor, query: str) -> None:
    for path in ("/tools/wren", "/compare/finch-vs-wren"):
        assert "Give one day, written as year, month and day" in text_of(visitor, f"{path}?{query}", 400)


def test_a_day_to_come_is_refused_and_an_empty_one_is_today(visitor: Visitor) -> None:
    assert "1 Jan 2999 is still to come." in text_of(visitor, "/tools/wren?as_of=2999-01-01", 422)
    assert "It broke." in text_of(visitor, "/tools/wren?as_of=")


def test_a_day_before_anything_is_known_says_so(visitor: Visitor) -> None:
    text = text_of(visitor, "/tools/wren?as_of=0001-01-01")
    assert all(each in text for each in ("Nobody on the panel had looked at Wren by then.", "Not known"))


@pytest.mark.parametrize(
    ("past", "current", "steps"),
    [
        (("10", "USD"), ("40", "USD"), [42.5, 20]),
        (("0", "USD"), ("0", "USD"), [50, 50]),
        (("10", "USD"), (None, None), [20]),
        (("10", "USD"), ("10", "EUR"), []),
    ],
)
def test_a_step_is_as_high_as_its_price_where_prices_share_a_scale(
    visitor: Visitor, past: tuple[str, str], current: tuple[str | None, str | None], steps: list[float]
) -> None:
    def price(amount: str | None, currency: str | None, until: date | None = None) -> Price:
        return Price(PriceModel.PAID, Decimal(amount) if amount else None, currency, Period.MONTH, until=until)

    found = queries.find_published("finch", now())
    assert found
    tool = replace(found, price=price(*current))
    history = history_of(tool, Panel(()), [price(*past, until=date(2026, 1, 1))], [], [], date(2026, 6, 1))
    assert [step.y for step in history.chart.steps] == steps
    assert all(0 <= step.start <= step.end <= 100 for step in history.chart.steps)
