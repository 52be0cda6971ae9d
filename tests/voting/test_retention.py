"""What is forgotten when, and that the figures survive it."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.makers import NOW
from tests.voting.world import SHIP, SKIP, crowd, figures, ledger, names, release_all_due, rows, say, standing
from verdicts.extensions import begin_write, db
from verdicts.voting.models import Occasion, Standing, network_key, vote, vote_event
from verdicts.voting.networks import key_of_day, network_hash
from verdicts.voting.recount import recount
from verdicts.voting.retention import blank_networks, destroy_network_keys, fold_voters
from verdicts.voting.tallying import Figures
from verdicts.voting.voters import VOTER_KEPT

DAY = timedelta(days=1)
A_WEEK_LATER = datetime(2026, 11, 29, tzinfo=UTC)
SECOND = timedelta(seconds=1)
AFTER_VOTERS_TIME = NOW + VOTER_KEPT + SECOND


def forget_networks(now: datetime, at_most: int = 500) -> int:
    blanked = 0
    while True:
        begin_write()
        done = blank_networks(now, at_most)
        db.session.commit()
        if done is None:
            return blanked
        blanked += done


def fold(now: datetime, at_most: int = 500) -> int:
    folded = 0
    while True:
        begin_write()
        done = fold_voters(now, at_most)
        db.session.commit()
        if done is None:
            return folded
        folded += done


def networks_known() -> int:
    known = [sa.select(sa.func.count()).where(table.c.network.is_not(None)) for table in (vote, vote_event)]
    count = sum(db.session.scalar(each) or 0 for each in known)
    db.session.rollback()
    return count


@pytest.mark.parametrize(("now", "destroyed"), [(A_WEEK_LATER - SECOND, 0), (A_WEEK_LATER, 1)])
def test_a_days_key_is_destroyed_when_the_day_began_a_week_ago(tool: int, now: datetime, destroyed: int) -> None:
    begin_write()
    key_of_day(db.session.connection(), NOW.date())
    key_of_day(db.session.connection(), NOW.date() + DAY)
    assert destroy_network_keys(now) == destroyed
    db.session.commit()
    assert rows(network_key) == 2 - destroyed


@pytest.mark.parametrize(("now", "blanked"), [(A_WEEK_LATER - SECOND, 0), (A_WEEK_LATER, 4)])
def test_networks_are_blanked_with_their_key(tool: int, now: datetime, blanked: int) -> None:
    begin_write()
    network = network_hash(db.session.connection(), "203.0.113.7", NOW)
    db.session.commit()
    crowd(tool, ["ann", "ben"], SHIP, network=network)
    say(tool, "cat", SHIP, network="tomorrow's", now=NOW + DAY)
    assert forget_networks(now) == blanked
    assert networks_known() == 6 - blanked
    assert recount() == []


def test_networks_are_blanked_in_batches_across_tools(tool: int, other_tool: int) -> None:
    crowd(tool, names("a", 7), SHIP, network="n1")
    crowd(other_tool, names("b", 7), SHIP, network="n1")
    assert forget_networks(A_WEEK_LATER, at_most=3) == 28
    assert networks_known() == 0


def test_a_ballot_whose_network_is_forgotten_may_still_be_changed(tool: int) -> None:
    crowd(tool, ["ann", "ben"], SHIP, network="n1", allowance=1)
    release_all_due(NOW + DAY)
    forget_networks(A_WEEK_LATER)
    assert say(tool, "ben", SKIP, network="n9", now=A_WEEK_LATER).community.skip == 1
    assert db.session.scalars(sa.select(vote.c.network)).all() == [None, None]


def test_decisions_keep_no_network(tool: int) -> None:
    crowd(tool, names("bot", 12), SHIP, network="n1", allowance=0)
    release_all_due(NOW + DAY)
    assert {line.network for line in ledger(tool) if line.occasion is Occasion.HELD} == {None}


def test_voters_are_folded_after_their_time_and_the_figures_stay(tool: int) -> None:
    crowd(tool, ["ann", "ben"], SHIP)
    say(tool, "cat", SKIP, now=NOW + DAY)
    assert fold(NOW + VOTER_KEPT) == 0
    assert fold(AFTER_VOTERS_TIME) == 2
    assert figures(tool) == Figures(ship=2, skip=1)
    assert [line.voter for line in ledger(tool)] == [None, None, "cat"]
    assert rows(vote) == 1
    assert recount() == []


def test_a_voter_who_spoke_again_is_kept_longer(tool: int) -> None:
    say(tool, "ann", SHIP)
    say(tool, "ann", SKIP, now=NOW + 30 * DAY)
    assert fold(AFTER_VOTERS_TIME) == 0
    assert fold(AFTER_VOTERS_TIME + 30 * DAY) == 1
    assert figures(tool) == Figures(skip=1)


def test_a_voter_is_folded_for_one_tool_and_known_for_another(tool: int, other_tool: int) -> None:
    say(tool, "ann", SHIP)
    say(other_tool, "ann", SHIP, now=NOW + 30 * DAY)
    assert fold(AFTER_VOTERS_TIME) == 1
    assert standing(other_tool, "ann") is Standing.COUNTED
    assert {line.voter for line in ledger(other_tool)} == {"ann"}


def test_what_no_editor_decided_is_discarded_when_it_is_folded(tool: int) -> None:
    crowd(tool, names("bot", 12), SHIP, network="n1", allowance=2)
    release_all_due(NOW + DAY)
    assert fold(AFTER_VOTERS_TIME) == 12
    assert figures(tool) == Figures(ship=2, discarded=10)
    assert recount() == []


def test_folding_goes_on_in_batches_until_nothing_is_left(tool: int, other_tool: int) -> None:
    crowd(tool, names("a", 7), SHIP)
    crowd(other_tool, names("b", 7), SKIP)
    assert fold(AFTER_VOTERS_TIME, at_most=3) == 14
    assert (figures(tool), figures(other_tool)) == (Figures(ship=7), Figures(skip=7))
    assert recount() == []
