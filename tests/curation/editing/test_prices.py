"""A tool's price: another cost needs its reason, earlier costs stay, and each check of the same cost holds longer."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.curation.editing.records import change, faults_of, found_by
from tests.makers import NOW, TODAY, make_price, make_tool
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import PriceRecord, Tool
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS
from verdicts.curation.editing import prices
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
SOURCE = "https://wren.example/prices"
RAISED = "The maker raised it."
MISSING_REASON = "reason: Give a reason. Readers see why it changed."


def priced(model: str = "paid", **fields: Any) -> Tool:
    """Make a tool that costs 20 dollars a month, or something else."""
    tool = make_tool("wren", name="Wren")
    cost = {"amount": 20, "currency": "USD", "period": "month", "source": SOURCE} if model == "paid" else {}
    make_price(tool, model, **{**cost, **fields})
    return tool


def stored(tool: Tool) -> list[PriceRecord]:
    """Return a tool's prices, the oldest first and the current one last."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Tool, tool.id).prices


# Another cost


def test_a_tool_that_is_free_now_is_found_as_such() -> None:
    wren = priced(checked_on=YESTERDAY)
    free = {"model": "free", "amount": None, "currency": None, "period": None}
    change(prices, wren.id, **free, reason="The maker gave it away.")
    assert found_by("free") == [wren.id]


@pytest.mark.parametrize(
    "cost",
    [{"amount": "25"}, {"currency": "EUR"}, {"period": "year"}, {"model": "contact", "amount": None, "currency": None}],
)
def test_another_cost_needs_its_reason_and_the_old_one_stays_with_it(cost: dict[str, str | None]) -> None:
    wren = priced(checked_on=YESTERDAY)
    assert faults_of(prices, wren.id, **cost) == [MISSING_REASON]
    assert len(stored(wren)) == 1
    change(prices, wren.id, **cost, reason=RAISED, checked_on=TODAY.isoformat())
    old, new = stored(wren)
    assert (old.model, old.amount, old.currency, old.period) == ("paid", 20, "USD", "month")
    assert (old.until, old.reason) == (TODAY, RAISED)
    assert (new.until, new.reason, new.checked_on) == (None, None, TODAY)


def test_a_reason_is_not_needed_where_the_cost_is_the_same() -> None:
    wren = priced(source="https://wren.example/prices")
    change(prices, wren.id, amount="20.00", source="https://wren.example/pricing")
    (price,) = stored(wren)
    assert (price.source, price.until) == ("https://wren.example/pricing", None)


def test_each_cost_stays_in_the_history_in_its_order() -> None:
    wren = priced()
    for day, amount in enumerate(("25", "30", "20")):
        change(prices, wren.id, NOW + timedelta(days=day), amount=amount, reason=f"Now {amount}.")
    assert [(int(price.amount), price.reason) for price in stored(wren) if price.amount] == [
        (20, "Now 25."),
        (25, "Now 30."),
        (30, "Now 20."),
        (20, None),
    ]


@pytest.mark.parametrize(("checked_on", "until"), [(YESTERDAY, YESTERDAY), (None, TODAY)])
@ON_ONE_DATABASE
def test_an_old_cost_ends_on_the_day_the_new_one_was_checked_or_else_today(
    checked_on: date | None, until: date
) -> None:
    wren = priced(checked_on=TODAY - timedelta(days=60))
    change(prices, wren.id, amount="25", reason=RAISED, checked_on=checked_on.isoformat() if checked_on else None)
    assert stored(wren)[0].until == until


@ON_ONE_DATABASE
def test_a_reason_that_is_too_long_is_refused_by_itself() -> None:
    assert faults_of(prices, priced().id, amount="25", reason="x" * 501) == [
        "reason: This is longer than 500 characters (it has 501). Shorten it."
    ]


# A first price


@pytest.mark.parametrize("model", ["unknown", None])
def test_a_first_price_needs_no_reason_and_leaves_no_history(model: str | None) -> None:
    wren = priced(model, interval_days=240) if model else make_tool("wren")
    change(prices, wren.id, model="free")
    (price,) = stored(wren)
    assert (price.model, price.until, price.interval_days) == ("free", None, FIRST_INTERVAL_DAYS)


# Checks


