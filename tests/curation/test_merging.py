"""Two records of one tool become one, and nothing that either held is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.digest.weekly import THIS_WEEK
from tests.makers import (
    NOW,
    TODAY,
    make_category,
    make_comparison,
    make_pick,
    make_plan,
    make_price,
    make_release,
    make_review,
    make_reviewer,
    make_revision,
    make_subscriber,
    make_tool,
    make_votes,
)
from verdicts.catalog import queries, recent_changes, search, search_index
from verdicts.catalog.content_version import content_version
from verdicts.catalog.kinds import PriceModel, ToolState
from verdicts.catalog.merging import CannotMerge, MergedAlready, NoSuchTool, SameTool
from verdicts.catalog.models import Category, CategoryPick, Review, Tool
from verdicts.catalog.prices import place_of
from verdicts.comparisons import featured, related
from verdicts.comparisons.merging import Fate
from verdicts.comparisons.models import Comparison
from verdicts.curation import merging
from verdicts.curation.transfer import existing
from verdicts.curation.transfer.exporting import export
from verdicts.curation.transfer.importing import import_catalog
from verdicts.curation.transfer.reading import read
from verdicts.digest import drafting
from verdicts.digest.models import edition_item
from verdicts.digest.week_activity import WeekVotes, count_votes
from verdicts.extensions import begin_write, db
from verdicts.feedback.models import PriceDoubt, price_doubt
from verdicts.newsletter.models import subscriber_tool
from verdicts.voting.queries import tally_of
from verdicts.voting.recount import recount

LATER = NOW + timedelta(hours=1)
Merge = Callable[..., merging.MergePlan]


@pytest.fixture
def pair(app: Flask) -> tuple[Tool, Tool]:
    """The record that stays, and the one that goes."""
    return make_tool("mistral-code"), make_tool("mistral-vibe", aliases=("le-code",), name="Mistral Vibe")


def merge(keep: Tool, drop: Tool, **fingerprint: str) -> merging.MergePlan:
    keep_id, drop_id = keep.id, drop.id
    db.session.rollback()
    begin_write()
    done = merging.merge(keep_id, drop_id, LATER, **fingerprint).plan
    db.session.commit()
    db.session.expire_all()
    return done


def panel(tool: Tool) -> list[tuple[str, str]]:
    reviews = queries.panels_of([tool.id])[tool.id].reviews
    return [(each.reviewer.slug, each.quote) for each in reviews]


def test_every_address_of_the_dropped_record_leads_to_the_kept_one(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    merge(keep, drop)
    assert (keep.slug, keep.aliases) == ("mistral-code", ["mistral-vibe", "le-code"])
    for slug in ("mistral-code", "mistral-vibe", "le-code"):
        link = queries.find_published_link(slug, LATER)
        assert link
        assert link.id == keep.id


def test_the_dropped_record_is_seen_nowhere_any_more(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    make_votes(drop, ship=range(3))
    version = content_version()
    merge(keep, drop)
    assert (drop.slugs, drop.published_at, drop.archived_at, drop.merged_into_id) == ([], None, LATER, keep.id)
    assert content_version() == version + 1
    assert drop.id not in {tool.id for tool in existing.load().tools.values()}
    hits = search.matching("vibe")
    assert list(db.session.scalars(sa.select(hits.c.tool_id))) == [keep.id]
    search_index.reindex_all()
    assert list(db.session.scalars(sa.select(search.matching("mistral").c.tool_id))) == [keep.id]
    assert "Mistral Vibe" not in export(LATER)


def test_a_reviewers_only_review_moves_with_its_history(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    make_review(keep, builder)
    make_revision(make_review(drop, skeptic, "skip", quote="It loses work."), "ship", TODAY, reason="It broke.")
    merge(keep, drop)
    assert panel(keep) == [("builder", "The Builder on Mistral Code."), ("skeptic", "It loses work.")]
    (change,) = recent_changes.list_latest(LATER, 10)
    assert (change.slug, change.reason) == ("mistral-code", "It broke.")


def test_of_two_reviews_one_stands_and_the_other_becomes_history_in_order_of_dates(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    builder = make_reviewer("builder")
    stands, goes = make_review(keep, builder, "skip"), make_review(drop, builder, "ship", quote="Good.")
    make_revision(stands, "ship", date(2026, 3, 1), reason="It got worse.")
    make_revision(stands, "skip", date(2026, 9, 1), wording_only=True, reason="A typing error.")
    make_revision(goes, "skip", date(2026, 5, 1), reason="It got better.")
    merge(keep, drop)
    (review,) = queries.panels_of([keep.id])[keep.id].reviews
    words = "Two records of one tool were merged; this stood under Mistral Vibe."
    assert [(each.until, each.verdict, each.reason, each.wording_only) for each in review.revisions] == [
        (date(2026, 3, 1), "ship", "It got worse.", False),
        (date(2026, 5, 1), "skip", f"{words} It got better.", True),
        (date(2026, 9, 1), "skip", "A typing error.", True),
        (TODAY, "ship", words, True),
    ]
    assert review.quote == "The Builder on Mistral Code."
    assert [each.until.month for each in db.session.get_one(Review, stands.id).revisions] == [3, 5, 9, 11]


def test_what_the_other_record_said_is_no_change_of_mind(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    builder = make_reviewer("builder")
    make_review(keep, builder, "skip")
    make_review(drop, builder, "ship")
    merge(keep, drop)
    assert recent_changes.list_latest(LATER, 10) == []
    changes = queries.panels_of([keep.id])[keep.id].changes()
    assert [change.verdict_changed for change in changes] == [False]


def test_a_very_long_reason_is_cut_where_the_column_ends(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    builder = make_reviewer("builder")
    make_review(keep, builder)
    make_revision(make_review(drop, builder), "skip", date(2026, 5, 1), reason="Because. " * 55)
    merge(keep, drop)
    (review,) = queries.panels_of([keep.id])[keep.id].reviews
    assert len(review.revisions[0].reason) == 500
    assert review.revisions[0].reason.endswith("…")


@pytest.mark.parametrize("kept_model", [None, "unknown"])
def test_an_unknown_price_gives_way_to_a_known_one_with_its_history(
    pair: tuple[Tool, Tool], kept_model: str | None
) -> None:
    keep, drop = pair
    make_price(keep, "paid", amount=Decimal(5), currency="USD", until=date(2026, 4, 1))
    if kept_model:
        make_price(keep, kept_model)
    make_price(drop, "paid", amount=Decimal(10), currency="USD", until=date(2026, 2, 1))
    make_price(drop, "paid", amount=Decimal(20), currency="USD")
    merge(keep, drop)
    assert [(price.amount, price.until) for price in keep.prices] == [
        (10, date(2026, 2, 1)),
        (5, date(2026, 4, 1)),
        (20, None),
    ]
    db.session.refresh(keep)
    assert keep.price_place == place_of(PriceModel.PAID, Decimal(20), "USD", None)


def test_a_known_price_stands(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    make_price(keep, "free")
    make_price(drop, "paid", amount=Decimal(20), currency="USD")
    assert merge(keep, drop).record.price is None
    assert [price.model for price in keep.prices] == ["free"]


def test_doubts_go_where_the_price_goes_once_a_network(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    make_price(drop, "free")
    for tool, network in ((keep, "a"), (drop, "a"), (drop, "b"), (drop, None)):
        db.session.add(PriceDoubt(tool_id=tool.id, network=network, at=NOW))
    db.session.commit()
    merge(keep, drop)
    rows = db.session.execute(sa.select(price_doubt.c.tool_id, price_doubt.c.network)).all()
    assert sorted(map(str, rows)) == sorted(map(str, [(keep.id, "a"), (keep.id, "b"), (keep.id, None)]))


@ON_ONE_DATABASE
def test_lists_take_what_they_lack_and_facts_only_what_is_asked_for(app: Flask) -> None:
    category = make_category(facts={"license": "Licence", "offline": "Works offline"})
    keep = make_tool("keep", category_id=category.id, facts={"license": "MIT"})
    drop = make_tool("drop", category_id=category.id, facts={"license": "GPL", "offline": "Yes", "colour": "Blue"})
    for tool, names in ((keep, ["Pro"]), (drop, ["Pro", "Team"])):
        for name in names:
            make_plan(tool, name, limit=tool.slug)
            make_release(tool, name)
    done = merge(keep, drop)
    assert (done.record.facts, done.record.plans, done.record.releases) == (("offline",), ("Team",), ("Team",))
    assert [(fact.key, fact.value) for fact in keep.facts] == [("license", "MIT"), ("offline", "Yes")]
    assert [(plan.name, plan.limit) for plan in keep.plans] == [("Pro", "keep"), ("Team", "drop")]
    assert [release.version for release in keep.releases] == ["Pro", "Team"]


@ON_ONE_DATABASE
def test_empty_texts_are_filled_and_others_stay(app: Flask) -> None:
    keep = make_tool("keep", tagline="Mine.")
    drop = make_tool("drop", tagline="Theirs.", website="https://drop.example", launched_on=date(2025, 1, 1))
    assert merge(keep, drop).record.fields == ("website", "launched_on")
    assert (keep.tagline, keep.website, keep.launched_on) == (
        "Mine.",
        "https://drop.example",
        date(2025, 1, 1),
    )


def comparison(id: int) -> tuple[str, list[int], list[tuple[int, str]], bool]:
    row = db.session.get_one(Comparison, id)
    lines = [(line.tool_id, line.when) for line in row.choose_if]
    return row.members_key, [each.tool_id for each in row.members], lines, row.published_at is not None


def test_the_kept_tool_takes_the_place_in_a_comparison(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    other = make_tool("other")
    made = make_comparison(drop, other, choose_if={drop: "you are in a hurry", other: "you are not"}, headline="Two.")
    assert [move.fate for move in merge(keep, drop).comparisons] == [Fate.TAKEN_OVER]
    key = related.members_key([keep.id, other.id])
    lines = [(keep.id, "you are in a hurry"), (other.id, "you are not")]
    assert comparison(made.id) == (key, [keep.id, other.id], lines, True)
    assert [each.names for each in featured.load(LATER, 5)] == [["Mistral Code", "Other"]]


def test_of_two_comparisons_that_would_be_one_the_dropped_tools_is_archived(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    other = make_tool("other")
    stays, goes = make_comparison(keep, other), make_comparison(drop, other)
    before = comparison(stays.id)
    assert [move.fate for move in merge(keep, drop).comparisons] == [Fate.ARCHIVED]
    assert comparison(stays.id) == before
    assert comparison(goes.id)[1:] == ([drop.id, other.id], [], False)
    assert db.session.get_one(Comparison, goes.id).archived_at == LATER


def test_picks_name_the_kept_tool_and_one_that_named_both_has_no_runner_up(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    kind, other = make_category("editors"), make_tool("other")
    for need, first, second in (
        ("first", drop, other),
        ("second", other, drop),
        ("both", drop, keep),
        ("none", other, None),
    ):
        make_pick(kind, need, first, second)
    plan = merging.plan(keep.id, drop.id, NOW)
    assert "3 picks of categories name Mistral Code instead." in merging.sentences(plan)
    ids = keep.id, drop.id
    db.session.rollback()
    begin_write()
    result = merging.merge(*ids, LATER)
    db.session.commit()
    picks = [(pick.need, pick.tool.slug, pick.runner_up and pick.runner_up.slug) for pick in stored_picks(kind.id)]
    assert picks == [
        ("first", "mistral-code", "other"),
        ("second", "other", "mistral-code"),
        ("both", "mistral-code", None),
        ("none", "other", None),
    ]
    assert "category" in [change.kind for change in result.changes]


def stored_picks(category_id: int) -> list[CategoryPick]:
    db.session.expire_all()
    return db.session.get_one(Category, category_id).picks


def test_the_kept_tool_succeeds_what_the_dropped_one_succeeded_but_not_itself(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    old = make_tool("old", state="retired", successor_id=drop.id)
    keep.state, keep.successor_id = ToolState.RENAMED, drop.id
    db.session.commit()
    sentences = merging.sentences(merge(keep, drop))
    assert "1 tool has Mistral Code as successor instead." in sentences
    assert "Mistral Code no longer has Mistral Vibe as its successor." in sentences
    assert (old.successor_id, keep.successor_id, keep.state) == (keep.id, None, "renamed")


def test_a_comparison_of_the_two_themselves_is_archived(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    made = make_comparison(keep, drop)
    merge(keep, drop)
    assert not comparison(made.id)[3]


def test_where_three_hold_both_the_dropped_one_leaves_unless_the_rest_are_compared_already(
    pair: tuple[Tool, Tool],
) -> None:
    keep, drop = pair
    other, third = make_tool("other"), make_tool("third")
    left = make_comparison(keep, drop, other, choose_if={drop: "never", keep: "always"})
    make_comparison(keep, third)
    archived = make_comparison(keep, drop, third)
    collides = make_comparison(drop, other)
    fates = {move.id: move.fate for move in merge(keep, drop).comparisons}
    assert fates == {left.id: Fate.LEFT, archived.id: Fate.ARCHIVED, collides.id: Fate.ARCHIVED}
    key = related.members_key([keep.id, other.id])
    assert comparison(left.id) == (key, [keep.id, other.id], [(keep.id, "always")], True)


def test_followers_follow_the_kept_tool_once(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    make_subscriber("ann@example.org", follows=[keep, drop])
    make_subscriber("bob@example.org", follows=[drop])
    assert merge(keep, drop).followers == 1
    assert list(db.session.scalars(sa.select(subscriber_tool.c.tool_id))) == [keep.id] * 2


def test_news_in_drafts_names_the_kept_tool(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    make_comparison(keep, drop)
    begin_write()
    drafting.draft_edition(THIS_WEEK, NOW)
    db.session.commit()
    assert merge(keep, drop).drafted == 2
    named = list(db.session.scalars(sa.select(edition_item.c.tool_ids).order_by(edition_item.c.id)))
    assert [keep.id] in named
    assert drop.id not in {id for ids in named for id in ids}


def test_votes_of_both_are_votes_of_one_and_moving_them_is_no_news(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    make_votes(keep, ship=range(4))
    make_votes(drop, skip=range(3, 6))
    merge(keep, drop)
    assert (tally_of(keep.id).ship, tally_of(keep.id).skip) == (4, 2)
    assert count_votes(THIS_WEEK, LATER) == {keep.id: WeekVotes(ship=3, skip=3)}
    db.session.rollback()
    assert recount() == []


def test_the_first_publication_of_either_record_is_that_of_the_tool(app: Flask) -> None:
    keep = make_tool("keep", published_at=None)
    drop = make_tool("drop", first_published_at=NOW - timedelta(days=90))
    merge(keep, drop)
    assert (keep.published_at, keep.first_published_at) == (None, NOW - timedelta(days=90))


# What is refused


@pytest.mark.parametrize(("keep", "drop", "why"), [(0, 0, SameTool), (0, None, NoSuchTool), (None, 1, NoSuchTool)])
@ON_ONE_DATABASE
def test_it_takes_two_tools(
    pair: tuple[Tool, Tool], keep: int | None, drop: int | None, why: type[CannotMerge]
) -> None:
    ids = [tool.id for tool in pair]
    with pytest.raises(why):
        merging.plan(999 if keep is None else ids[keep], 999 if drop is None else ids[drop], NOW)


def test_a_record_that_was_merged_is_never_merged_again(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    third = make_tool("third")
    merge(keep, drop)
    for one, other in ((keep, drop), (drop, keep), (third, drop), (drop, third)):
        with pytest.raises(MergedAlready, match="Mistral Vibe was merged"):
            merge(one, other)


def test_of_two_who_merge_at_once_the_second_is_refused(app: Flask, pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    third = make_tool("third")
    keep_id, drop_id, third_id = keep.id, drop.id, third.id
    db.session.rollback()
    begin_write()
    merging.merge(keep_id, drop_id, LATER)
    refused: list[str] = []

    def merge_meanwhile() -> None:
        with app.app_context():
            begin_write()
            try:
                merging.merge(third_id, drop_id, LATER)
            except MergedAlready as refusal:
                refused.append(str(refusal))
            db.session.remove()

    other = Thread(target=merge_meanwhile)
    other.start()
    other.join(0.3)
    db.session.commit()
    other.join()
    assert refused == ["Mistral Vibe was merged into another tool in the meantime, so nothing was changed."]


def test_a_chain_of_merges_leads_to_the_last_tool_at_once(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    last = make_tool("last")
    merge(keep, drop)
    merge(last, keep)
    assert (drop.merged_into_id, keep.merged_into_id) == (last.id, last.id)
    assert set(last.aliases) == {"mistral-code", "mistral-vibe", "le-code"}


def test_nothing_happens_where_the_plan_is_another_one_by_now(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    shown = merging.plan(keep.id, drop.id, NOW).fingerprint
    make_review(drop, make_reviewer())
    with pytest.raises(merging.PlanChanged) as changed:
        merge(keep, drop, plan_fingerprint=shown)
    db.session.rollback()
    assert drop.merged_into_id is None
    assert merge(keep, drop, plan_fingerprint=changed.value.plan.fingerprint).reviews


def test_votes_and_followers_that_come_meanwhile_change_no_fingerprint(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    shown = merging.plan(keep.id, drop.id, NOW)
    make_votes(drop, ship=range(5))
    make_subscriber(follows=[drop])
    now = merging.plan(keep.id, drop.id, NOW)
    assert now.fingerprint == shown.fingerprint
    assert replace(now, ballots=shown.ballots, followers=shown.followers) == shown


def test_a_plan_takes_a_fixed_number_of_statements(pair: tuple[Tool, Tool], statements: Any) -> None:
    keep, drop = pair
    for number in range(3):
        make_review(drop, make_reviewer(f"r{number}"))
        make_comparison(drop, make_tool(f"t{number}"))
    ids = keep.id, drop.id
    before = len(statements)
    merging.plan(*ids, NOW)
    assert len(statements) - before == 17


def test_what_was_merged_can_be_exported_and_imported_and_changes_nothing(pair: tuple[Tool, Tool]) -> None:
    keep, drop = pair
    builder = make_reviewer("builder")
    make_review(keep, builder, "skip")
    twice = make_review(drop, builder, "ship")
    make_revision(twice, "skip", date(2026, 5, 1))
    make_revision(twice, "skip", date(2026, 5, 1), reason="Said again.")
    merge(keep, drop)
    text = export(LATER)
    db.session.rollback()
    begin_write()
    assert not import_catalog(read(text.encode(), "export.json"), LATER).changed_anything
