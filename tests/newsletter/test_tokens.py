"""Tokens: fixed in length, made for one purpose, and impossible to forge."""

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ON_ONE_DATABASE
from verdicts.newsletter import headers
from verdicts.newsletter.tokens import (
    NO_EDITION,
    TOKEN_LENGTH,
    Purpose,
    TokenContent,
    bounce_token,
    confirm_hash,
    find_tokens,
    leave_token,
    new_confirm_token,
    preferences_token,
    read_token,
    reports_secret,
)

pytestmark = [ON_ONE_DATABASE, pytest.mark.usefixtures("app")]

LARGEST = 2**31 - 1


@pytest.mark.parametrize("id", [1, 77, LARGEST])
@pytest.mark.parametrize("number", [0, 1, LARGEST])
def test_every_token_says_what_it_was_made_for_in_the_same_length(id: int, number: int) -> None:
    for purpose, token in {
        Purpose.LEAVE: leave_token(id, number),
        Purpose.PREFERENCES: preferences_token(id, number),
        Purpose.BOUNCE: bounce_token(number, id),
    }.items():
        assert len(token) == TOKEN_LENGTH
        assert read_token(purpose, token) == TokenContent(id, number)


def test_a_token_is_worth_nothing_for_another_purpose() -> None:
    for made, token in {Purpose.LEAVE: leave_token(5, 1), Purpose.PREFERENCES: preferences_token(5, 1)}.items():
        assert [purpose for purpose in Purpose if read_token(purpose, token)] == [made]


def test_a_token_survives_servers_that_change_its_case() -> None:
    assert read_token(Purpose.BOUNCE, bounce_token(3, 9).upper()) == TokenContent(9, 3)


def test_changing_any_character_of_a_token_makes_it_worthless() -> None:
    token = leave_token(5, 1)
    for position in range(TOKEN_LENGTH):
        other = "b" if token[position] != "b" else "c"
        assert read_token(Purpose.LEAVE, token[:position] + other + token[position + 1 :]) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    token=st.text(max_size=60)
    | st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH)
)
def test_no_made_up_token_is_read_or_breaks_the_reader(token: str) -> None:
    assert read_token(Purpose.LEAVE, token) is None


def test_genuine_tokens_are_found_among_forged_ones() -> None:
    forged, genuine = "a" * TOKEN_LENGTH, leave_token(5, 1)
    text = f"To: <leave+{forged}@x>, leave+{genuine}@x; x{leave_token(6, 1)} {preferences_token(7, 1)}"
    assert list(find_tokens(Purpose.LEAVE, text)) == [TokenContent(5, 1)]


def test_confirm_tokens_hold_256_bits_and_are_stored_as_a_hash_only() -> None:
    one, other = new_confirm_token(), new_confirm_token()
    assert one != other
    assert len(one) == 43
    assert one not in confirm_hash(one)


def test_the_providers_secret_is_no_token_of_anyone() -> None:
    assert len(reports_secret()) == TOKEN_LENGTH
    assert not any(read_token(purpose, reports_secret()) for purpose in Purpose)


def test_letters_say_how_to_leave_by_link_and_by_mail() -> None:
    token = leave_token(5, 1)
    said = headers.unsubscribe_headers(token)
    assert said["List-Unsubscribe"] == (
        f"<http://verdicts.test/newsletter/leave/{token}>, <mailto:verdicts@verdicts.test?subject=leave%20{token}>"
    )
    assert said["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_without_a_bounce_domain_bounces_go_to_the_sender_and_a_header_names_the_delivery() -> None:
    assert headers.envelope_sender(3, 9) == "verdicts@verdicts.test"
    said = headers.delivery_headers(NO_EDITION, 9)
    assert read_token(Purpose.BOUNCE, said["X-Verdicts-Delivery"]) == TokenContent(9, NO_EDITION)


def test_with_a_bounce_domain_each_delivery_has_addresses_of_its_own(app_with: Callable[..., Flask]) -> None:
    app_with(BOUNCE_DOMAIN="bounces.verdicts.test")
    assert headers.envelope_sender(3, 9) == f"bounce+{bounce_token(3, 9)}@bounces.verdicts.test"
    assert headers.leave_by_mail("t") == "mailto:leave+t@bounces.verdicts.test"
    assert len(headers.envelope_sender(LARGEST, LARGEST).partition("@")[0]) <= 64
