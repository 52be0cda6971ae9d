"""How figures and dates are written."""

from datetime import date

from verdicts.web.formatting import coordinate, counted, day_in_words, percent


def test_a_percentage_and_a_date_stay_on_one_line() -> None:
    assert percent(95).split(" ") == ["95\N{NARROW NO-BREAK SPACE}%"]
    assert day_in_words(date(2026, 11, 7)) == "7\N{NO-BREAK SPACE}Nov\N{NO-BREAK SPACE}2026"


def test_a_coordinate_has_at_most_two_decimals_and_none_that_say_nothing() -> None:
    assert [coordinate(each) for each in (58.8012, 58.805, 89.9, 100.0, 0.0)] == ["58.8", "58.8", "89.9", "100", "0"]


def test_a_list_that_is_not_counted_to_its_end_says_so() -> None:
    assert [counted(count, "tool") for count in (1, 1_000, 1_001)] == ["1 tool", "1000 tools", "More than 1,000 tools"]
