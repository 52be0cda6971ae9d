"""What is kept of the catalogue is what readers may see of it now, and never what was not committed."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_category, make_tool
from verdicts.catalog.directory import count_by_category
from verdicts.catalog.kept import MAX_KEPT, load_each
from verdicts.extensions import begin_write, db

pytestmark = ON_ONE_DATABASE


class Source:
    """Remembers which keys were loaded."""

    def __init__(self) -> None:
        self.loaded: list[int] = []

    def load(self, keys: Sequence[int]) -> dict[int, str]:
        self.loaded += keys
        return {key: f"value {key}" for key in keys}

    def ask(self, *keys: int, state: int = 1) -> dict[int, str]:
        return load_each("test", keys, self.load, state)


@pytest.fixture
def source(app: Flask) -> Source:
    return Source()


def test_a_value_is_loaded_once_for_a_state_of_the_catalogue(source: Source) -> None:
    assert source.ask(1, 2) == {1: "value 1", 2: "value 2"}
    assert source.ask(2, 3) == {2: "value 2", 3: "value 3"}
    assert source.loaded == [1, 2, 3]
    source.ask(2, state=2)
    assert source.loaded == [1, 2, 3, 2]


def test_what_is_scheduled_counts_from_its_moment(app: Flask) -> None:
    kind = make_category("kind")
    make_tool("now", category=kind)
    make_tool("soon", category=kind, published_at=NOW + timedelta(seconds=1))
    assert [each.count for each in count_by_category(NOW)] == [1]
    assert [each.count for each in count_by_category(NOW + timedelta(seconds=1))] == [2]


def test_of_too_many_values_the_one_not_asked_for_longest_goes(source: Source) -> None:
    source.ask(*range(MAX_KEPT))
    source.ask(0)
    source.ask(MAX_KEPT)
    source.loaded.clear()
    source.ask(0, MAX_KEPT, 1)
    assert source.loaded == [1]


def test_a_transaction_that_writes_neither_leaves_nor_takes_a_value(source: Source) -> None:
    source.ask(1)
    begin_write()  # as a preview does, which is rolled back
    source.ask(1, 2)
    db.session.rollback()
    source.ask(2)
    assert source.loaded == [1, 1, 2, 2]


def test_bytes_are_kept_up_to_so_many_in_all(app: Flask) -> None:
    loaded: list[int] = []

    def load(keys: Sequence[int]) -> dict[int, bytes]:
        loaded.extend(keys)
        return dict.fromkeys(keys, b"1234")

    for key in (1, 2, 1, 3, 1, 2):
        load_each("bytes", [key], load, 1, max_bytes=8)
    assert loaded == [1, 2, 3, 2]
