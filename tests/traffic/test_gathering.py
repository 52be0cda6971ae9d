"""Counting in memory: what is bounded, and what is typed on the way to a search."""

from tests.makers import TODAY
from verdicts.traffic.gathering import Gatherer


def test_made_up_referrers_leave_room_for_pages() -> None:
    gatherer = Gatherer(max_keys=10)
    for number in range(20):
        gatherer.add_view(TODAY, "/tools", f"{number}.example")
    for path in "abc":
        gatherer.add_view(TODAY, path, "")
    views = gatherer.take().views
    assert len(views) == 5 + 1 + 3
    assert views[TODAY, "/tools", ""] == 15


def test_counts_of_what_is_known_go_on_where_there_is_no_more_room() -> None:
    gatherer = Gatherer(max_keys=2)
    for path in "abcab":
        gatherer.add_view(TODAY, path, "")
    for text in ("x", "y", "z", "x"):
        gatherer.add_search(TODAY, text)
    batch = gatherer.take()
    assert batch.views == {(TODAY, "a", ""): 2, (TODAY, "b", ""): 2}
    assert batch.searches == {(TODAY, "x"): 2, (TODAY, "y"): 1}


def test_what_could_not_be_stored_is_added_to_what_has_come_since() -> None:
    gatherer = Gatherer()
    gatherer.add_view(TODAY, "a", "")
    gatherer.add_search(TODAY, "x")
    batch = gatherer.take()
    gatherer.add_view(TODAY, "a", "")
    gatherer.put_back(batch)
    again = gatherer.take()
    assert again.views == {(TODAY, "a", ""): 2}
    assert again.searches == batch.searches
    assert not gatherer.take()


def test_what_is_typed_on_the_way_to_a_search_is_not_counted() -> None:
    gatherer = Gatherer()
    for text in ("vi", "video ed", "video editor", "video editor", "vector"):
        gatherer.add_search(TODAY, text)
    assert gatherer.take().searches == {(TODAY, "video editor"): 2, (TODAY, "vector"): 1}
