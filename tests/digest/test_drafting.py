"""Drafting: what goes into an edition by rule, and when."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount, first_on_both
from tests.digest.weekly import (
    LAST_THURSDAY,
    LAST_WEEK,
    LONG_AGO,
    THIS_WEEK,
    THURSDAY,
    a_price_move,
    a_turn,
    a_week,
    an_old_tool,
    drafted,
    items,
    kinds,
    writing,
)
from tests.makers import (
    NOW,
    make_category,
    make_comparison,
    make_price,
    make_review,
    make_reviewer,
    make_revision,
    make_tool,
    make_votes,
)
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Tool
from verdicts.config.mail import DigestSettings
from verdicts.digest import drafting, editions, scheduling
from verdicts.digest.drafting import WeekInFuture
from verdicts.digest.editions import Edition, EditionExists
from verdicts.digest.models import ItemKind, edition
from verdicts.digest.weeks import Week, week_of
from verdicts.extensions import db, limit_waiting_writers
from verdicts.voting.models import Standing, vote_event

MONDAYS = DigestSettings()  # by default: Mondays at 08:00
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def draft_nothing(week: Week = THIS_WEEK) -> None:
    with writing():
        assert drafting.draft_edition(week, NOW) is None


@pytest.mark.usefixtures("app")
def test_a_week_in_which_nothing_happened_has_no_edition() -> None:
    tool = an_old_tool("alpha")
    make_review(tool, make_reviewer(), "ship")
    make_price(tool)
    draft_nothing()
    assert editions.find_by_week(THIS_WEEK) is None


@pytest.mark.usefixtures("app")
def test_a_new_tool_is_news_with_its_verdicts_and_price() -> None:
    tool = make_tool("alpha", tagline="Reads receipts")
    make_review(tool, make_reviewer("builder"), "ship")
    make_review(tool, make_reviewer("skeptic"), "skip")
    make_price(tool)
    (item,) = items(drafted())
    assert (item.kind, item.tool_ids) == (ItemKind.NEW_TOOL, (tool.id,))
    assert item.details["tool"] == {"slug": "alpha", "name": "Alpha"}
    assert item.details["tagline"] == "Reads receipts"
    assert item.details["price"] == "Free"
    assert item.details["panel"]["marks"] == [
        {"label": "Builder", "verdict": "ship"},
        {"label": "Skeptic", "verdict": "skip"},
    ]


@pytest.mark.usefixtures("app")
def test_a_tool_that_is_not_published_is_no_news_whatever_happened_to_it() -> None:
    hidden = make_tool("alpha", published_at=None)
    a_turn(hidden)
    a_price_move(hidden)
    make_votes(hidden, ship=range(3))
    make_comparison(hidden, an_old_tool("beta"))
    draft_nothing()


@pytest.mark.usefixtures("app")
def test_a_tool_of_the_week_before_or_after_is_no_news() -> None:
    make_tool("before", published_at=THIS_WEEK.start - timedelta(seconds=1))
    make_tool("after", published_at=THIS_WEEK.end)
    make_tool("first", published_at=THIS_WEEK.start)
    with writing():
        id = drafting.draft_edition(THIS_WEEK, THIS_WEEK.end + timedelta(days=1))
    assert id is not None
    assert [item.details["tool"]["slug"] for item in items(editions.get_by_id(id))] == ["first"]


@pytest.mark.usefixtures("app")
def test_a_new_comparison_is_news_with_what_can_be_said_of_it() -> None:
    alpha, beta = an_old_tool("alpha"), an_old_tool("beta")
    builder = make_reviewer()
    make_review(alpha, builder, "ship", reviewed_on=THURSDAY)
    make_review(beta, builder, "skip", reviewed_on=THURSDAY)
    make_comparison(beta, alpha)
    (item,) = items(drafted())
    assert (item.kind, item.tool_ids) == (ItemKind.NEW_COMPARISON, (beta.id, alpha.id))
    assert item.details["headline"] == "Alpha leads by one reviewer."
    assert item.details["address"] == "alpha-vs-beta"
    assert item.details["readers"] == "No reader has judged both yet."
    assert [side["panel"]["ship"] for side in item.details["sides"]] == [1, 0]


@pytest.mark.usefixtures("app")
def test_a_comparison_whose_publication_nobody_wrote_down_is_no_news() -> None:
    make_comparison(an_old_tool("alpha"), an_old_tool("beta"), published_at=None)
    make_comparison(an_old_tool("gamma"), an_old_tool("delta"), published_at=LONG_AGO)
    draft_nothing()


@pytest.mark.usefixtures("app")
def test_a_comparison_across_categories_stands_in_that_of_its_first_tool() -> None:
    code, chat = make_category("code"), make_category("chat")
    make_comparison(an_old_tool("beta", chat), an_old_tool("alpha", code))
    (item,) = items(drafted())
    assert item.category_id == chat.id


@pytest.mark.usefixtures("app")
def test_a_changed_verdict_is_news_with_its_reason_and_the_count_after_it() -> None:
    alpha = an_old_tool("alpha")
    a_turn(alpha)
    make_review(alpha, make_reviewer("builder"), "skip")
    (item,) = items(drafted())
    told = {key: item.details[key] for key in ("reviewer", "before", "after", "on", "reason", "ship", "total")}
    assert told == {
        "reviewer": "The Skeptic",
        "before": "skip",
        "after": "ship",
        "on": "2026-11-19",
        "reason": "It reads receipts now.",
        "ship": 1,
        "total": 2,
    }


@pytest.mark.usefixtures("app")
def test_a_correction_of_wording_is_no_news() -> None:
    a_turn(an_old_tool("alpha"), wording_only=True)
    worded = make_review(an_old_tool("beta"), make_reviewer(), "ship")
    make_revision(worded, "ship", until=THURSDAY)
    draft_nothing()


@pytest.mark.usefixtures("app")
def test_who_turned_round_twice_within_the_week_has_not_changed_their_mind() -> None:
    review = make_review(an_old_tool("alpha"), make_reviewer(), "ship")
    make_revision(review, "ship", until=date(2026, 11, 17))
    make_revision(review, "skip", until=THURSDAY)
    draft_nothing()


@pytest.mark.usefixtures("app")
def test_a_change_is_reported_with_its_verdict_of_that_week_not_with_the_current_one() -> None:
    review = make_review(an_old_tool("alpha"), make_reviewer(), "ship")
    make_revision(review, "ship", until=LAST_THURSDAY, reason="The first.")
    make_revision(review, "skip", until=THURSDAY, reason="The second.")
    (before,) = items(drafted(LAST_WEEK))
    assert (before.details["before"], before.details["after"], before.details["reason"]) == (
        "ship",
        "skip",
        "The first.",
    )


@pytest.mark.usefixtures("app")
def test_a_price_move_is_news_with_both_prices() -> None:
    a_price_move(an_old_tool("alpha"))
    (item,) = items(drafted())
    told = {key: item.details[key] for key in ("before", "after", "on", "reason", "checked_on")}
    assert told == {
        "before": "$20 / month",
        "after": "$30 / month",
        "on": "2026-11-19",
        "reason": "Up by half.",
        "checked_on": "2026-11-19",
    }


@pytest.mark.usefixtures("app")
def test_a_price_that_was_only_looked_at_again_is_no_news() -> None:
    alpha = an_old_tool("alpha")
    make_price(alpha, until=THURSDAY, reason="Checked again.")
    make_price(alpha, checked_on=THURSDAY)
    a_price_move(an_old_tool("beta"), after=20)
    draft_nothing()


@pytest.mark.usefixtures("app")
def test_a_price_that_went_and_came_back_within_the_week_is_no_news() -> None:
    alpha = an_old_tool("alpha")
    for day, model in ((17, PriceModel.FREE), (19, PriceModel.CONTACT)):
        make_price(alpha, model, until=date(2026, 11, day), reason="A trial.")
    make_price(alpha, PriceModel.FREE)
    draft_nothing()


@pytest.mark.usefixtures("app")
def test_votes_are_counted_from_the_ledger_each_reader_once_with_their_last_word() -> None:
    alpha = an_old_tool("alpha")
    make_votes(alpha, ship=range(4), skip=range(4, 6), waiting=[7])
    last = sa.select(sa.func.max(vote_event.c.id)).scalar_subquery()
    changed = dict.fromkeys(("from_standing", "to_standing"), Standing.COUNTED)
    changed |= {"from_verdict": "ship", "to_verdict": "skip", "tool_id": alpha.id, "voter": f"{0:064x}"}
    with writing():
        rows = {"occasion": "cast", "reason": None, "at": NOW, "network": None, **changed}
        db.session.execute(sa.insert(vote_event).values(**rows))
        taken_back = {**rows, "to_verdict": None, "voter": f"{1:064x}"}
        db.session.execute(sa.insert(vote_event).values(**taken_back))
        before = sa.update(vote_event).where(vote_event.c.voter == f"{5:064x}", vote_event.c.id != last)
        db.session.execute(before.values(at=THIS_WEEK.start - timedelta(seconds=1)))
    (item,) = items(drafted(), ItemKind.VOTES)
    assert (item.details["ship"], item.details["skip"], item.details["total"]) == (2, 2, 4)


@pytest.mark.usefixtures("app")
def test_only_the_tools_with_the_most_votes_of_the_week_are_named() -> None:
    for number in range(7):
        make_votes(an_old_tool(f"tool-{number}"), ship=range(number + 1))
    found = items(drafted(), ItemKind.VOTES)
    assert sorted(item.details["total"] for item in found) == [3, 4, 5, 6, 7]


@pytest.mark.usefixtures("app")
def test_the_widest_disagreements_come_first_and_are_at_most_three() -> None:
    panel = [make_reviewer(f"reviewer-{number}") for number in range(4)]
    for number, ships in enumerate((20, 26, 38, 32, 4)):
        tool = an_old_tool(f"tool-{number}")
        for reviewer in panel:
            make_review(tool, reviewer, "skip")
        make_votes(tool, ship=range(ships), skip=range(ships, 40))
    found = items(drafted(), ItemKind.DISAGREEMENT)
    assert [item.details["tool"]["slug"] for item in found] == ["tool-2", "tool-3", "tool-1"]
    assert found[0].details["community"]["percent"] == 95


def a_disagreement(slug: str = "alpha", voted_at: datetime | None = None, reviewed_on: date = date(2026, 8, 1)) -> Tool:
    """Make a tool that its panel of four skips and 40 readers ship."""
    tool = an_old_tool(slug)
    for number in range(4):
        make_review(tool, make_reviewer(f"{slug}-{number}"), "skip", reviewed_on=reviewed_on)
    make_votes(tool, ship=range(40), at=voted_at or NOW)
    return tool


@pytest.mark.usefixtures("app")
def test_an_old_disagreement_is_no_news_and_no_edition_though_readers_vote_on() -> None:
    make_votes(a_disagreement(voted_at=LONG_AGO), ship=range(40, 44), skip=range(44, 46))
    draft_nothing()
    make_tool("beta")
    assert sorted(kinds(drafted())) == [ItemKind.NEW_TOOL, ItemKind.VOTES]


@pytest.mark.usefixtures("app")
def test_a_disagreement_is_news_when_it_begins_by_votes() -> None:
    tool = a_disagreement(voted_at=NOW)
    (item,) = items(drafted(), ItemKind.DISAGREEMENT)
    assert (item.tool_ids, item.details["has_ended"]) == ((tool.id,), False)


@pytest.mark.usefixtures("app")
def test_a_disagreement_is_news_when_it_begins_by_the_panel() -> None:
    tool = an_old_tool("alpha")
    for number in range(4):
        review = make_review(tool, make_reviewer(f"r-{number}"), "skip", reviewed_on=date(2026, 8, 1))
        make_revision(review, "ship", until=THURSDAY, reason="It broke.", reviewed_on=date(2026, 8, 1))
    make_votes(tool, ship=range(40), at=LONG_AGO)
    (item,) = items(drafted(), ItemKind.DISAGREEMENT)
    assert item.details["has_ended"] is False


@pytest.mark.usefixtures("app")
def test_a_disagreement_is_news_when_it_ends_by_votes_or_by_the_panel() -> None:
    by_votes = a_disagreement("alpha", LONG_AGO)
    make_votes(by_votes, skip=range(40, 440))
    by_panel = an_old_tool("beta")
    for number in range(4):
        review = make_review(by_panel, make_reviewer(f"r-{number}"), "ship", reviewed_on=date(2026, 8, 1))
        make_revision(review, "skip", until=THURSDAY, reason="It works.", reviewed_on=date(2026, 8, 1))
    make_votes(by_panel, ship=range(40), at=LONG_AGO)
    found = items(drafted(), ItemKind.DISAGREEMENT)
    assert {item.tool_ids: item.details["has_ended"] for item in found} == {(by_votes.id,): True, (by_panel.id,): True}


@pytest.mark.usefixtures("app")
def test_a_disagreement_that_began_last_week_is_no_news_this_week() -> None:
    tool = a_disagreement(voted_at=NOW - timedelta(days=7))
    assert len(items(drafted(LAST_WEEK), ItemKind.DISAGREEMENT)) == 1
    make_votes(tool, ship=range(40, 45))
    draft_nothing()


@pytest.mark.usefixtures("app")
def test_a_disagreement_on_which_nobody_voted_that_week_is_no_news() -> None:
    tool = an_old_tool("alpha")
    make_review(tool, make_reviewer(), "skip")
    make_votes(tool, ship=range(40))
    draft_nothing(LAST_WEEK)


@pytest.mark.usefixtures("app")
@ON_ONE_DATABASE
def test_news_stands_by_category_and_in_each_by_kind() -> None:
    code, chat, _, _ = a_week()
    edition = drafted()
    assert kinds(edition) == [ItemKind.VERDICT_CHANGE, ItemKind.PRICE_MOVE, ItemKind.NEW_TOOL]
    assert [item.category_id for item in items(edition)] == [code.id, code.id, chat.id]


def test_a_busy_week_takes_as_many_statements_as_a_quiet_one(app: Flask, statements: StatementCount) -> None:
    def cost(week: Week) -> int:
        before = len(statements)
        drafted(week)
        return len(statements) - before

    code = make_category("code")
    a_turn(an_old_tool("quiet", code), on=LAST_THURSDAY)
    quiet = cost(LAST_WEEK)
    for number in range(30):
        tool = make_tool(f"new-{number}", category_id=code.id)
        a_turn(tool)
        a_price_move(tool)
        make_votes(tool, ship=range(3))
    assert cost(THIS_WEEK) == quiet


@pytest.mark.usefixtures("app")
@ON_ONE_DATABASE
def test_facts_stay_as_they_were_drafted() -> None:
    a_week()
    edition = drafted()
    before = [item.details for item in items(edition)]
    with writing():
        db.session.execute(sa.text("UPDATE tool SET name = 'Renamed'"))
        db.session.execute(sa.text("UPDATE review SET verdict = 'skip'"))
    assert [item.details for item in items(edition)] == before


@pytest.mark.usefixtures("app")
def test_a_week_has_one_edition() -> None:
    a_week()
    drafted()
    with pytest.raises(EditionExists), writing():
        drafting.draft_edition(THIS_WEEK, NOW)


@pytest.mark.usefixtures("app")
def test_a_cancelled_week_may_be_drafted_again() -> None:
    a_week()
    first = drafted()
    with writing():
        editions.cancel(first.id, NOW)
    second = drafted()
    assert second.id != first.id
    assert editions.get_by_week(THIS_WEEK).id == second.id


def test_of_two_who_draft_at_once_one_does(app: Flask) -> None:
    a_week()
    db.session.remove()
    limit_waiting_writers(8)

    def attempt(_number: int) -> int | str | None:
        with app.app_context():
            try:
                with writing():
                    return drafting.draft_edition(THIS_WEEK, NOW)
            except EditionExists:
                return "too late"

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(attempt, range(4)))
    limit_waiting_writers(1)
    assert results.count("too late") == 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(edition)) == 1


@pytest.mark.usefixtures("app")
@ON_ONE_DATABASE
def test_a_week_that_lies_ahead_cannot_be_drafted() -> None:
    with pytest.raises(WeekInFuture), writing():
        drafting.draft_edition(Week(2026, 48), NOW)


# Drafting when it is due


def run_at(now: datetime) -> Edition | None:
    with writing():
        return scheduling.draft_due_edition(MONDAYS, now)


@pytest.mark.usefixtures("app")
def test_the_edition_is_drafted_at_the_weekly_moment_and_not_before() -> None:
    a_week()
    assert run_at(MONDAY - timedelta(seconds=1)) is None
    assert run_at(MONDAY) is not None
    assert run_at(MONDAY) is None


@pytest.mark.usefixtures("app")
@first_on_both(
    "clock",
    [
        [0, 1, -1, 0, 1],  # to and fro by an hour, as clocks were said to do in autumn
        [-1, 1, 2],  # the moment itself was jumped over, as in spring
        [0, 24 * 6, 0, 24 * 6],
        [0, 24 * 21, 0],  # three weeks ahead and back: those weeks had nothing to tell yet
        [24 * 5],
    ],
    ids=["back", "forward", "late", "far", "slept"],
)
def test_a_clock_that_jumps_about_drafts_one_edition_of_the_week(clock: list[int]) -> None:
    a_week()
    for hours in clock:
        run_at(MONDAY + timedelta(hours=hours))
    found = db.session.execute(sa.select(edition.c.year, edition.c.week)).all()
    assert found == [(2026, 47)]


@pytest.mark.usefixtures("app")
def test_what_an_editor_cancelled_is_not_drafted_again_by_the_timer() -> None:
    a_week()
    due = run_at(MONDAY)
    assert due is not None
    with writing():
        editions.cancel(due.id, MONDAY)
    assert run_at(MONDAY + timedelta(hours=1)) is None


@pytest.mark.usefixtures("app")
def test_an_empty_week_is_asked_again_later_and_drafted_once_it_has_news() -> None:
    tool = an_old_tool("alpha")
    assert run_at(MONDAY) is None
    a_turn(tool)
    assert run_at(MONDAY + timedelta(hours=1)) is not None
    assert week_of(NOW) == THIS_WEEK
