"""Votes by month, against a count that is kept while readers vote, change their vote and withdraw it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

from flask import Flask

from tests.conftest import StatementCount
from tests.makers import NOW, TODAY, make_tool, make_votes
from tests.voting.world import SHIP, SKIP, say
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.kinds import Verdict
from verdicts.extensions import db
from verdicts.voting.months import MONTHS, votes_by_month


def test_each_month_has_the_votes_that_began_to_count_in_it(app: Flask) -> None:
    tool, other = make_tool("wren").id, make_tool("finch")
    make_votes(other, ship=range(3))
    random, mine, began = Random(7), dict[str, Verdict | None](), Counter[tuple[date, Verdict]]()  # noqa: S311
    for days_ago in sorted(random.sample(range(420), 60), reverse=True):
        voter, verdict, at = str(random.randrange(12)), random.choice([SHIP, SKIP, None]), NOW - timedelta(days_ago)
        say(tool, voter, verdict, now=at)
        if verdict and not mine.get(voter):
            began[at.date().replace(day=1), verdict] += 1
        mine[voter] = verdict
    months = votes_by_month(tool, TODAY)
    assert [month.first_day for month in months] == sorted(month.first_day for month in months)
    assert (len(months), months[-1].first_day) == (MONTHS, date(2026, 11, 1))
    for month in months:
        assert (month.ship, month.skip) == (began[month.first_day, SHIP], began[month.first_day, SKIP])


def test_votes_that_wait_are_in_no_month_and_none_are_listed_before_the_first(app: Flask) -> None:
    tool, other = make_tool("wren"), make_tool("finch")
    make_votes(other, waiting=[1])
    assert votes_by_month(other.id, TODAY) == ()
    make_votes(tool, skip=[2], at=NOW - timedelta(days=40))
    assert [(month.first_day, month.ship, month.skip) for month in votes_by_month(tool.id, TODAY)] == [
        (date(2026, 10, 1), 0, 1),
        (date(2026, 11, 1), 0, 0),
    ]


def test_only_what_may_still_change_is_counted_again(app: Flask, statements: StatementCount) -> None:
    tool = make_tool("wren").id
    first, last = date(2026, 11, 1), datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
    assert votes_by_month(tool, first) == ()
    db.session.rollback()
    say(tool, "stored late", SHIP, now=last)
    before = len(statements)
    assert [month.ship for month in votes_by_month(tool, first)] == [1, 0]
    assert len(statements) - before == 1
    db.session.rollback()
    say(tool, "cast now", SKIP, now=NOW)
    assert [(month.ship, month.skip) for month in votes_by_month(tool, TODAY)] == [(1, 0), (0, 1)]
    say(tool, "stored later than any vote is", SKIP, now=NOW - timedelta(days=2))
    assert [(month.ship, month.skip) for month in votes_by_month(tool, TODAY)] == [(1, 0), (0, 1)]
    bump_content_version()
    assert [(month.ship, month.skip) for month in votes_by_month(tool, TODAY)] == [(1, 0), (0, 2)]


def test_what_was_kept_on_a_months_last_day_stands_in_the_same_months_on_the_next_day(app: Flask) -> None:
    tool = make_tool("wren").id
    db.session.rollback()
    for voter, month in (("early", date(2025, 11, 10)), ("late", date(2026, 9, 10))):
        say(tool, voter, SHIP, now=datetime.combine(month, NOW.timetz()))
    assert len(votes_by_month(tool, date(2026, 10, 31))) == MONTHS
    assert [(month.first_day, month.ship) for month in votes_by_month(tool, date(2026, 11, 1))] == [
        (date(2026, 9, 1), 1),
        (date(2026, 10, 1), 0),
        (date(2026, 11, 1), 0),
    ]
