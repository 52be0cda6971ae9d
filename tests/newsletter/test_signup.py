"""Signing up: at most one letter an hour, and the same statements whatever is known of an address."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount
from tests.makers import NOW
from tests.newsletter.world import ANN, ask, confirm, end, letters, make_subscriber, row_of, statuses, suppress
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import db
from verdicts.newsletter.models import Status, signup_turn, subscriber
from verdicts.newsletter.preferences import list_followed
from verdicts.newsletter.signup import CONFIRM_TOKEN_LIFETIME, MAX_LETTERS_PER_DAY, MIN_LETTER_INTERVAL
from verdicts.newsletter.tokens import Purpose, TokenContent, confirm_hash, find_tokens

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)
KNOWN = ["new", "pending", "confirmed", "left", "bounced", "erased", "complained", "asked just now"]


def make_known(standing: str) -> None:
    """Put ANN's address into a state."""
    if standing in {"pending", "confirmed"}:
        make_subscriber(ANN, standing)
    elif standing in {"left", "bounced", "erased", "complained"}:
        suppress(ANN, standing)
    elif standing == "asked just now":
        ask(ANN)


def test_a_new_address_is_pending_and_mailed_a_link() -> None:
    assert ask()
    assert statuses() == ["pending"]
    (letter,) = letters()
    assert letter.recipient == ANN
    row = db.session.execute(sa.select(subscriber)).one()
    assert row.confirm_hash == confirm_hash(letter.confirm_token)
    assert (row.confirm_mailed_at, row.confirm_until) == (NOW, NOW + CONFIRM_TOKEN_LIFETIME)
    assert (row.consent_source, row.consent_at) == ("A test", NOW)


def test_the_letter_is_whole_in_both_its_parts() -> None:
    ask()
    (letter,) = letters()
    assert letter.subject == "Confirm your address for Verdicts"
    assert f"http://verdicts.test/newsletter/confirm/{letter.confirm_token}" in letter.html
    for words in ("Was it you?", "One email a week".lower(), "do nothing", "7 days"):
        assert words in letter.text.lower() or words in letter.text
        assert words.lower() in re.sub(r"<[^>]+>", "", letter.html).lower()


def test_the_letter_for_a_follower_names_the_tool(tool: ToolLink) -> None:
    ask(follow=tool)
    (letter,) = letters()
    assert letter.subject == "Confirm, and follow Mistral Code"
    assert f"/newsletter/confirm/{letter.confirm_token}?tool=mistral-code" in letter.text
    assert f"/newsletter/confirm/{letter.confirm_token}?tool=mistral-code" in letter.html


def test_a_bounce_of_the_letter_finds_back_to_its_subscription() -> None:
    ask()
    id = db.session.scalar(sa.select(subscriber.c.id))
    assert list(find_tokens(Purpose.BOUNCE, str(letters()[0].headers))) == [TokenContent(id or 0, 0)]


@pytest.mark.parametrize(
    ("after", "mailed"), [(timedelta(), 1), (MIN_LETTER_INTERVAL - SECOND, 1), (MIN_LETTER_INTERVAL, 2)]
)
def test_an_address_is_mailed_once_an_hour(after: timedelta, mailed: int) -> None:
    ask()
    ask(now=NOW + after)
    assert len(letters()) == mailed
    assert statuses() == ["pending"]


def test_asking_again_and_again_does_not_put_the_next_letter_off() -> None:
    for minutes in range(0, 125, 5):
        ask(now=NOW + timedelta(minutes=minutes))
    assert len(letters()) == 3


def test_a_mailbox_gets_a_few_letters_a_day_and_more_on_the_next() -> None:
    for hour in range(24):
        ask(now=NOW + hour * MIN_LETTER_INTERVAL)
    assert len(letters()) == MAX_LETTERS_PER_DAY
    ask(now=NOW + 24 * MIN_LETTER_INTERVAL)
    assert len(letters()) == MAX_LETTERS_PER_DAY + 1


def test_tags_and_dots_are_one_mailbox_for_the_cap_and_letters_go_to_what_was_typed() -> None:
    typed = [*(f"ann.lee+{number}@gmail.com" for number in range(5)), "a.n.n.lee@gmail.com", "annlee@googlemail.com"]
    for address in typed:
        ask(address)
    assert [letter.recipient for letter in letters()] == typed[:MAX_LETTERS_PER_DAY]
    assert ask("annlee@example.org")
    assert ask("ann.lee@example.org")
    assert ask("ann.lee+tag@example.org")
    assert len(statuses()) == MAX_LETTERS_PER_DAY + 3


def test_asking_in_vain_uses_up_nothing_of_the_day() -> None:
    for _ in range(20):
        ask()
    assert ask("ann+1@example.org")
    assert [ask(f"ann+{number}@example.org") for number in range(2, 5)] == [True, True, False]


