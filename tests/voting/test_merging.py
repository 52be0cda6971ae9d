"""Ballots of two records of one tool become ballots of one: nobody counts twice, and the recount finds nothing."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import example_count
from tests.makers import NOW, make_tool
from tests.voting.world import SHIP, SKIP, crowd, decide, figures, ledger, masses, names, release_all_due, say, standing
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import Tool
from verdicts.extensions import begin_write, db
from verdicts.voting import merging, queries, retention, waiting
from verdicts.voting.models import Occasion, Standing, vote
from verdicts.voting.recount import recount
from verdicts.voting.tallying import Figures, worth

LATER = NOW + timedelta(hours=1)


def merge(keep: int, drop: int, now: Any = LATER) -> None:
    begin_write()
    merging.merge(keep, drop, now)
    db.session.commit()


def ballots(tool_id: int) -> dict[str, Any]:
    rows = db.session.execute(sa.select(vote).where(vote.c.tool_id == tool_id)).all()
    db.session.rollback()
    return {row.voter: row for row in rows}


def test_a_ballot_moves_with_its_standing_its_network_and_its_dates(tool: int, other_tool: int) -> None:
    say(other_tool, "first", SHIP, network="n", allowance=1)
    say(other_tool, "second", SKIP, network="n", allowance=1)
    before = ballots(other_tool)
    merge(tool, other_tool)
    assert figures(tool) == Figures(ship=1, waiting=1)
    assert figures(other_tool) == Figures()
    moved = ballots(tool)
    assert {voter: row[1:] for voter, row in moved.items()} == {voter: row[1:] for voter, row in before.items()}
    assert recount() == []


@pytest.mark.parametrize(
    ("on_kept", "on_dropped", "stands"),
    [
        ((SHIP, NOW), (SKIP, LATER), SKIP),
        ((SHIP, LATER), (SKIP, NOW), SHIP),
        ((SHIP, NOW), (SKIP, NOW), SHIP),
        ((None, LATER), (SKIP, NOW), SKIP),
        ((SHIP, NOW), (None, LATER), SHIP),
        ((None, NOW), (None, LATER), None),
    ],
)
def test_who_judged_both_keeps_what_they_said_last(
    tool: int, other_tool: int, on_kept: tuple[Any, Any], on_dropped: tuple[Any, Any], stands: Verdict | None
) -> None:
    for where, (verdict, at) in ((tool, on_kept), (other_tool, on_dropped)):
        say(where, "ann", Verdict.SHIP if verdict is None else verdict, now=NOW - timedelta(days=1))
        say(where, "ann", SKIP if verdict is SHIP else SHIP, now=NOW - timedelta(hours=2))
        say(where, "ann", verdict, now=at)
    merge(tool, other_tool)
    assert ballots(tool)["ann"].verdict is stands
    assert figures(tool) == worth(stands, Standing.COUNTED)
    assert recount() == []


def test_the_ballot_that_stays_brings_its_own_standing(tool: int, other_tool: int) -> None:
    crowd(other_tool, ["stranger"], SHIP, network="n")
    say(tool, "ann", SHIP)
    say(other_tool, "ann", SKIP, network="n", allowance=1, now=LATER)
    merge(tool, other_tool)
    assert standing(tool, "ann") is Standing.WAITING
    assert figures(tool) == Figures(ship=1, waiting=1)


def test_the_ledger_tells_where_each_ballot_came_from_and_went(tool: int, other_tool: int) -> None:
    say(other_tool, "ann", SHIP)
    merge(tool, other_tool)
    (_, taken), (brought,) = ledger(other_tool), ledger(tool)
    assert {line.occasion for line in (taken, brought)} == {Occasion.MERGED}
    assert (taken.from_verdict, taken.to_verdict) == (SHIP, None)
    assert (brought.from_verdict, brought.to_verdict, brought.voter) == (None, SHIP, "ann")


def test_a_ballot_that_waited_is_released_where_it_moved_and_the_dropped_tool_holds_nothing(
    tool: int, other_tool: int
) -> None:
    crowd(other_tool, names("first", 2), SHIP, network="n", allowance=2)
    crowd(other_tool, names("late", 10), SHIP, network="n", allowance=2)
    merge(tool, other_tool)
    assert release_all_due(NOW + timedelta(days=1)) == waiting.Decided(held=10)
    assert [group.tool_id for group in queries.held_groups(10)] == [tool]
    db.session.rollback()
    assert recount() == []


def test_voters_whose_names_are_forgotten_move_as_figures(tool: int, other_tool: int) -> None:
    crowd(other_tool, names("old", 3), SHIP)
    say(other_tool, "old0002", SKIP)
    say(other_tool, "young", SHIP, now=NOW + timedelta(days=300))
    run_housekeeping(NOW + timedelta(days=400))
    assert set(ballots(other_tool)) == {"young"}
    merge(tool, other_tool, NOW + timedelta(days=400))
    assert (figures(tool), figures(other_tool)) == (Figures(ship=3, skip=1), Figures())
    assert recount() == []


def test_retention_forgets_the_names_on_both_tools(tool: int, other_tool: int) -> None:
    say(other_tool, "ann", SHIP, network="n")
    merge(tool, other_tool)
    run_housekeeping(NOW + timedelta(days=400))
    assert ballots(tool) == ballots(other_tool) == {}
    assert {line.voter for line in ledger(tool) + ledger(other_tool)} == {None}
    assert figures(tool) == Figures(ship=1)
    assert recount() == []


def test_what_was_foreseen_is_what_happens(tool: int, other_tool: int) -> None:
    crowd(tool, names("v", 4), SHIP)
    crowd(other_tool, names("v", 6), SKIP, now=LATER)
    told = merging.foresee(tool, other_tool)
    db.session.rollback()
    merge(tool, other_tool)
    assert (told.moving, told.of_both, told.before, told.after) == (6, 4, Figures(ship=4), figures(tool))
    assert figures(tool) == Figures(skip=6)


def test_a_merged_tool_can_take_in_another_and_be_taken_in(app: Flask) -> None:
    ids = [make_tool(slug).id for slug in ("alpha", "beta", "gamma")]
    db.session.rollback()
    for number, id in enumerate(ids):
        crowd(id, names("v", 3 + number), SHIP)
    merge(ids[1], ids[2])
    merge(ids[0], ids[1])
    assert [figures(id) for id in ids] == [Figures(ship=5), Figures(), Figures()]
    assert recount() == []


def test_thousands_of_ballots_move_in_a_fixed_number_of_statements(tool: int, other_tool: int, statements: Any) -> None:
    masses(tool, names("v", 1500), SHIP, Standing.COUNTED)
    masses(other_tool, names("v", 3000), SKIP, Standing.COUNTED)
    before = len(statements)
    merge(tool, other_tool)
    assert len(statements) - before <= 20
    assert figures(tool) == Figures(ship=1500, skip=1500)
    assert recount() == []


def test_a_ballot_that_waited_for_the_merge_is_cast_for_the_tool_that_stays(
    app: Flask, tool: int, other_tool: int
) -> None:
    begin_write()
    merging.merge(tool, other_tool, LATER)
    db.session.execute(sa.update(Tool).where(Tool.id == other_tool).values(merged_into_id=tool))

    def vote_meanwhile() -> None:
        with app.app_context():
            say(other_tool, "ann", SHIP, now=LATER)
            db.session.remove()

    voter = Thread(target=vote_meanwhile)
    voter.start()
    voter.join(0.3)
    db.session.commit()
    voter.join()
    assert (figures(tool), figures(other_tool)) == (Figures(ship=1), Figures())
    assert recount() == []


VOTERS = names("v", 5)
CASTS = st.tuples(
    st.just("cast"),
    st.integers(0, 1),
    st.sampled_from(VOTERS),
    st.sampled_from([SHIP, SKIP, None]),
    st.sampled_from(["n", None]),
)
DECISIONS = st.tuples(st.just("decide"), st.integers(0, 1), st.sampled_from(VOTERS), st.booleans())
DAYS = st.tuples(st.just("wait"), st.sampled_from([0, 1, 8, 200]))


def test_no_pair_of_a_popular_tool_that_was_merged_away_is_left(
    tool: int, other_tool: int, few_make_popular: None
) -> None:
    rival = make_tool("third-code").id
    db.session.rollback()
    voters = names("reader", 4)
    for each in (other_tool, rival):
        crowd(each, voters, SHIP)
    merge(tool, other_tool)
    assert recount() == []
    assert queries.readers_of_both(tool, rival).both == len(voters)


def test_whatever_was_cast_nobody_counts_twice_and_the_recount_finds_nothing(
    app: Flask, few_make_popular: None
) -> None:
    @settings(max_examples=example_count(40), deadline=None, database=None)
    @given(world=st.lists(st.one_of(CASTS, CASTS, CASTS, DECISIONS, DAYS), max_size=30))
    def check(world: list[Any]) -> None:
        merge_after(world)

    check()


def merge_after(world: list[Any]) -> None:
    tools = [make_tool(f"tool-{next_number()}").id for _ in range(2)]
    db.session.rollback()
    now = live_through(world, tools)
    sums = [figures(tool) for tool in tools]
    on_kept, on_dropped = (ballots(tool) for tool in tools)
    folded = [sums[0] - total(on_kept), sums[1] - total(on_dropped)]

    merge(tools[0], tools[1], now)

    expected = {voter: the_later(on_kept.get(voter), on_dropped.get(voter)) for voter in on_kept | on_dropped}
    after = ballots(tools[0])
    assert {voter: row[1:] for voter, row in after.items()} == {voter: row[1:] for voter, row in expected.items()}
    assert {row.verdict for row in ballots(tools[1]).values()} <= {None}
    assert figures(tools[0]) == total(expected) + folded[0] + folded[1]
    assert figures(tools[1]) == Figures()
    assert recount() == []
    run_housekeeping(now + timedelta(days=400))
    assert not ballots(tools[0]) | ballots(tools[1])
    assert recount() == []


def live_through(world: list[Any], tools: list[int]) -> Any:
    now = NOW
    for what, *details in world:
        if what == "wait":
            now += timedelta(days=details[0], minutes=1)
            run_housekeeping(now)
        elif what == "cast":
            which, voter, verdict, place = details
            say(tools[which], voter, verdict, network=place and f"{place} {now.date()}", allowance=2, now=now)
        else:
            which, voter, is_released = details
            decide(tools[which], {voter}, Standing.COUNTED if is_released else Standing.DISCARDED, now=now)
    return now


def the_later(kept: Any, dropped: Any) -> Any:
    if kept is None or dropped is None:
        return kept or dropped
    if (kept.verdict is None) is not (dropped.verdict is None):
        return kept if dropped.verdict is None else dropped
    return dropped if dropped.changed_at > kept.changed_at else kept


def total(rows: dict[str, Any]) -> Figures:
    return sum((worth(row.verdict, row.standing) for row in rows.values()), Figures())


def next_number() -> int:
    NUMBERS.append(len(NUMBERS))
    return NUMBERS[-1]


NUMBERS: list[int] = []


def run_housekeeping(now: Any) -> None:
    release_all_due(now)
    for step in (retention.blank_networks, retention.fold_voters):
        done: int | None = 0
        while done is not None:
            begin_write()
            done = step(now)
            db.session.commit()
