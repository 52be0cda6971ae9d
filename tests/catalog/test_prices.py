"""Prices in words, and whether anyone has looked lately."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.makers import TODAY
from verdicts.catalog.kinds import Period, PriceModel
from verdicts.catalog.prices import UNKNOWN_PLACE, UNKNOWN_PRICE, Freshness, Price, amount_in_words, place_of
from verdicts.catalog.queries import PlanSummary

MONTH = Period.MONTH


@pytest.mark.parametrize(
    ("amount", "currency", "period", "words"),
    [
        ("20", "USD", MONTH, "$20 / month"),
        ("20.00", "USD", MONTH, "$20 / month"),
        ("9.50", "CHF", Period.ONCE, "CHF 9.50 once"),
        ("1200", "EUR", Period.YEAR, "€1,200 / year"),
        ("0.002", "GBP", Period.USE, "£0.002 per use"),
        ("1E+3", "USD", None, "$1,000"),
        ("5", None, None, "5"),
        (None, "USD", MONTH, ""),
    ],
)
def test_an_amount_in_words(amount: str | None, currency: str | None, period: Period | None, words: str) -> None:
    assert amount_in_words(Decimal(amount) if amount else None, currency, period) == words


@pytest.mark.parametrize(
    ("model", "amount", "words", "detail"),
    [
        (PriceModel.FREE, "0", "Free", ""),
        (PriceModel.FREEMIUM, "20", "Free", "to start, then $20 / month"),
        (PriceModel.FREEMIUM, "0", "Free", "to start; more is paid"),
        (PriceModel.FREEMIUM, None, "Free", "to start; more is paid"),
        (PriceModel.PAID, "20", "$20 / month", ""),
        (PriceModel.PAID, None, "Paid", ""),
        (PriceModel.CONTACT, None, "Ask for a price", ""),
        (PriceModel.UNKNOWN, None, "Not known", ""),
    ],
)
def test_a_price_in_words(model: PriceModel, amount: str | None, words: str, detail: str) -> None:
    price = Price(model, Decimal(amount) if amount else None, "USD", MONTH)
    assert (price.words, price.detail) == (words, detail)


@pytest.mark.parametrize(
    ("days", "freshness"),
    [(0, Freshness.CHECKED), (60, Freshness.CHECKED), (61, Freshness.STALE), (None, Freshness.NEVER_CHECKED)],
)
def test_a_price_is_unverified_sixty_days_after_its_check(days: int | None, freshness: Freshness) -> None:
    checked_on = None if days is None else TODAY - timedelta(days)
    assert Price(PriceModel.PAID, checked_on=checked_on).freshness(TODAY) is freshness


@pytest.mark.parametrize(("days", "freshness"), [(120, Freshness.CHECKED), (121, Freshness.STALE)])
def test_a_price_that_was_confirmed_before_holds_for_its_own_interval(days: int, freshness: Freshness) -> None:
    price = Price(PriceModel.PAID, checked_on=TODAY - timedelta(days), interval_days=120)
    assert price.freshness(TODAY) is freshness


def test_what_nobody_has_looked_up_is_not_known() -> None:
    assert (UNKNOWN_PRICE.words, UNKNOWN_PRICE.freshness(TODAY)) == ("Not known", Freshness.NEVER_CHECKED)


@pytest.mark.parametrize(
    ("amount", "per", "words"),
    [("20", "seat", "$20 / month per seat"), ("20", None, "$20 / month"), ("0", "seat", "Free"), (None, "seat", "")],
)
def test_a_plan_in_words(amount: str | None, per: str | None, words: str) -> None:
    cost = Decimal(amount) if amount else None
    assert PlanSummary("Pro", cost, "USD", MONTH, per, None, None, None).words == words


def test_tools_stand_by_kind_of_price_then_by_currency_then_by_what_a_month_costs() -> None:
    paid = PriceModel.PAID
    places = [
        place_of(PriceModel.FREE),
        place_of(PriceModel.FREEMIUM, Decimal(9), "USD", MONTH),
        place_of(paid, Decimal(99), "EUR", MONTH),
        place_of(paid, Decimal(100), "USD", Period.YEAR),
        place_of(paid, Decimal("8.34"), "USD", MONTH),
        place_of(paid, Decimal(10), "USD", MONTH),
        place_of(paid, Decimal(10) ** 30, "USD", MONTH),
        place_of(paid, Decimal("0.002"), "GBP", Period.USE),
        place_of(paid, Decimal(5), "USD", Period.ONCE),
        place_of(PriceModel.CONTACT),
        UNKNOWN_PLACE,
    ]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