def test_two_spellings_of_one_mailbox_share_the_hour_and_the_first_is_written_to() -> None:
    ask("Ann@example.org")
    ask("ann@EXAMPLE.org", NOW + MIN_LETTER_INTERVAL)
    assert [letter.recipient for letter in letters()] == ["Ann@example.org", "Ann@example.org"]


def test_a_letter_that_is_not_due_leaves_the_earlier_link_alone() -> None:
    ask()
    ask(now=NOW + SECOND)
    assert confirm(letters()[0].confirm_token) is not None


@pytest.mark.parametrize("standing", KNOWN)
def test_whatever_is_known_of_an_address_the_same_statements_run(statements: StatementCount, standing: str) -> None:
    before = len(statements)
    ask("somebody.else@example.org")
    usual = [_shape(each) for each in statements.statements[before:]]
    make_known(standing)
    before = len(statements)
    ask(ANN)
    assert [_shape(each) for each in statements.statements[before:]] == usual


def test_however_many_subscribers_there_are_a_sign_up_takes_the_same_statements(statements: StatementCount) -> None:
    before = len(statements)
    ask(ANN)
    first = len(statements) - before
    for number in range(300):
        make_subscriber(f"reader{number}@example.org")
    before = len(statements)
    ask("ben@example.org")
    assert len(statements) - before == first <= 8


def _shape(statement: str) -> str:
    """Return a statement without the savepoint's number, whether it is released or rolled back."""
    return re.sub(r"^(RELEASE|ROLLBACK TO) SAVEPOINT \S+|SAVEPOINT \S+", "SAVEPOINT", statement)


@pytest.mark.parametrize("reason", ["left", "bounced", "erased"])
def test_who_left_may_come_back_by_confirming(reason: str) -> None:
    suppress(ANN, reason)
    assert ask()
    confirm(letters()[0].confirm_token)
    assert statuses() == ["confirmed"]


def test_who_complained_is_never_written_to_again() -> None:
    suppress(ANN, Status.COMPLAINED)
    assert not ask()
    assert letters() == []
    assert statuses() == []


def test_a_confirmed_address_keeps_its_standing_and_can_still_be_asked() -> None:
    id = make_subscriber()
    assert ask()
    assert statuses() == ["confirmed"]
    assert row_of(id).consent_at == NOW


def test_leaving_does_not_start_the_hour_anew() -> None:
    ask()
    confirm(letters()[0].confirm_token)
    id = db.session.scalar(sa.select(subscriber.c.id))
    db.session.rollback()
    end(Status.LEFT, id or 0)
    assert letters() == []  # the letters that waited for them were deleted
    assert not ask(now=NOW + SECOND)
    assert ask(now=NOW + MIN_LETTER_INTERVAL)
    assert statuses() == ["left", "pending"]


def test_an_address_beyond_ascii_is_mailed_too() -> None:
    ask("ann@bücher.example.org")
    ask("ändi@example.org")
    assert [letter.recipient for letter in letters()] == ["ann@bücher.example.org", "ändi@example.org"]


def test_a_sign_up_that_is_not_committed_leaves_nothing(app: Flask) -> None:
    ask()
    db.session.execute(sa.delete(signup_turn))
    db.session.rollback()
    assert not ask(now=NOW + SECOND)


def test_following_within_the_hour_waits_for_the_next_letter(tool: ToolLink) -> None:
    ask()
    (first,) = letters()
    assert confirm(first.confirm_token)
    assert ask(follow=tool, now=NOW + 10 * SECOND)
    (_, second) = letters()
    assert second.next_try_at == NOW + MIN_LETTER_INTERVAL
    assert "?tool=mistral-code" in second.text
    assert confirm(second.confirm_token, follow=tool.id)
    assert [link.slug for link in list_followed(1, NOW)] == ["mistral-code"]


def test_a_letter_that_waits_leaves_the_earlier_link_alone(tool: ToolLink) -> None:
    ask()
    ask(follow=tool)
    first, second = letters()
    assert confirm(first.confirm_token)
    assert confirm(second.confirm_token, follow=tool.id)


def test_one_tool_twice_within_the_hour_brings_one_letter(tool: ToolLink) -> None:
    assert ask(follow=tool)
    assert not ask(follow=tool, now=NOW + SECOND)
    assert len(letters()) == 1


def test_only_so_many_letters_wait(tool: ToolLink) -> None:
    tools = [replace(tool, id=tool.id + number) for number in range(10)]
    assert [ask(follow=each) for each in tools] == [True] * MAX_LETTERS_PER_DAY + [False] * 6
    assert [letter.next_try_at - NOW for letter in letters()] == [MIN_LETTER_INTERVAL * number for number in range(4)]


def test_a_link_that_waited_is_worth_nothing_once_the_subscription_ended(tool: ToolLink) -> None:
    ask()
    ask(follow=tool)
    first, second = letters()
    assert confirm(first.confirm_token)
    end(Status.LEFT, 1)
    assert confirm(second.confirm_token, follow=tool.id) is None
