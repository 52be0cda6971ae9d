"""Merging what two editors did to one record: as it was opened, as it is stored, as it was submitted."""

from typing import Any

import pytest

from verdicts.curation.editing.three_way import Conflict, RecordShape, RowShape, merge

SHAPE = RecordShape(
    units=(("amount", "currency"),),
    rows={
        "plans": RowShape("name", (("amount", "currency"),)),
        "facts": RowShape("key", is_ordered=False),
    },
    lines=frozenset({"aliases"}),
    latest=frozenset({"checked_on"}),
)
PRO = {"name": "Pro", "amount": "20", "currency": "USD"}
TEAM = {"name": "Team", "amount": "40", "currency": "USD"}
DEARER = PRO | {"amount": "25"}
FREE = {"name": "Free", "amount": "0"}
OPENED = {
    "name": "Wren",
    "tagline": "Old.",
    "amount": "9",
    "currency": "USD",
    "checked_on": "2026-01-01",
    "plans": [PRO, TEAM],
    "facts": [{"key": "offline", "value": "Yes"}, {"key": "api", "value": "No"}],
    "aliases": ["a", "b"],
}


def merged(stored: dict[str, Any], submitted: dict[str, Any]) -> dict[str, Any]:
    """Merge two changes of OPENED that need no question, and return how the result differs from it."""
    merge_ = merge(OPENED, OPENED | stored, OPENED | submitted, SHAPE)
    assert merge_.conflicts == []
    return {key: value for key, value in merge_.data.items() if OPENED.get(key) != value}


@pytest.mark.parametrize(
    ("stored", "submitted", "expected"),
    [
        ({"tagline": "Theirs."}, {"name": "Mine"}, {"tagline": "Theirs.", "name": "Mine"}),
        ({"tagline": "Same."}, {"tagline": "Same."}, {"tagline": "Same."}),
        ({"amount": "10"}, {"name": "Mine"}, {"amount": "10", "name": "Mine"}),
        ({"checked_on": "2026-03-01"}, {"checked_on": "2026-02-01"}, {"checked_on": "2026-03-01"}),
        ({"aliases": ["a", "b", "c"]}, {"aliases": ["b"]}, {"aliases": ["b", "c"]}),
        ({"aliases": ["x", "a", "b"]}, {"aliases": ["a", "b", "y"]}, {"aliases": ["x", "a", "b", "y"]}),
        ({"aliases": ["b", "a"]}, {"aliases": ["a", "b", "c"]}, {"aliases": ["b", "c", "a"]}),
        ({"plans": [PRO, TEAM, FREE]}, {"plans": [TEAM]}, {"plans": [TEAM, FREE]}),
        ({"plans": [TEAM, PRO]}, {"plans": [DEARER, TEAM]}, {"plans": [TEAM, DEARER]}),
        (
            {"plans": [PRO | {"limit": "500"}, TEAM]},
            {"plans": [DEARER, TEAM]},
            {"plans": [PRO | {"amount": "25", "limit": "500"}, TEAM]},
        ),
        (
            {"facts": [{"key": "offline", "value": "No"}, {"key": "api", "value": "No"}]},
            {"facts": [{"key": "api", "value": "Yes"}, {"key": "offline", "value": "Yes"}]},
            {"facts": [{"key": "api", "value": "Yes"}, {"key": "offline", "value": "No"}]},
        ),
    ],
)
def test_what_one_side_changed_is_taken_from_it(
    stored: dict[str, Any], submitted: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert merged(stored, submitted) == expected


def test_what_one_side_removed_stays_removed() -> None:
    without = {key: value for key, value in OPENED.items() if key != "tagline"}
    for stored, submitted in ((OPENED | {"name": "New"}, without), (without, OPENED | {"name": "New"})):
        result = merge(OPENED, stored, submitted, SHAPE)
        assert (result.data, result.conflicts) == (without | {"name": "New"}, [])


@pytest.mark.parametrize(
    ("stored", "submitted", "conflict"),
    [
        ({"tagline": "Theirs."}, {"tagline": "Mine."}, Conflict(("tagline",), "Theirs.", "Mine.")),
        ({"amount": "10"}, {"currency": "EUR"}, Conflict(("amount",), "10", "9")),
        ({"plans": [DEARER, TEAM]}, {"plans": [TEAM]}, Conflict(("plans", "Pro"), DEARER, None)),
        ({"plans": [TEAM]}, {"plans": [DEARER, TEAM]}, Conflict(("plans", "Pro"), None, DEARER)),
        (
            {"plans": [PRO, TEAM, FREE]},
            {"plans": [PRO, TEAM, FREE | {"amount": "1"}]},
            Conflict(("plans", "Free", "amount"), "0", "1"),
        ),
        ({"plans": [TEAM, PRO, FREE]}, {"plans": [PRO, TEAM, FREE]}, None),
        ({"aliases": ["a", "x"]}, {"aliases": ["a", "y"]}, Conflict(("aliases",), ["a", "x"], ["a", "y"])),
    ],
)
def test_only_what_both_changed_differently_is_a_conflict(
    stored: dict[str, Any], submitted: dict[str, Any], conflict: Conflict | None
) -> None:
    result = merge(OPENED, OPENED | stored, OPENED | submitted | {"name": "Mine"}, SHAPE)
    assert conflict in result.conflicts if conflict else result.conflicts == []
    assert result.data["name"] == "Mine"
    assert result.data["plans"], "nothing that one side kept is lost"


def test_an_entry_that_one_side_deleted_and_the_other_changed_is_kept_until_somebody_decides() -> None:
    for stored, submitted in (([DEARER, TEAM], [TEAM]), ([TEAM], [DEARER, TEAM])):
        result = merge(OPENED, OPENED | {"plans": stored}, OPENED | {"plans": submitted}, SHAPE)
        assert result.data["plans"] == [DEARER, TEAM]


def test_two_orders_are_a_conflict_where_the_order_means_something() -> None:
    shape, opened = RecordShape(rows={"plans": RowShape("name")}), {"plans": [{"name": name} for name in "abc"]}
    stored, submitted = ({"plans": [{"name": name} for name in order]} for order in ("bac", "acb"))
    assert merge(opened, stored, submitted, shape).conflicts == [Conflict(("plans",), list("bac"), list("acb"))]


def test_without_the_opened_version_every_difference_is_a_conflict_and_nothing_is_dropped() -> None:
    stored = {"name": "Theirs", "maker": "M", "plans": [PRO], "aliases": ["a"]}
    submitted = {"name": "Mine", "maker": "M", "plans": [TEAM], "aliases": ["b"]}
    result = merge(None, stored, submitted, SHAPE)
    assert {each.path for each in result.conflicts} == {("name",), ("plans", "Pro"), ("plans", "Team"), ("aliases",)}
    assert result.data == {"name": "Mine", "maker": "M", "plans": [TEAM, PRO], "aliases": ["b", "a"]}
    assert merge(None, stored, stored, SHAPE).conflicts == []


def test_rows_without_a_key_are_all_kept() -> None:
    submitted = OPENED | {"plans": [PRO, TEAM, {"amount": "1"}, {"amount": "2"}, TEAM]}
    result = merge(OPENED, OPENED | {"plans": [PRO, TEAM, FREE]}, submitted, SHAPE)
    assert result.data["plans"] == [PRO, TEAM, {"amount": "1"}, {"amount": "2"}, TEAM, FREE]
