"""What reviewers said and what tools cost before an import stays in their histories."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.curation.files import BARE, REASON, Json, a_file, a_review, a_tool, explained, import_file, imported
from tests.makers import NOW, TODAY
from verdicts.catalog.models import PriceRecord, Review, ReviewRevision
from verdicts.curation.transfer.exporting import export
from verdicts.curation.transfer.report import ImportReport
from verdicts.extensions import db

BEFORE = {"verdict": "ship", "quote": "It works.", "until": "2026-10-01", "reason": "It broke.", "wording_only": False}


def reviewed(**keys: Any) -> Json:
    """Return a file in which the builder says something of one tool."""
    return a_file(a_tool(reviews=[a_review(**keys)]))


def priced(amount: str, price_history: list[Json] | None = None, **keys: Any) -> Json:
    price = {"model": "paid", "amount": amount, "currency": "USD", "period": "month", **keys}
    return a_file(a_tool(price=price, **({"price_history": price_history} if price_history is not None else {})))


def changed(file: Json) -> ImportReport:
    """Import a file that says why it changes what is stored."""
    return imported(explained(file))


def history() -> list[tuple[str, str, date | None, date, str, bool]]:
    revisions = db.session.scalars(sa.select(ReviewRevision).order_by(ReviewRevision.position))
    return [(r.verdict, r.quote, r.reviewed_on, r.until, r.reason, r.wording_only) for r in revisions]


def prices() -> list[tuple[str, date | None, str | None]]:
    rows = db.session.scalars(sa.select(PriceRecord).order_by(PriceRecord.position))
    return [(str(row.amount), row.until, row.reason) for row in rows]


def test_a_changed_verdict_adds_the_old_one_to_the_history(app: Flask) -> None:
    imported(reviewed(verdict="ship"))
    report = changed(reviewed(verdict="skip"))
    assert report.changes == ('review of Mistral-Code ("mistral-code") by The Builder ("builder"): verdict, history',)
    assert db.session.scalars(sa.select(Review.verdict)).one() == "skip"
    assert history() == [("ship", "It works.", None, TODAY, REASON, False)]


def test_a_changed_quote_adds_the_old_one_to_the_history(app: Flask) -> None:
    imported(reviewed(quote="It works."))
    changed(reviewed(quote="It still works."))
    assert [(verdict, quote) for verdict, quote, *_rest in history()] == [("ship", "It works.")]


def test_what_is_neither_verdict_nor_quote_leaves_no_history(app: Flask) -> None:
    imported(reviewed(basis="documents"))
    changed(reviewed(basis="hands-on", reviewed_on="2026-11-01", conflict="Owns shares."))
    assert history() == []


def test_the_files_own_entry_for_the_old_state_wins(app: Flask) -> None:
    imported(reviewed(verdict="ship", quote="It wroks."))
    typo = {**BEFORE, "quote": "It wroks.", "reviewed_on": "2026-09-01", "reason": "A typo.", "wording_only": True}
    imported(reviewed(verdict="ship", quote="It works.", history=[typo]))
    assert history() == [("ship", "It wroks.", date(2026, 9, 1), date(2026, 10, 1), "A typo.", True)]


def test_a_file_that_knows_no_history_takes_none_away(app: Flask) -> None:
    imported(reviewed(verdict="skip", history=[BEFORE]))
    assert not imported(reviewed(verdict="skip")).changed_anything
    assert not imported(reviewed(verdict="skip", history=[])).changed_anything
    assert len(history()) == 1


def test_a_bare_file_after_a_changed_one_loses_no_history(app: Flask) -> None:
    import_file(BARE, NOW)
    other = BARE.read_text().replace('"verdict": "skip"', '"verdict": "ship"').replace('"amount": "0"', '"amount": "9"')
    imported(explained(json.loads(other)))
    imported(explained(json.loads(BARE.read_text()), TODAY + timedelta(days=1)))
    assert [entry[0] for entry in history()] == ["skip", "ship"]
    assert sorted(amount for amount, until, _reason in prices() if until) == ["0", "0", "9", "9"]


def test_there_and_back_and_elsewhere_is_three_entries(app: Flask) -> None:
    for days, (verdict, quote) in enumerate([("ship", "A"), ("skip", "B"), ("ship", "A"), ("skip", "C")]):
        imported(explained(reviewed(verdict=verdict, quote=quote), date(2026, 1, 1) + timedelta(days)))
    assert [(verdict, quote) for verdict, quote, *_rest in history()] == [("ship", "A"), ("skip", "B"), ("ship", "A")]


def test_a_file_adds_what_it_knows_of_earlier_times(app: Flask) -> None:
    imported(reviewed(verdict="ship", quote="Second."))
    changed(reviewed(verdict="skip", quote="Third."))
    first = {**BEFORE, "quote": "First.", "until": "2026-01-01"}
    imported(reviewed(verdict="skip", quote="Third.", history=[first]))
    assert [quote for _verdict, quote, *_rest in history()] == ["First.", "Second."]


def test_an_entry_the_file_dates_otherwise_is_no_second_one(app: Flask) -> None:
    imported(reviewed(verdict="ship"))
    changed(reviewed(verdict="skip", quote="It broke."))
    kept = history()
    assert not imported(reviewed(verdict="skip", quote="It broke.", history=[BEFORE])).changed_anything
    assert history() == kept


def test_a_changed_price_moves_the_old_one_to_the_history(app: Flask) -> None:
    imported(priced("20.00", checked_on="2026-01-01"))
    report = changed(priced("25.00", checked_on="2026-06-01"))
    assert report.changes == ('tool Mistral-Code ("mistral-code"): price_history, price',)
    assert prices() == [("20.00", TODAY, REASON), ("25.00", None, None)]


@pytest.mark.parametrize("change", [{"model": "freemium"}, {"currency": "EUR"}, {"period": "year"}])
def test_a_price_is_another_one_in_another_model_currency_or_period(app: Flask, change: Json) -> None:
    imported(priced("20.00"))
    changed(priced("20.00", **change))
    assert len(prices()) == 2


def test_a_price_that_was_only_checked_again_has_no_history(app: Flask) -> None:
    imported(priced("20.00", checked_on="2026-01-01"))
    report = changed(priced("20", checked_on="2026-06-01", source="https://x.example/pricing"))
    assert report.changes == ('tool Mistral-Code ("mistral-code"): price',)
    assert prices() == [("20.00", None, None)]


def test_twenty_and_twenty_point_zero_zero_are_one_price(app: Flask) -> None:
    imported(priced("20.00"))
    assert not imported(priced("20")).changed_anything


def test_the_files_own_entry_for_the_old_price_wins(app: Flask) -> None:
    imported(priced("20.00"))
    past = {"model": "paid", "amount": "20.00", "currency": "USD", "period": "month"}
    past |= {"checked_on": "2026-01-01", "until": "2026-05-05", "reason": "Announced in May."}
    imported(priced("25.00", [past]))
    assert prices() == [("20.00", date(2026, 5, 5), "Announced in May."), ("25.00", None, None)]


def test_a_file_that_knows_no_earlier_price_takes_none_away(app: Flask) -> None:
    imported(priced("20.00"))
    changed(priced("25.00"))
    assert not imported(priced("25.00", [])).changed_anything
    assert not imported(a_file(a_tool())).changed_anything
    assert len(prices()) == 2


def test_a_price_and_its_history_come_with_a_new_tool(app: Flask) -> None:
    earlier = [{"model": "paid", "amount": "9.99", "currency": "USD", "until": "2026-02-01"}, {"until": "2026-03-01"}]
    imported(priced("0", earlier))
    assert prices() == [("9.99", date(2026, 2, 1), None), ("None", date(2026, 3, 1), None), ("0", None, None)]
    assert not imported(priced("0", earlier)).changed_anything


def test_an_amount_comes_back_digit_for_digit(app: Flask) -> None:
    imported(priced("20.00"))
    assert db.session.scalars(sa.select(PriceRecord.amount)).one() == Decimal("20.00")
    assert '"amount": "20.00"' in export(NOW)
