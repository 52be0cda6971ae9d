"""Who the panel puts ahead, against a model that was written without looking at the code."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.comparisons.voices import NAMES, panel, reviewer
from tests.makers import TODAY
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import Panel, PanelReview
from verdicts.comparisons.panel_lead import PanelOutcome, is_split, panel_lead

DAYS = st.one_of(st.none(), st.integers(-400, 1).map(lambda days: TODAY + timedelta(days)))
REVIEWS = st.tuples(st.sampled_from(Verdict), DAYS)
SAID = st.dictionaries(st.sampled_from([*NAMES, "fifth", "sixth"]), REVIEWS)
Said = dict[str, tuple[Verdict, date | None]]


def panel_of(said: Said) -> Panel:
    return Panel(tuple(PanelReview(reviewer(name), verdict, reviewed_on=on) for name, (verdict, on) in said.items()))


def model(first: Said, second: Said) -> tuple[set[str], int, int, set[str], set[str]]:
    """Count one reviewer at a time: who judged both lately, and which of the two each of them ships."""
    judged, counts, only = set(), [0, 0], (set[str](), set[str]())
    for name in [*NAMES, "fifth", "sixth"]:
        if name not in first or name not in second:
            continue
        days = [on for _, on in (first[name], second[name]) if on is not None]
        if any((TODAY - on).days > 180 for on in days):
            continue
        judged.add(name)
        ships = [side[name][0] == "ship" for side in (first, second)]
        counts[0] += ships[0]
        counts[1] += ships[1]
        if ships == [True, False]:
            only[0].add(name)
        if ships == [False, True]:
            only[1].add(name)
    return judged, counts[0], counts[1], only[0], only[1]


@given(SAID, SAID)
def test_the_lead_is_what_counting_one_by_one_gives(first: Said, second: Said) -> None:
    lead = panel_lead(panel_of(first), panel_of(second), TODAY)
    judged, ship_first, ship_second, only_first, only_second = model(first, second)
    assert {each.slug for each in lead.judged_both} == judged
    assert (lead.ship_first, lead.ship_second) == (ship_first, ship_second)
    assert {each.slug for each in lead.only_first} == only_first
    assert {each.slug for each in lead.only_second} == only_second
    assert lead.margin == abs(len(only_first) - len(only_second))


@given(SAID, SAID)
def test_one_is_ahead_exactly_when_more_reviewers_ship_only_it(first: Said, second: Said) -> None:
    _, _, _, only_first, only_second = model(first, second)
    outcome = panel_lead(panel_of(first), panel_of(second), TODAY).outcome
    assert (outcome is PanelOutcome.FIRST_AHEAD) == (len(only_first) > len(only_second))
    assert (outcome is PanelOutcome.SECOND_AHEAD) == (len(only_second) > len(only_first))


@given(SAID, SAID)
def test_exchanging_the_tools_exchanges_the_lead(first: Said, second: Said) -> None:
    one, other = (panel_lead(panel_of(a), panel_of(b), TODAY) for a, b in ((first, second), (second, first)))
    exchanged = {
        PanelOutcome.FIRST_AHEAD: PanelOutcome.SECOND_AHEAD,
        PanelOutcome.SECOND_AHEAD: PanelOutcome.FIRST_AHEAD,
        PanelOutcome.ONLY_FIRST_REVIEWED: PanelOutcome.ONLY_SECOND_REVIEWED,
        PanelOutcome.ONLY_SECOND_REVIEWED: PanelOutcome.ONLY_FIRST_REVIEWED,
    }
    assert other.outcome is exchanged.get(one.outcome, one.outcome)
    assert {each.slug for each in one.deciders} == {each.slug for each in other.deciders}


@given(SAID, SAID)
def test_old_reviews_decide_nothing(first: Said, second: Said) -> None:
    def recent(said: Said) -> Said:
        return {name: (v, on) for name, (v, on) in said.items() if on is None or TODAY - on <= timedelta(days=180)}

    with_old, without = (
        panel_lead(panel_of(a), panel_of(b), TODAY) for a, b in ((first, second), (recent(first), recent(second)))
    )
    assert (with_old.judged_both, with_old.margin, with_old.deciders) == (
        without.judged_both,
        without.margin,
        without.deciders,
    )
    assert with_old.outcome is without.outcome or (with_old.reason_for_none and without.reason_for_none)


@pytest.mark.parametrize(("days", "decides"), [(180, True), (181, False)])
def test_a_review_decides_for_180_days(days: int, decides: bool) -> None:
    on = (TODAY - timedelta(days)).isoformat()
    lead = panel_lead(panel(founder=f"ship {on}"), panel(founder="skip"), TODAY)
    assert (lead.outcome is PanelOutcome.FIRST_AHEAD) == decides


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ({}, {}, PanelOutcome.NOT_REVIEWED),
        ({"builder": "ship"}, {"skeptic": "ship"}, PanelOutcome.NOBODY_JUDGED_BOTH),
        ({"builder": "ship"}, {}, PanelOutcome.ONLY_FIRST_REVIEWED),
        ({}, {"skeptic": "skip"}, PanelOutcome.ONLY_SECOND_REVIEWED),
        ({"builder": "ship 2026-01-01"}, {"builder": "ship"}, PanelOutcome.TOO_OLD),
        ({"builder": "ship"}, {"builder": "ship"}, PanelOutcome.SHIPS_BOTH),
        ({"builder": "skip"}, {"builder": "skip"}, PanelOutcome.SKIPS_BOTH),
        ({"builder": "ship", "skeptic": "skip"}, {"builder": "ship", "skeptic": "skip"}, PanelOutcome.LEVEL),
        ({"builder": "ship", "skeptic": "skip"}, {"builder": "skip", "skeptic": "ship"}, PanelOutcome.LEVEL),
        ({"builder": "ship"}, {"builder": "skip"}, PanelOutcome.FIRST_AHEAD),
        ({"builder": "skip"}, {"builder": "ship"}, PanelOutcome.SECOND_AHEAD),
    ],
)
def test_each_outcome(first: dict[str, str], second: dict[str, str], outcome: PanelOutcome) -> None:
    assert panel_lead(panel(**first), panel(**second), TODAY).outcome is outcome


def test_nobody_decides_where_voices_on_both_sides_weigh_against_each_other() -> None:
    first = panel(builder="ship", skeptic="ship", founder="skip")
    second = panel(builder="skip", skeptic="skip", founder="ship")
    lead = panel_lead(first, second, TODAY)
    assert (lead.outcome, lead.margin, lead.deciders) == (PanelOutcome.FIRST_AHEAD, 1, ())


def test_a_reviewer_who_ships_one_and_skips_another_is_split() -> None:
    panels = [panel(builder="ship", skeptic="ship"), panel(builder="skip"), panel(skeptic="ship")]
    assert is_split(reviewer("builder"), panels)
    assert not is_split(reviewer("skeptic"), panels)
    assert not is_split(reviewer("founder"), panels)
