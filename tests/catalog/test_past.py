"""What stood on a day, against editors' acts that are played back one by one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.comparisons.voices import reviewer
from tests.makers import TODAY
from verdicts.catalog.kinds import PriceModel, Verdict
from verdicts.catalog.past import panel_on, price_on, turned_on
from verdicts.catalog.prices import UNKNOWN_PRICE, Price
from verdicts.catalog.reviews import Panel, PanelReview, Revision

# What editors did, oldest first: the day, and the verdict, the new quote or the price of that day on.
DAYS = st.lists(st.integers(0, 60), min_size=1, max_size=6).map(sorted)
SINCE = TODAY - timedelta(days=60)


def day(number: int) -> date:
    return SINCE + timedelta(days=number)


@st.composite
def edited_reviews(draw: st.DrawFn) -> tuple[list[tuple[date, Verdict, str]], PanelReview]:
    """Return the acts, and the review with its history as they leave it."""
    acts = [
        (day(number), draw(st.sampled_from(Verdict)), f"Version {index}") for index, number in enumerate(draw(DAYS))
    ]
    first_on, verdict, quote = acts[0]
    current = PanelReview(reviewer("founder"), verdict, quote, first_on)
    for on, verdict, quote in acts[1:]:
        wording_only = verdict is current.verdict and draw(st.booleans())
        assert current.reviewed_on
        ended = Revision(current.verdict, current.quote, current.reviewed_on, on, "It changed.", wording_only)
        current = PanelReview(current.reviewer, verdict, quote, on, revisions=(*current.revisions, ended))
    return acts, current


@given(st.lists(edited_reviews(), min_size=1, max_size=3), st.integers(-5, 65))
def test_a_panel_on_a_day_is_what_the_acts_up_to_it_left(
    edited: list[tuple[list[tuple[date, Verdict, str]], PanelReview]], number: int
) -> None:
    expected = []
    for acts, _ in edited:
        state = None
        for on, verdict, quote in acts:
            if on <= day(number):
                state = (verdict, quote)
        expected += [state] if state else []
    panel = panel_on(Panel(tuple(review for _, review in edited)), day(number))
    assert [(review.verdict, review.quote) for review in panel.reviews] == expected


@given(DAYS, st.integers(-5, 65))
def test_a_price_on_a_day_is_what_the_acts_up_to_it_left(numbers: list[int], number: int) -> None:
    acts = [(day(each), Price(PriceModel.PAID, checked_on=day(each), reason=str(n))) for n, each in enumerate(numbers)]
    expected, past = UNKNOWN_PRICE.reason, []
    current = acts[0][1]
    for on, price in acts:
        if on <= day(number):
            expected = price.reason
        if price is not current:
            past.append(Price(current.model, checked_on=current.checked_on, until=on, reason=current.reason))
            current = price
    assert price_on(past, current, TODAY, day(number)).reason == expected


def test_what_another_record_of_the_tool_said_stood_on_no_day_here() -> None:
    merged = Revision(Verdict.SKIP, "Elsewhere.", day(5), day(40), "Merged.", wording_only=True)
    review = PanelReview(reviewer("founder"), Verdict.SHIP, "Here.", day(10), revisions=(merged,))
    assert [each.quote for each in panel_on(Panel((review,)), day(20)).reviews] == ["Here."]
    assert panel_on(Panel((review,)), day(9)).reviews == ()


def test_a_price_that_ended_before_the_tool_came_here_stood_until_then() -> None:
    old, now = Price(PriceModel.PAID, until=day(20)), Price(PriceModel.FREE, checked_on=day(50))
    days = [price_on([old], now, TODAY, day(number)) for number in (18, 19, 20, 60)]
    assert days == [UNKNOWN_PRICE, old, now, now]


def turned(*voices: str) -> int | None:
    """Return on which day a panel turned. Each voice is its verdicts with the days they began on: "ship 0 skip 5"."""
    reviews = []
    for number, words in enumerate(voices):
        verdicts, days = words.split()[::2], [day(int(each)) for each in words.split()[1::2]]
        earlier = tuple(
            Revision(Verdict(verdict), "", days[index], days[index + 1], "It changed.", wording_only=False)
            for index, verdict in enumerate(verdicts[:-1])
        )
        reviews.append(PanelReview(reviewer(f"r{number}"), Verdict(verdicts[-1]), "", days[-1], revisions=earlier))
    on = turned_on(Panel(tuple(reviews)))
    return on and (on - SINCE).days


@pytest.mark.parametrize(
    ("voices", "on"),
    [
        (["skip 0 ship 5", "skip 0 ship 9", "ship 0"], 5),
        (["skip 0 ship 5", "skip 0 ship 9", "skip 0", "ship 0"], 9),  # over a level one
        (["ship 0 skip 5 ship 9"], 9),
        (["skip 0 ship 5", "ship 0", "ship 0"], None),  # it never was the other way
        (["ship 0 skip 5 ship 9", "ship 0"], None),  # level for a while
        (["skip 0 ship 5", "skip 0"], None),  # and now level
        (["skip 0 ship 5", "skip 0", "ship 9"], None),  # a new review made the majority
        (["skip 0", "ship 3"], None),
        ([], None),
    ],
)
def test_a_panel_turned_when_changes_made_its_majority_the_opposite(voices: list[str], on: int | None) -> None:
    assert turned(*voices) == on
