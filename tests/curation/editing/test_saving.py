"""What every record has in common: its version, and the differences that a save makes."""

from typing import Any

import pytest

from tests.curation.editing.records import Json
from verdicts.curation.editing.saving import SavedRecord, StoredRecord, differences

RECORD: Json = {"name": "Wren", "facts": [{"key": "open", "value": "Yes"}]}


def version_of(data: Json, **fields: Any) -> str:
    return StoredRecord(**{"id": 1, "slug": "wren", "name": "Wren", **fields}, data=data).version


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Wren "},
        {"tagline": "Small."},
        {"facts": []},
        {"facts": [{"key": "open", "value": "No"}]},
        {"facts": [*RECORD["facts"], {"key": "offline", "value": "Yes"}]},
    ],
)
def test_each_difference_in_a_record_is_another_version(change: Json) -> None:
    assert version_of({**RECORD, **change}) != version_of(RECORD)


def test_the_order_of_keys_and_what_is_not_in_the_form_make_no_other_version() -> None:
    assert version_of(dict(reversed(RECORD.items()))) == version_of(RECORD)
    assert version_of(RECORD, id=2, slug="finch", name="Finch") == version_of(RECORD)


def test_a_version_is_short_enough_for_a_hidden_field_and_an_address() -> None:
    assert len(version_of(RECORD)) == 16
    assert version_of(RECORD).isalnum()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": (1, 2)}),
        ({"a": 1}, {}, {"a": (1, None)}),
        ({}, {"a": 1}, {"a": (None, 1)}),
        ({"b": [1], "a": 1}, {"b": [1, 2], "c": 3, "a": 1}, {"b": ([1], [1, 2]), "c": (None, 3)}),
    ],
)
def test_differences_are_the_keys_whose_values_differ_with_both_values(
    before: Json, after: Json, expected: dict[str, tuple[Any, Any]]
) -> None:
    assert differences(before, after) == expected
    assert SavedRecord(1, "wren", before, after).changes == expected


def test_differences_stand_in_the_order_of_the_earlier_record() -> None:
    assert list(differences({"c": 1, "a": 1}, {"a": 2, "b": 2, "c": 2})) == ["c", "a", "b"]
