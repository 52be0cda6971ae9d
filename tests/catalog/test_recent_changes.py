"""Recent changes: changed verdicts and moved prices, newest first, and nothing else."""

from datetime import date
from decimal import Decimal

from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_price, make_review, make_reviewer, make_revision, make_tool
from verdicts.catalog import recent_changes
from verdicts.catalog.kinds import ToolState, Verdict
from verdicts.catalog.recent_changes import PriceChange, VerdictChange


def verdicts(most: int = 10) -> list[tuple[str, Verdict, Verdict, date]]:
    found = recent_changes.list_latest(NOW, most)
    return [(each.slug, each.before, each.after, each.on) for each in found if isinstance(each, VerdictChange)]


def test_a_changed_verdict_is_a_recent_change(app: Flask) -> None:
    review = make_review(make_tool("alpha"), make_reviewer(), "skip")
    make_revision(review, "ship", date(2026, 10, 20), reason="It stopped working.")
    (changes,) = recent_changes.list_latest(NOW, 10)
    assert isinstance(changes, VerdictChange)
    assert (changes.reviewer.label, changes.reason) == ("Builder", "It stopped working.")
    assert verdicts() == [("alpha", Verdict.SHIP, Verdict.SKIP, date(2026, 10, 20))]


def test_a_correction_of_wording_neither_is_news_nor_hides_any(app: Flask) -> None:
    review = make_review(make_tool("alpha"), make_reviewer(), "skip")
    make_revision(review, "ship", date(2026, 10, 20))
    make_revision(review, "skip", date(2026, 11, 2), wording_only=True)
    assert verdicts() == [("alpha", Verdict.SHIP, Verdict.SKIP, date(2026, 10, 20))]


def test_of_several_changes_the_last_is_listed(app: Flask) -> None:
    review = make_review(make_tool("alpha"), make_reviewer(), "ship")
    make_revision(review, "ship", date(2026, 9, 1))
    make_revision(review, "skip", date(2026, 10, 1))
    assert verdicts() == [("alpha", Verdict.SKIP, Verdict.SHIP, date(2026, 10, 1))]


def test_other_reasons_for_the_same_verdict_are_no_news(app: Flask) -> None:
    make_revision(make_review(make_tool("alpha"), make_reviewer(), "ship"), "ship", date(2026, 10, 1))
    assert recent_changes.list_latest(NOW, 10) == []


def test_a_moved_price_is_news_once_a_tool(app: Flask) -> None:
    for number, slug in enumerate(("alpha", "beta", "gamma")):
        tool = make_tool(slug)
        for month in (8, 9):
            make_price(tool, "paid", amount=Decimal(10), currency="USD", until=date(2026, month, 1 + number))
        make_price(tool, "paid", amount=Decimal(20), currency="USD")
    changes = recent_changes.list_latest(NOW, 3)
    assert [(each.slug, each.on) for each in changes] == [
        ("gamma", date(2026, 9, 3)),
        ("beta", date(2026, 9, 2)),
        ("alpha", date(2026, 9, 1)),
    ]
    assert isinstance(changes[0], PriceChange)
    assert (changes[0].before.words, changes[0].after.words) == ("$10", "$20")


def test_what_is_not_published_is_no_news(app: Flask) -> None:
    review = make_review(make_tool("alpha", published_at=None), make_reviewer(), "skip")
    make_revision(review, "ship", date(2026, 10, 20))
    assert recent_changes.list_latest(NOW, 10) == []


def test_the_newest_come_first_and_no_more_than_asked_for(app: Flask) -> None:
    builder = make_reviewer()
    for day, slug in enumerate(("alpha", "beta", "gamma"), start=1):
        make_revision(make_review(make_tool(slug), builder, "skip"), "ship", date(2026, 10, day))
    assert [slug for slug, *_ in verdicts(most=2)] == ["gamma", "beta"]


def test_what_stood_in_another_record_is_no_news(app: Flask) -> None:
    review = make_review(make_tool("alpha"), make_reviewer(), "skip")
    make_revision(review, "ship", date(2026, 11, 2), wording_only=True)
    assert verdicts() == []


@ON_ONE_DATABASE
def test_verdicts_and_prices_stand_in_the_order_of_their_days_and_within_one_by_name(app: Flask) -> None:
    reviewer = make_reviewer()
    for slug, day in (("zed", 3), ("alpha", 3), ("old", 1)):
        make_revision(make_review(make_tool(slug), reviewer, "skip"), "ship", date(2026, 11, day))
    moved = make_tool("moved")
    make_price(moved, "free", until=date(2026, 11, 2))
    make_price(moved, "paid", amount=Decimal(20), currency="USD")
    assert [each.slug for each in recent_changes.list_latest(NOW, 3)] == ["alpha", "zed", "moved"]


@ON_ONE_DATABASE
def test_a_price_that_went_with_its_tool_is_called_by_what_became_of_the_tool(app: Flask) -> None:
    gone = make_tool("gone", state=ToolState.RETIRED)
    make_price(gone, "paid", until=date(2026, 11, 2), reason="It closed.")
    make_price(gone, "unknown")
    (change,) = recent_changes.list_latest(NOW, 9)
    assert isinstance(change, PriceChange)
    assert (change.label, change.words) == ("Retired", "Entry price until then: paid.")
