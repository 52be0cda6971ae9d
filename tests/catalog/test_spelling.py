"""Spelling: which texts are one letter apart, whatever they are."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts.catalog import spelling

letters = st.text(string.ascii_lowercase[:4], min_size=1, max_size=7)


def distance_is_one(one: str, other: str) -> bool:
    """Say by trying every edit whether one makes a text of the other."""
    alphabet = string.ascii_lowercase[:4]
    places = range(len(one) + 1)
    added = {one[:at] + char + one[at:] for at in places for char in alphabet}
    missing = {one[:at] + one[at + 1 :] for at in places}
    wrong = {one[:at] + char + one[at + 1 :] for at in range(len(one)) for char in alphabet}
    swapped = {one[:at] + one[at + 1] + one[at] + one[at + 2 :] for at in range(len(one) - 1)}
    return other != one and other in added | missing | wrong | swapped


@given(letters, letters)
def test_one_letter_off_is_what_trying_every_edit_says(one: str, other: str) -> None:
    assert spelling.is_one_letter_off(one, other) == distance_is_one(one, other)


@given(letters, letters)
def test_texts_one_letter_apart_share_a_key(one: str, other: str) -> None:
    assert not distance_is_one(one, other) or spelling.keys_of(one) & spelling.keys_of(other)


@pytest.mark.parametrize(("typed", "term"), [("gpt4", "gpt5"), ("gpt", "gpt4"), ("flux12", "flux21")])
def test_digits_are_never_corrected(typed: str, term: str) -> None:
    assert not spelling.is_one_letter_off(typed, term)
