"""Addresses of comparisons: one canonical form, and no text that cannot be read one way."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts.catalog.kinds import SLUG_LENGTH, slug_fault
from verdicts.comparisons import address
from verdicts.comparisons.address import AddressFault, SameToolTwice, TooFewTools, TooLong, TooManyTools

WORDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
SLUGS = st.lists(WORDS, min_size=1, max_size=4).map("-".join).filter(lambda slug: not slug_fault(slug))
GROUPS = st.lists(SLUGS, min_size=2, max_size=4, unique=True)


@given(GROUPS)
def test_a_canonical_address_names_the_tools_it_was_made_of(slugs: list[str]) -> None:
    assert address.parse(address.canonical(slugs)) == sorted(slugs)


@given(GROUPS, st.randoms())
def test_any_order_leads_to_one_address(slugs: list[str], chance: object) -> None:
    shuffled = list(slugs)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert address.canonical(shuffled) == address.canonical(slugs)
    assert address.canonical(address.parse("-vs-".join(shuffled))) == address.canonical(slugs)


@given(GROUPS)
def test_every_address_in_any_order_is_read_back(slugs: list[str]) -> None:
    assert address.parse("-vs-".join(slugs)) == slugs


@given(st.text(max_size=400))
def test_any_text_is_either_read_or_refused_in_words(text: str) -> None:
    try:
        slugs = address.parse(text)
    except AddressFault as fault:
        words = str(fault)
    else:
        words = "A comparison."
        assert address.MIN_TOOLS <= len(set(slugs)) == len(slugs) <= address.MAX_TOOLS
    assert words.endswith(".")


@given(st.lists(st.sampled_from(["a", "b", "vs", "-", "-vs-", "ab"]), max_size=12).map("".join))
def test_texts_made_of_joints_are_read_as_slugs_without_a_joint(text: str) -> None:
    try:
        slugs = address.parse(text)
    except AddressFault:
        return
    assert all(slug and address.JOINT not in slug for slug in slugs)


@pytest.mark.parametrize("text", ["", "-vs-", "a", "a-vs-", "-vs-a", "-vs--vs-", "a-vs", "avsb"])
def test_one_tool_or_none_is_too_few(text: str) -> None:
    with pytest.raises(TooFewTools, match="at least two"):
        address.parse(text)


def test_five_tools_are_too_many() -> None:
    with pytest.raises(TooManyTools, match="four tools at most"):
        address.parse("a-vs-b-vs-c-vs-d-vs-e")


@pytest.mark.parametrize("text", ["a-vs-a", "a-vs-b-vs-a"])
def test_the_same_tool_twice_is_refused(text: str) -> None:
    with pytest.raises(SameToolTwice, match="with itself"):
        address.parse(text)


def test_four_slugs_of_the_greatest_length_are_read() -> None:
    slugs = [letter * 128 for letter in "abcd"]
    assert address.parse("-vs-".join(slugs)) == slugs


def test_a_slug_longer_than_any_is_refused_for_what_it_is() -> None:
    with pytest.raises(TooLong, match="128 characters"):
        address.parse(f"{'a' * (SLUG_LENGTH + 1)}-vs-b")


@pytest.mark.parametrize("slug", ["vs", "a-vs-b", "vs-code", "code-vs"])
def test_no_slug_may_hold_the_joint(slug: str) -> None:
    assert slug_fault(slug) is not None


@pytest.mark.parametrize("slug", ["a", "vscode", "canvas", "a-1-b", "0", "a" * 128])
def test_ordinary_slugs_have_no_fault(slug: str) -> None:
    assert slug_fault(slug) is None


@pytest.mark.parametrize("slug", ["", "A", "a_b", "-a", "a-", "a--b", "é", "a b", "a/b", "a\n", "a" * 129, "ａ"])
def test_anything_else_is_no_slug(slug: str) -> None:
    assert slug_fault(slug) is not None
