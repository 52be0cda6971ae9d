"""Confirming: by the newest letter's link, within seven days, any number of times."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.makers import NOW
from tests.newsletter.world import (
    ANN,
    ask,
    confirm,
    end,
    letters,
    make_subscriber,
    row_of,
    statuses,
    suppress,
    suppressed,
)
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import begin_write, db
from verdicts.newsletter import queries, signup
from verdicts.newsletter.models import Status, subscriber_tool
from verdicts.newsletter.signup import CONFIRM_TOKEN_LIFETIME, MIN_LETTER_INTERVAL, ConfirmationExpired

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)


def followed() -> list[int]:
    found = db.session.scalars(sa.select(subscriber_tool.c.tool_id)).all()
    db.session.rollback()
    return list(found)


def test_confirming_makes_a_pending_subscription_confirmed() -> None:
    ask()
    found = confirm(letters()[0].confirm_token, NOW + SECOND)
    assert found is not None
    assert statuses() == ["confirmed"]
    assert row_of(found.subscriber_id).confirmed_at == NOW + SECOND


def test_confirming_again_changes_nothing() -> None:
    ask()
    found = confirm(letters()[0].confirm_token)
    assert found is not None
    before = row_of(found.subscriber_id)
    confirm(letters()[0].confirm_token, NOW + SECOND)
    assert row_of(found.subscriber_id) == before


def test_looking_at_a_link_changes_nothing() -> None:
    ask()
    found = signup.find_confirmation(letters()[0].confirm_token, NOW)
    assert found is not None
    assert not found.is_confirmed
    assert statuses() == ["pending"]


@pytest.mark.parametrize("token", ["", "x" * 43, "ä" * 43, "\u0130" * 5])
def test_a_forged_token_confirms_nobody(token: str) -> None:
    ask()
    assert confirm(token) is None
    assert statuses() == ["pending"]


def test_a_link_holds_for_seven_days() -> None:
    ask()
    with pytest.raises(ConfirmationExpired):
        confirm(letters()[0].confirm_token, NOW + CONFIRM_TOKEN_LIFETIME)
    db.session.rollback()
    assert statuses() == ["pending"]
    assert confirm(letters()[0].confirm_token, NOW + CONFIRM_TOKEN_LIFETIME - SECOND) is not None


def test_a_later_letter_takes_the_place_of_an_earlier_one() -> None:
    ask()
    ask(now=NOW + MIN_LETTER_INTERVAL)
    first, second = letters()
    assert confirm(first.confirm_token) is None
    assert confirm(second.confirm_token) is not None


def test_confirming_follows_the_tool_it_was_asked_for(tool: ToolLink) -> None:
    ask(follow=tool)
    for _ in range(2):
        confirm(letters()[0].confirm_token, follow=tool.id)
    assert followed() == [tool.id]


def test_a_subscriber_follows_a_tool_by_confirming_once_more(tool: ToolLink) -> None:
    make_subscriber()
    ask(follow=tool)
    confirm(letters()[0].confirm_token, follow=tool.id)
    assert statuses() == ["confirmed"]
    assert followed() == [tool.id]


def test_coming_back_lifts_the_suppression_and_makes_a_new_subscription() -> None:
    end(Status.LEFT, make_subscriber())
    assert suppressed() == ["left"]
    ask()
    confirm(letters()[0].confirm_token)
    assert statuses() == ["left", "confirmed"]
    assert suppressed() == []
    assert len(db.session.execute(queries.select_mailable()).all()) == 1


def test_a_complaint_between_letter_and_button_wins() -> None:
    ask()
    token = letters()[0].confirm_token
    suppress(ANN, "complained")
    assert confirm(token) is None
    assert statuses() == ["pending"]


def test_after_leaving_the_confirmation_link_is_worth_nothing() -> None:
    ask()
    token = letters()[0].confirm_token
    found = confirm(token)
    assert found is not None
    end(Status.LEFT, found.subscriber_id)
    assert confirm(token) is None
    assert statuses() == ["left"]


def test_the_caller_decides_when_it_is_committed(app: Flask) -> None:
    ask()
    token = letters()[0].confirm_token
    begin_write()
    signup.confirm(token, NOW)
    db.session.rollback()
    assert statuses() == ["pending"]
