"""Looking prices up again: what a check that finds nothing changed does, and which prices are due."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.makers import NOW, TODAY, make_price, make_tool
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.price_checks import PriceCheck, PriceNotCurrent, confirm, interval_after, is_due
from verdicts.catalog.price_checks import price as price_record
from verdicts.catalog.prices import Freshness, Price
from verdicts.catalog.queries import find_published
from verdicts.extensions import begin_write, db

YESTERDAY = TODAY - timedelta(days=1)
SOURCE = "https://alpha.example/pricing"


def confirmed(tool_id: int, **which: int) -> tuple[PriceCheck, PriceCheck]:
    db.session.rollback()
    begin_write()
    checks = confirm(tool_id, TODAY, **which)
    db.session.commit()
    return checks


def stored(record_id: int) -> PriceCheck:
    columns = (price_record.c.checked_on, price_record.c.interval_days)
    found = PriceCheck(*db.session.execute(sa.select(*columns).where(price_record.c.id == record_id)).one())
    db.session.rollback()
    return found


@pytest.mark.parametrize(
    ("checked_on", "before", "after"),
    [
        (YESTERDAY, 60, 120),
        (YESTERDAY, 120, 240),
        (YESTERDAY, 240, 240),
        (YESTERDAY, 200, 240),
        (TODAY, 60, 60),
        (None, 60, 60),
    ],
)
def test_a_check_that_finds_nothing_changed_holds_twice_as_long(
    checked_on: date | None, before: int, after: int
) -> None:
    assert interval_after(PriceCheck(checked_on, before), TODAY) == after


def test_confirming_writes_todays_check_and_tells_the_one_before(app: Flask) -> None:
    tool = make_tool("alpha")
    old = make_price(tool, "paid", amount=9, until=YESTERDAY).id
    current = make_price(tool, "paid", amount=12, checked_on=YESTERDAY, source=SOURCE).id
    tool_id = tool.id
    assert confirmed(tool_id) == (PriceCheck(YESTERDAY, 60, SOURCE), PriceCheck(TODAY, 120, SOURCE))
    assert stored(current) == PriceCheck(TODAY, 120)
    assert stored(old) == PriceCheck(None, 60)


def test_confirming_twice_on_one_day_is_confirming_once(app: Flask) -> None:
    tool = make_tool("alpha")
    current = make_price(tool, "paid", checked_on=YESTERDAY, source=SOURCE).id
    tool_id = tool.id
    confirmed(tool_id)
    confirmed(tool_id)
    assert stored(current) == PriceCheck(TODAY, 120)


def test_a_price_that_has_been_replaced_meanwhile_is_not_confirmed(app: Flask) -> None:
    tool = make_tool("alpha")
    seen = make_price(tool, "paid", amount=9, until=TODAY).id
    current = make_price(tool, "paid", amount=12, checked_on=YESTERDAY, source=SOURCE).id
    tool_id = tool.id
    with pytest.raises(PriceNotCurrent):
        confirmed(tool_id, price_id=seen)
    db.session.rollback()
    assert stored(current) == PriceCheck(YESTERDAY, 60)


def test_a_tool_without_a_price_has_none_to_confirm(app: Flask) -> None:
    tool_id = make_tool("alpha").id
    with pytest.raises(PriceNotCurrent):
        confirmed(tool_id)


def test_a_tools_summary_knows_how_long_its_price_holds(app: Flask) -> None:
    make_price(make_tool("alpha"), "paid", checked_on=TODAY - timedelta(days=100), interval_days=120)
    tool = find_published("alpha", NOW)
    assert tool
    assert tool.price.freshness(TODAY) is Freshness.CHECKED


@pytest.mark.parametrize(
    ("days", "interval"), [(60, 60), (61, 60), (120, 120), (121, 120), (0, 60), (400, 240), (None, 60)]
)
def test_what_is_due_is_what_pages_call_unverified(app: Flask, days: int | None, interval: int) -> None:
    checked_on = None if days is None else TODAY - timedelta(days=days)
    make_price(make_tool("alpha"), "paid", checked_on=checked_on, interval_days=interval)
    price = Price(PriceModel.PAID, checked_on=checked_on, interval_days=interval)
    due = db.session.scalar(sa.select(is_due(TODAY)).select_from(price_record))
    assert bool(due) is (price.freshness(TODAY) is not Freshness.CHECKED)
