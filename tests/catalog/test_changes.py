"""The changes that feeds tell: each stays an entry under a key that nothing changes."""

from datetime import UTC, date, datetime
from decimal import Decimal

from flask import Flask

from tests.makers import NOW, make_category, make_price, make_review, make_reviewer, make_revision, make_tool
from verdicts.catalog import changes
from verdicts.catalog.changes import Change, ChangedPrice, ChangedVerdict, NewReview, NewTool, Scope
from verdicts.catalog.kinds import Verdict
from verdicts.extensions import db

OLD = datetime(2026, 1, 1, tzinfo=UTC)
SHIP, SKIP = Verdict.SHIP, Verdict.SKIP


def latest(scope: Scope = Scope.ALL, id: int = 0) -> list[Change]:
    db.session.rollback()
    return changes.list_changes(scope, id, NOW)


def test_every_change_of_a_verdict_is_an_entry(app: Flask) -> None:
    review = make_review(make_tool("alpha"), make_reviewer(), "ship", reviewed_on=date(2026, 10, 1))
    make_revision(review, "ship", date(2026, 9, 1), reason="It broke.")
    make_revision(review, "skip", date(2026, 9, 2), wording_only=True)
    make_revision(review, "skip", date(2026, 10, 1), reason="It was mended.")
    told = [each for each in latest() if not isinstance(each, NewTool)]
    assert all(isinstance(each, ChangedVerdict) for each in told)
    assert [(each.before, each.after, each.reason) for each in told if isinstance(each, ChangedVerdict)] == [
        (SKIP, SHIP, "It was mended."),
        (SHIP, SKIP, "It broke."),
    ]


def test_other_words_for_the_same_verdict_update_the_review_and_add_no_entry(app: Flask) -> None:
    review = make_review(make_tool("alpha", published_at=OLD), make_reviewer(), "ship", reviewed_on=date(2026, 10, 1))
    make_revision(review, "ship", date(2026, 11, 2))
    (told,) = [each for each in latest() if isinstance(each, NewReview)]
    assert (told.at.date(), told.updated_at.date()) == (date(2026, 10, 1), date(2026, 11, 2))


def test_a_review_without_a_date_and_one_of_tomorrow_are_no_entries(app: Flask) -> None:
    tool = make_tool("alpha", published_at=OLD)
    make_review(tool, make_reviewer("builder"))
    make_review(tool, make_reviewer("skeptic"), reviewed_on=date(2026, 11, 23))
    assert [each for each in latest() if not isinstance(each, NewTool)] == []


def test_every_move_of_a_price_is_an_entry(app: Flask) -> None:
    tool = make_tool("alpha", published_at=OLD)
    for amount, until in ((10, date(2026, 8, 1)), (10, date(2026, 9, 1)), (20, date(2026, 10, 1)), (30, None)):
        make_price(tool, "paid", amount=Decimal(amount), currency="USD", until=until)
    told = [each for each in latest() if isinstance(each, ChangedPrice)]
    assert [(each.at.date(), each.before.words, each.after.words) for each in told] == [
        (date(2026, 10, 1), "$20", "$30"),
        (date(2026, 9, 1), "$10", "$20"),
    ]


def test_what_is_not_published_yet_is_told_nowhere(app: Flask) -> None:
    tool = make_tool("alpha", published_at=None)
    review = make_review(tool, make_reviewer(), "skip", reviewed_on=date(2026, 10, 20))
    make_revision(review, "ship", date(2026, 10, 20))
    make_price(tool, until=date(2026, 10, 1))
    make_price(tool, "contact")
    assert latest() == []


def test_a_scope_tells_only_its_own(app: Flask) -> None:
    kind = make_category()
    alpha, beta = make_tool("alpha", category_id=kind.id), make_tool("beta")
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    make_review(alpha, builder, reviewed_on=date(2026, 10, 1))
    make_review(beta, skeptic, reviewed_on=date(2026, 10, 2))
    keys = {
        scope: [change.key for change in latest(scope, id)]
        for scope, id in ((Scope.TOOL, beta.id), (Scope.CATEGORY, kind.id), (Scope.REVIEWER, builder.id))
    }
    assert keys == {
        Scope.TOOL: [f"tool/{beta.id}", f"review/{beta.id}/{skeptic.id}"],
        Scope.CATEGORY: [f"tool/{alpha.id}", f"review/{alpha.id}/{builder.id}"],
        Scope.REVIEWER: [f"review/{alpha.id}/{builder.id}"],
    }


def test_the_latest_forty_are_listed(app: Flask) -> None:
    for number in range(45):
        make_tool(f"tool-{number}")
    told = latest()
    assert (len(told), told[0].tool.slug) == (40, "tool-44")
