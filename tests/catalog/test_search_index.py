"""The words of the search index that filters look for."""

from datetime import date, timedelta

import pytest

from verdicts.catalog.search_index import blocks_between, blocks_of

FIRST_DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(64)]  # of a largest block, each once


@pytest.mark.parametrize("length", [1, 3, 4, 5, 63, 64, 65, 241])
def test_a_date_is_in_a_block_between_two_where_it_lies_between_them(length: int) -> None:
    for first in FIRST_DAYS:
        blocks = set(blocks_between(first, first + timedelta(days=length - 1)))
        days = [first + timedelta(days=number) for number in range(-70, length)]
        assert [not blocks.isdisjoint(blocks_of(day)) for day in days] == [day >= first for day in days]


def test_eight_months_are_few_blocks_whichever_day_they_begin() -> None:
    counts = [len(blocks_between(day, day + timedelta(days=241))) for day in FIRST_DAYS]
    assert max(counts) <= 15
    assert sum(counts) / len(counts) < 11


def test_between_a_day_and_one_before_it_lies_no_block() -> None:
    assert blocks_between(date(2026, 1, 2), date(2026, 1, 1)) == []
