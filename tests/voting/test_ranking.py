"""The ranking by readers."""

from verdicts.voting.community import Community
from verdicts.voting.ranking import ranked

TEN = {number: Community(ship=20 + number, skip=20) for number in range(1, 11)}


def test_there_is_no_ranking_below_ten_tools() -> None:
    assert ranked({number: TEN[number] for number in range(1, 10)}) == []


def test_tools_without_an_estimate_neither_count_nor_appear() -> None:
    assert ranked({**{number: TEN[number] for number in range(1, 10)}, 11: Community(ship=29)}) == []
    assert 11 not in ranked({**TEN, 11: Community(ship=29)})


def test_the_best_lower_end_comes_first() -> None:
    assert ranked(TEN) == list(range(10, 0, -1))


def test_few_votes_do_not_outrank_many() -> None:
    assert ranked({**TEN, 11: Community(ship=27, skip=3), 12: Community(ship=880, skip=120)})[:2] == [12, 11]


def test_equals_keep_one_order() -> None:
    assert ranked({**TEN, 12: TEN[10], 11: TEN[10]})[:3] == [10, 11, 12]
