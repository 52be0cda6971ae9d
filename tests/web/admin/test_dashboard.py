"""What the dashboard says there is to do."""

from datetime import timedelta

import pytest
import time_machine

from tests.conftest import StatementCount
from tests.feedback.world import doubt, write
from tests.makers import NOW, TODAY, make_comparison, make_price, make_review, make_reviewer, make_tool
from tests.voting.world import SHIP, crowd, names, release_all_due
from verdicts.extensions import db
from verdicts.voting import waiting
from verdicts.web.admin import dashboard

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def present() -> object:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def counts() -> dict[str, int]:
    """Return what there is to do, by label, but for what there is none of."""
    return {task.label: count for task, count in dashboard.count_tasks() if count}


def priced(slug: str, days: int) -> int:
    """Make a tool whose price was checked so many days ago; return its id."""
    tool = make_tool(slug)
    make_price(tool, "paid", amount=9, currency="USD", checked_on=TODAY - timedelta(days=days))
    id = tool.id
    db.session.rollback()
    return id


def test_each_kind_of_task_is_counted_by_one_statement(statements: StatementCount) -> None:
    assert counts() == {}
    alpha, _beta, gamma = (priced(slug, days) for slug, days in (("alpha", 0), ("beta", 61), ("gamma", 0)))
    doubt(alpha)
    crowd(gamma, names("bot", 12), SHIP, network="n1", allowance=1)
    release_all_due(NOW + waiting.WAITING_TIME)
    write()
    db.session.rollback()
    before = len(statements)
    assert counts() == {"Prices to check": 2, "Corrections and messages": 1, "Held votes": 1}
    assert len(statements) - before == len(dashboard.TASKS) == 7


def test_old_reviews_incomplete_panels_and_comparisons_without_a_bottom_line_are_counted() -> None:
    wren, finch = make_tool("wren"), make_tool("finch")
    make_review(wren, make_reviewer("builder"), reviewed_on=TODAY - timedelta(days=181))
    make_comparison(wren, finch)
    assert counts() == {
        "Prices to check": 2,  # nobody has recorded one
        "Reviews over 180 days old": 1,
        "Incomplete panels": 1,
        "Comparisons without a bottom line": 1,
    }
