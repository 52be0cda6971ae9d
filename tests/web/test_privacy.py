"""The privacy page tells of what is kept, wherever it is kept."""

from tests.web.visitor import Visitor


def test_what_is_typed_behind_the_log_in_is_said_to_stay_in_that_browser(visitor: Visitor) -> None:
    words = " ".join("".join(visitor.reads("/privacy").main.itertext()).split())
    assert "such as a subscriber’s address, stays in their own browser until it is saved or they log out" in words


def test_counting_views_and_searches_is_told_with_its_times(visitor: Visitor) -> None:
    words = visitor.reads("/privacy").words
    assert "These are totals: without your address, your browser’s name or a cookie" in words
    assert "deleted after 13 months" in words
    assert "counted by its words alone, for 90 days" in words
