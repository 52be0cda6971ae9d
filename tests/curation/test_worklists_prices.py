"""Which prices somebody should look up again, and in which order."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount
from tests.feedback.world import doubt
from tests.makers import NOW, TODAY, make_price, make_tool, make_votes
from verdicts.catalog.models import Tool
from verdicts.curation import worklists
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")

FRESH, STALE = TODAY - timedelta(days=60), TODAY - timedelta(days=61)


def priced(slug: str, checked_on: date | None = STALE, interval: int = 60, **fields: object) -> int:
    """Make a tool with a price that was checked on a day; return its id."""
    tool = make_tool(slug, **fields)
    make_price(tool, "paid", amount=9, currency="USD", checked_on=checked_on, interval_days=interval)
    id = tool.id
    db.session.rollback()
    return id


def due(number: int = 1) -> list[str]:
    """Return the slugs of the tools whose price is due."""
    found, _ = worklists.list_due_prices(number, NOW)
    db.session.rollback()
    return [each.tool.slug for each in found]


def test_a_price_is_due_when_its_own_interval_has_passed_or_nobody_has_looked() -> None:
    priced("fresh", FRESH)
    priced("stale", STALE)
    priced("steady", STALE, interval=120)
    priced("never", None)
    assert due() == ["never", "stale"]


def test_a_past_price_is_never_due() -> None:
    tool = make_tool("alpha")
    make_price(tool, "paid", until=TODAY)
    make_price(tool, "paid", checked_on=TODAY)
    assert due() == []


def test_only_tools_that_readers_see_have_prices_that_are_due(app: Flask) -> None:
    priced("draft", published_at=None)
    priced("coming", published_at=NOW + timedelta(days=1))
    archived = priced("archived")
    db.session.execute(sa.update(Tool).where(Tool.id == archived).values(archived_at=NOW))
    db.session.commit()
    assert due() == []


def test_a_doubted_price_is_due_however_lately_it_was_checked() -> None:
    doubt(priced("alpha", TODAY))
    assert due() == ["alpha"]


def test_the_most_doubted_comes_first_then_the_most_voted_on_then_the_longest_overdue() -> None:
    ids = {
        slug: priced(slug, checked_on)
        for slug, checked_on in {
            "late": STALE,
            "later": STALE - timedelta(days=9),
            "never": None,
            "voted": STALE,
            "doubted": TODAY,
            "much-doubted": TODAY,
        }.items()
    }
    make_votes(db.session.get_one(Tool, ids["voted"]), ship=range(3), skip=range(3, 5))
    doubt(ids["doubted"])
    doubt(ids["much-doubted"], "n1")
    doubt(ids["much-doubted"], "n2")
    assert due() == ["much-doubted", "doubted", "voted", "never", "later", "late"]
    found = {each.tool.slug: each for each in worklists.list_due_prices(1, NOW)[0]}
    assert (found["much-doubted"].doubts, found["voted"].doubts, found["voted"].votes) == (2, 0, 5)
    assert found["late"].price.words == "$9"


def test_overdue_counts_from_the_end_of_the_interval() -> None:
    priced("long-held", TODAY - timedelta(days=245), interval=240)
    priced("short-held", TODAY - timedelta(days=70), interval=60)
    assert due() == ["short-held", "long-held"]


def test_a_page_takes_three_statements_and_counts_them_all(statements: StatementCount) -> None:
    for number in range(worklists.PAGE_SIZE + 2):
        priced(f"tool-{number}")
    before = len(statements)
    found, total = worklists.list_due_prices(1, NOW)
    assert (len(found), total, len(statements) - before) == (worklists.PAGE_SIZE, worklists.PAGE_SIZE + 2, 3)
    assert len(worklists.list_due_prices(2, NOW)[0]) == 2
    assert worklists.list_due_prices(3, NOW) == ([], 0)


def test_a_tool_whose_price_nobody_has_written_down_waits_too() -> None:
    make_tool("wren")
    make_tool("draft", published_at=None)
    ((due,), total) = worklists.list_due_prices(1, NOW)
    assert (due.tool.slug, due.record_id, due.price.words, total) == ("wren", None, "Not known", 1)
    assert worklists.count_due_prices(NOW) == 1


def test_of_too_many_the_doubted_come_first_then_those_of_the_most_read_tools_then_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_tool("unrecorded")
    priced("late")
    priced("later", STALE - timedelta(days=9))
    voted = priced("voted")
    make_votes(db.session.get_one(Tool, voted), ship=range(3))
    doubt(priced("doubted", TODAY))
    monkeypatch.setattr(worklists, "MAX_COUNTED", 0)
    assert due() == ["doubted", "voted", "unrecorded", "later", "late"]
    assert worklists.count_due_prices(NOW) == 5


def test_a_price_that_was_looked_for_is_due_again_after_its_interval() -> None:
    tool = make_tool("sought")
    make_price(tool, checked_on=None, looked_on=FRESH)
    make_price(make_tool("sought-long-ago"), checked_on=None, looked_on=STALE)
    make_price(make_tool("checked-after"), checked_on=FRESH, looked_on=STALE)
    make_price(make_tool("checked-before"), checked_on=STALE, looked_on=FRESH)
    assert due() == ["sought-long-ago"]
