"""Slugs that are proposed for a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts.catalog.kinds import SLUG_LENGTH, slug_fault
from verdicts.catalog.slugs import propose


@given(st.text() | st.lists(st.sampled_from(["vs", "VS", "vsx", "x", "-", "é", "ﬀ", "9" * 62, " "])).map(" ".join))
def test_a_slug_that_is_proposed_is_always_accepted(name: str) -> None:
    assert propose(name) == "" or slug_fault(propose(name)) is None


@pytest.mark.parametrize("end", ["v", "vs", "vsx"])
def test_a_name_is_never_cut_into_the_word_between_tools(end: str) -> None:
    proposed = propose(f"{'a' * (SLUG_LENGTH - 3)} {end} and more")
    assert slug_fault(proposed) is None
