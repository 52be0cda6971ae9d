"""Amounts as people write them."""

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.admin.admin_client import AdminClient
from verdicts.catalog.models import PriceRecord
from verdicts.extensions import db
from verdicts.web.admin.forms.money import read_money

WRITTEN = {
    "20": ("20", ""),
    "9.50": ("9.50", ""),
    "$20": ("20", "USD"),
    "20,00": ("20.00", ""),
    "€ 19": ("19", "EUR"),
    "1,299.00": ("1299.00", ""),
    "1.299,00": ("1299.00", ""),
    "US$20": ("20", "USD"),
    "us$ 20.00": ("20.00", "USD"),
    "20 €": ("20", "EUR"),
    "20,5€": ("20.5", "EUR"),
    "£9.99": ("9.99", "GBP"),
    "¥1,500": ("1500", "JPY"),
    "1,299": ("1299", ""),
    "1,299,000": ("1299000", ""),
    "1.299.000": ("1299000", ""),
    "1 299,00 €": ("1299.00", "EUR"),
    "1\u202f299": ("1299", ""),
    "1'299.00 CHF": ("1299.00", "CHF"),
    "chf 9.50": ("9.50", "CHF"),
    "CA$20": ("20", "CAD"),
    "A$ 20": ("20", "AUD"),
    "R$ 20": ("20", "BRL"),
    "0.0015": ("0.0015", ""),
    "0,0015": ("0.0015", ""),
    "1.299": ("1.299", ""),
    "0,002": ("0.002", ""),
    "$0,125": ("0.125", "USD"),
    "19.–": ("19.00", ""),
    "CHF 19.-": ("19.00", "CHF"),
    "19,-- €": ("19.00", "EUR"),
    "1.299,–": ("1299.00", ""),
    "$20 USD": ("20", "USD"),
    "USD $20": ("20", "USD"),
    "$20 CAD": ("20", "CAD"),
    "₹1,00,000": ("100000", "INR"),
    "₹12,34,567.50": ("1234567.50", "INR"),
    "Rs. 499": ("499", "INR"),
    "20 euros": ("20", "EUR"),
    "20 Euro": ("20", "EUR"),
    "20 dollars": ("20", "USD"),
    "20 dollars CAD": ("20", "CAD"),
    "US$.99": ("0.99", "USD"),
    "$.99": ("0.99", "USD"),
    ",99 €": ("0.99", "EUR"),
    "199 kr": ("199", ""),
    "kr 199,50": ("199.50", ""),
    "199 kr SEK": ("199", "SEK"),
    "NOK 199": ("199", "NOK"),
    "1 000 €": ("1000", "EUR"),
    "1\u2009000 €": ("1000", "EUR"),
    "1’000 Fr.": ("1000", "CHF"),
    "＄２０": ("20", "USD"),
    "￥1,500": ("1500", "JPY"),
    "٢٠ USD": ("20", "USD"),
    "١٬٢٩٩٫٥٠ SAR": ("1299.50", "SAR"),
    "€ 1.0005": ("1.0005", "EUR"),
    "€ 0.125": ("0.125", "EUR"),
    "1.000,00 €": ("1000.00", "EUR"),
    "Rs.20": ("20", "INR"),
    "Fr.20.50": ("20.50", "CHF"),
    "kr.199": ("199", ""),
    "50.000 ₫": ("50000", "VND"),
    "JPY 1.000": ("1000", "JPY"),
    "CLP 9.990": ("9990", "CLP"),
    "1.000 kr ISK": ("1000", "ISK"),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_an_amount_is_read_as_people_write_it(text: str) -> None:
    money = read_money(text)
    assert (money.amount, money.currency) == WRITTEN[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "twenty",
        "20 a month",
        "1,2,3",
        "1.2.3",
        "12,34.5",
        "$",
        "-5",
        "20-30",
        "20 XYZ",
        "€20 USD",
        "$20 € 20",
        "19.-5",
        "20 30",
        "1 2 3",
        "€ 1.000",
        "1.000 EUR",
        "20/month",
        "20 USD/month",
        "20%",
        "½ €",
        "$20¹",
        "$20②",
        "USD.99",
        "¥ 1.000",  # yen or yuan
        "1,0,000",
        "20.",
        "199 kr €",
    ],
)
def test_what_is_no_amount_stays_as_it_is(text: str) -> None:
    assert read_money(text).amount == text


@pytest.mark.parametrize(
    ("amount", "currency", "stored"),
    [
        ("$20", "", "USD"),
        ("€ 19,00", "", "EUR"),
        ("1,299.00", "usd", "USD"),
        ("$20", "CAD", "CAD"),
        ("199 Kr", "DKK", "DKK"),
        ("20 Dollars", "aud", "AUD"),
    ],
)
@ON_ONE_DATABASE
def test_a_price_takes_its_currency_from_the_sign(ann: AdminClient, amount: str, currency: str, stored: str) -> None:
    path = f"/admin/tools/{make_tool('wren').id}/price"
    ann.fills(path, model="paid", amount=amount, currency=currency)
    assert db.session.query(PriceRecord.currency).scalar() == stored


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("20", "XYZ"), ("€20", "USD"), ("20 XYZ", ""), ("199 kr", ""), ("199 kr", "USD"), ("€ 1.000", "")],
)
@ON_ONE_DATABASE
def test_an_unknown_currency_or_two_of_them_are_refused(ann: AdminClient, amount: str, currency: str) -> None:
    path = f"/admin/tools/{make_tool('wren').id}/price"
    assert ann.fills(path, model="paid", amount=amount, currency=currency).status_code == 422
    assert db.session.query(PriceRecord.id).count() == 0
