"""The timeline's geometry: every line within the picture, in order, and saying what the words say."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.comparisons.voices import NAMES, panel, reviewer
from tests.makers import TODAY
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import Panel, PanelReview, Revision
from verdicts.web.timeline import MAX_TICKS, OVAL_WIDTH, Timeline, draw_timeline

END = 100 - OVAL_WIDTH


def drawn(found: Panel, today: date = TODAY) -> Timeline:
    line = draw_timeline(found, today)
    assert line is not None
    return line


def history(*states: tuple[str, str]) -> Panel:
    """Return a panel of one, who said these verdicts from these days on."""
    dated = [(Verdict(verdict), date.fromisoformat(day)) for verdict, day in states]
    untils = [day for _, day in dated[1:]]
    revisions = tuple(
        Revision(verdict, "", day, until, "", wording_only=False)
        for (verdict, day), until in zip(dated, untils, strict=False)
    )
    return Panel((PanelReview(reviewer("founder"), dated[-1][0], reviewed_on=dated[-1][1], revisions=revisions),))


DAYS = st.integers(0, 2_000).map(lambda days: TODAY - timedelta(days))
STATES = st.lists(DAYS, min_size=1, max_size=5, unique=True).map(sorted)


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    reviews = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        days = draw(STATES)
        verdicts = [draw(st.sampled_from(Verdict)) for _ in days]
        pairs = zip(verdicts, days, days[1:], strict=False)
        revisions = tuple(Revision(verdict, "", day, until, "", wording_only=False) for verdict, day, until in pairs)
        reviews.append(PanelReview(reviewer(name), verdicts[-1], reviewed_on=days[-1], revisions=revisions))
    return Panel(tuple(reviews))


@given(panels())
def test_every_line_lies_within_the_picture_and_follows_the_one_before(found: Panel) -> None:
    for row in drawn(found).rows:
        assert row.spans[-1].end == 100
        for span in row.spans:
            assert 0 <= span.start <= END
            assert span.start < span.end
        for one, other in zip(row.spans, row.spans[1:], strict=False):
            assert one.end == other.start
            assert one.verdict is not other.verdict


@given(panels())
def test_marks_of_months_lie_within_the_picture_in_order_and_are_few(found: Panel) -> None:
    ticks = [tick.at for tick in drawn(found).ticks]
    assert 1 <= len(ticks) <= MAX_TICKS
    assert ticks == sorted(ticks)
    assert all(0 <= at <= END for at in ticks)


@given(panels())
def test_the_words_name_every_verdict_that_is_drawn(found: Panel) -> None:
    line = drawn(found)
    assert line.words.count(" from ") == sum(len(row.spans) for row in line.rows)
    assert [row.name for row in line.rows] == [review.reviewer.label for review in found.reviews]


def test_a_verdict_stands_where_its_day_lies_between_the_first_and_today() -> None:
    line = drawn(history(("skip", (TODAY - timedelta(200)).isoformat()), ("ship", (TODAY - timedelta(50)).isoformat())))
    first, second = line.rows[0].spans
    assert (first.verdict, first.start) == ("skip", 0)
    assert (second.verdict, second.start) == ("ship", pytest.approx(0.75 * END))


def test_a_short_history_is_drawn_on_ninety_days() -> None:
    line = drawn(panel(founder=f"ship {TODAY - timedelta(9)}"))
    assert line.rows[0].spans[0].start == pytest.approx(0.9 * END)


def test_a_review_of_today_does_not_stand_outside() -> None:
    assert drawn(panel(founder="ship")).rows[0].spans[0].start == END


def test_the_words_tell_the_same() -> None:
    line = drawn(history(("skip", "2026-01-05"), ("ship", "2026-06-01")))
    assert line.words == "The Founder: SKIP from 5 Jan 2026, then SHIP from 1 Jun 2026"


def test_the_same_verdict_again_goes_on_as_one_line() -> None:
    assert len(drawn(history(("ship", "2026-01-05"), ("ship", "2026-06-01"))).rows[0].spans) == 1


def test_without_a_dated_review_there_is_nothing_to_draw() -> None:
    undated = PanelReview(reviewer("founder"), Verdict.SHIP)
    assert draw_timeline(Panel(()), TODAY) is None
    assert draw_timeline(Panel((undated,)), TODAY) is None


def test_a_review_whose_date_is_only_known_of_an_earlier_verdict_is_no_empty_drawing() -> None:
    earlier = Revision(Verdict.SKIP, "", date(2026, 1, 5), date(2026, 6, 1), "", wording_only=False)
    line = draw_timeline(Panel((PanelReview(reviewer("founder"), Verdict.SHIP, revisions=(earlier,)),)), TODAY)
    assert line is None or line.rows


def test_an_undated_review_has_no_line() -> None:
    undated = PanelReview(reviewer("founder"), Verdict.SHIP)
    line = drawn(Panel((*panel(builder="ship").reviews, undated)))
    assert [row.name for row in line.rows] == ["Builder"]


def test_what_stood_in_another_record_neither_turns_a_line_nor_leads_it_back() -> None:
    said = history(("ship", "2026-01-05"), ("skip", "2026-05-04")).reviews[0]
    for day in (date(2025, 3, 1), date(2026, 8, 1)):
        beside = Revision(Verdict.SHIP, "", day, TODAY, "", wording_only=True)
        (row,) = drawn(Panel((replace(said, revisions=(*said.revisions, beside)),))).rows
        assert [span.verdict for span in row.spans] == ["ship", "skip"]