@pytest.mark.parametrize(
    ("checked_on", "days"), [(TODAY - timedelta(days=60), 120), (TODAY, FIRST_INTERVAL_DAYS), (None, 60)]
)
@ON_ONE_DATABASE
def test_a_later_check_of_the_same_cost_holds_twice_as_long(checked_on: date | None, days: int) -> None:
    wren = priced(checked_on=checked_on)
    change(prices, wren.id, checked_on=TODAY.isoformat())
    (price,) = stored(wren)
    assert (price.checked_on, price.interval_days) == (TODAY, days)


@ON_ONE_DATABASE
def test_a_check_without_a_source_certifies_nothing() -> None:
    wren = priced(source=None, checked_on=YESTERDAY)
    fault = "source: Enter the address of a page that shows this price, or leave its last check as it was."
    assert faults_of(prices, wren.id, checked_on=TODAY.isoformat()) == [fault]


@ON_ONE_DATABASE
def test_who_saves_an_unknown_price_has_looked_and_found_none() -> None:
    wren = priced("unknown")
    change(prices, wren.id, checked_on=TODAY.isoformat())
    (price,) = stored(wren)
    assert (price.checked_on, price.looked_on) == (None, TODAY)


@ON_ONE_DATABASE
def test_another_cost_begins_with_the_first_interval_and_the_old_one_keeps_its_own() -> None:
    wren = priced(checked_on=YESTERDAY, interval_days=120)
    change(prices, wren.id, amount="25", reason=RAISED, checked_on=TODAY.isoformat())
    assert [price.interval_days for price in stored(wren)] == [120, FIRST_INTERVAL_DAYS]


@ON_ONE_DATABASE
def test_a_check_does_not_go_back_in_time() -> None:
    wren = priced(checked_on=TODAY)
    before = ["checked_on: This is before the last check, on 2026-11-22. Enter a later date."]
    assert faults_of(prices, wren.id, checked_on=YESTERDAY.isoformat()) == before
    assert faults_of(prices, wren.id, checked_on=YESTERDAY.isoformat(), amount="25", reason=RAISED) == before


@ON_ONE_DATABASE
def test_a_check_is_not_in_the_future_but_tomorrow_may_be_today_elsewhere() -> None:
    wren = priced()
    change(prices, wren.id, checked_on=TOMORROW.isoformat())
    assert faults_of(prices, wren.id, checked_on="2026-11-24") == [
        "checked_on: 2026-11-24 is in the future. Enter an earlier date."
    ]


# What a price may be


@ON_ONE_DATABASE
def test_what_is_free_has_no_amount_but_may_have_zero() -> None:
    wren = priced("unknown")
    assert faults_of(prices, wren.id, model="free", amount="5", currency="USD") == [
        "amount: What is free has no amount. Leave this empty."
    ]
    change(prices, wren.id, model="free", amount="0.00")
    assert stored(wren)[0].amount == 0


@ON_ONE_DATABASE
def test_an_amount_needs_a_currency() -> None:
    wren = priced("unknown")
    assert faults_of(prices, wren.id, model="paid", amount="7") == ["The amount 7 has no currency. Enter one."]


# What a save did


@ON_ONE_DATABASE
def test_the_price_before_and_after_is_reported() -> None:
    wren = priced()
    saved = change(prices, wren.id, amount="25", reason=RAISED)
    assert (saved.id, saved.slug, saved.changes) == (wren.id, "wren", {"amount": ("20", "25")})
    assert change(prices, wren.id).changes == {}


def test_a_price_makes_cached_pages_out_of_date() -> None:
    wren, before = priced(), content_version()
    change(prices, wren.id, amount="25", reason=RAISED)
    assert content_version() == before + 1


@ON_ONE_DATABASE
def test_only_a_tool_has_a_price() -> None:
    finch = make_tool("finch", merged_into_id=make_tool("wren").id)
    assert (prices.find_record(finch.id), prices.find_record(0)) == (None, None)
    with pytest.raises(LookupError):
        prices.save(finch.id, {"model": "free"}, NOW)


@ON_ONE_DATABASE
def test_a_tool_whose_price_nobody_recorded_has_an_empty_record() -> None:
    record = prices.find_record(make_tool("wren", name="Wren").id)
    assert record
    assert (record.slug, record.name, record.data) == ("wren", "Wren", {})
