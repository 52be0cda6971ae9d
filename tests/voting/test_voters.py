"""What the database calls a voter."""

import re

from verdicts.voting.voters import VOTER_KEPT, hash_voter


def test_a_voter_is_a_hash_that_depends_on_token_and_key() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", hash_voter("token", "key"))
    assert len({hash_voter("token", "key"), hash_voter("other", "key"), hash_voter("token", "other key")}) == 3


def test_a_token_may_be_text_or_bytes() -> None:
    assert hash_voter("token", "key") == hash_voter(b"token", "key")


def test_a_voter_is_kept_for_thirteen_months_at_most() -> None:
    shortest_thirteen_months = 365 + 28
    assert VOTER_KEPT.days <= shortest_thirteen_months
