"""The panel's count, ages and history."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.comparisons.voices import panel, reviewer
from tests.makers import TODAY
from verdicts.catalog.kinds import ReviewerKind, Verdict
from verdicts.catalog.reviews import Panel, PanelReview, ReviewerSummary, Revision, changes_of, reviewers_of


def review(verdict: str = "ship", *revisions: Revision, on: date | None = TODAY) -> PanelReview:
    return PanelReview(reviewer("founder"), Verdict(verdict), reviewed_on=on, revisions=revisions)


def before(verdict: str, until: str, *, wording_only: bool = False) -> Revision:
    return Revision(Verdict(verdict), "Before.", None, date.fromisoformat(until), "It changed.", wording_only)


def test_a_panel_counts_those_who_spoke() -> None:
    found = panel(builder="ship", skeptic="ship", futurist="skip", founder="ship")
    assert (found.ship, found.total, found.percent) == (3, 4, 75)


def test_a_panel_that_is_silent_has_no_percentage() -> None:
    assert (panel().total, panel().percent, panel().oldest) == (0, None, None)


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_percentage_is_rounded_halves_up(ship: int, skip: int) -> None:
    if not ship + skip:
        return
    said = [("ship", n) for n in range(ship)] + [("skip", n) for n in range(skip)]
    found = Panel(tuple(PanelReview(reviewer(f"{word}-{n}"), Verdict(word)) for word, n in said))
    hundredfold = 100 * ship
    whole, rest = divmod(hundredfold, ship + skip)
    assert found.percent == (whole + 1 if 2 * rest >= ship + skip else whole)


def test_the_oldest_review_is_the_oldest_that_is_dated() -> None:
    found = Panel((review(on=None), *panel(builder="ship 2026-02-03", skeptic="ship 2026-01-05").reviews))
    assert (found.oldest, found.undated) == (date(2026, 1, 5), 1)


def test_voices_are_told_apart() -> None:
    reviewers = [ReviewerSummary(str(n), str(n), kind) for n, kind in enumerate(["ai", "ai", "human", "unstated"])]  # type: ignore[arg-type]
    found = Panel(tuple(PanelReview(each, Verdict.SHIP) for each in reviewers))
    assert [found.voices(kind) for kind in (ReviewerKind.AI, ReviewerKind.HUMAN, ReviewerKind.UNSTATED)] == [2, 1, 1]


@pytest.mark.parametrize(("days", "is_old"), [(0, False), (180, False), (181, True)])
def test_a_review_is_old_after_180_days(days: int, is_old: bool) -> None:
    assert review(on=TODAY - timedelta(days)).is_old(TODAY) is is_old


def test_an_undated_review_is_not_called_old() -> None:
    assert not review(on=None).is_old(TODAY)


def test_history_goes_from_each_verdict_to_the_next() -> None:
    found = Panel((review("ship", before("ship", "2026-01-01"), before("skip", "2026-05-01")),))
    assert [(change.on.isoformat(), change.ended.verdict, change.new_verdict) for change in found.changes()] == [
        ("2026-05-01", "skip", "ship"),
        ("2026-01-01", "ship", "skip"),
    ]


def test_a_correction_of_wording_changes_no_verdict() -> None:
    (change,) = Panel((review("ship", before("ship", "2026-01-01", wording_only=True)),)).changes()
    assert not change.verdict_changed


def test_what_stood_in_another_record_turns_no_verdict_and_hides_no_change() -> None:
    said = review("skip", before("ship", "2026-01-01"), before("ship", "2026-03-01", wording_only=True))
    turned, beside = changes_of(said)
    assert (turned.verdict_changed, turned.new_verdict) == (True, Verdict.SKIP)
    assert (beside.verdict_changed, beside.ended.verdict) == (False, Verdict.SHIP)


def test_reviewers_come_once_and_in_the_panels_order() -> None:
    found = reviewers_of([panel(builder="ship", founder="ship"), panel(skeptic="skip", builder="skip")])
    assert [each.slug for each in found] == ["builder", "founder", "skeptic"]


def test_a_gap_in_one_panel_does_not_change_the_order() -> None:
    reviewers = [
        ReviewerSummary(slug, slug, position=number) for number, slug in enumerate(["builder", "founder", "skeptic"])
    ]
    builder, founder, skeptic = (PanelReview(each, Verdict.SHIP) for each in reviewers)
    assert reviewers_of([Panel((founder, skeptic)), Panel((builder, founder, skeptic))]) == reviewers


@pytest.mark.parametrize(
    ("name", "label", "mention"), [("The Founder", "Founder", "the Founder"), ("Ada", "Ada", "Ada")]
)
def test_how_a_reviewer_is_called(name: str, label: str, mention: str) -> None:
    summary = ReviewerSummary("x", name)
    assert (summary.label, summary.mention) == (label, mention)
