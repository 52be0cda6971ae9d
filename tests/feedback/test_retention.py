"""What is deleted when: networks after a week, addresses a month after the message was resolved."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.feedback.world import doubt, messages, networks, resolve, write
from tests.makers import NOW, make_tool
from verdicts.extensions import begin_write, db
from verdicts.feedback.retention import (
    MAX_ADDRESS_RETENTION,
    RESOLVED_ADDRESS_RETENTION,
    clear_addresses,
    clear_networks,
)
from verdicts.voting.retention import NETWORKS_KEPT

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)
ANN = "ann@example.org"


def do(step: Callable[[datetime, int], int | None], now: datetime, limit: int = 500) -> int:
    done = 0
    while True:
        begin_write()
        some = step(now, limit)
        db.session.commit()
        if some is None:
            return done
        done += some


def addresses() -> list[str | None]:
    return [each.email for each in messages()]


@pytest.mark.parametrize(("after", "left"), [(NETWORKS_KEPT - SECOND, ["n1", "n2"]), (NETWORKS_KEPT, [None, None])])
def test_networks_of_doubts_are_blanked_after_a_week_and_the_doubts_stay(
    after: timedelta, left: list[str | None]
) -> None:
    tool = make_tool("alpha").id
    doubt(tool, "n1")
    doubt(tool, "n2")
    assert do(clear_networks, NOW + after) == left.count(None)
    assert networks() == left


@pytest.mark.parametrize(
    ("after", "left"), [(RESOLVED_ADDRESS_RETENTION - SECOND, ANN), (RESOLVED_ADDRESS_RETENTION, None)]
)
def test_an_address_is_deleted_a_month_after_its_message_was_resolved(after: timedelta, left: str | None) -> None:
    resolved_at = NOW + timedelta(days=40)
    resolve(write(email=ANN), now=resolved_at)
    do(clear_addresses, resolved_at + after)
    assert addresses() == [left]
    assert messages()[0].text == "The price is wrong."


@pytest.mark.parametrize(("after", "left"), [(MAX_ADDRESS_RETENTION - SECOND, ANN), (MAX_ADDRESS_RETENTION, None)])
def test_an_address_in_a_message_that_nobody_resolved_is_deleted_after_a_year(
    after: timedelta, left: str | None
) -> None:
    write(email=ANN)
    do(clear_addresses, NOW + after)
    assert addresses() == [left]


def test_forgetting_goes_on_in_batches_until_nothing_is_left() -> None:
    tool = make_tool("alpha").id
    for number in range(7):
        doubt(tool, f"n{number}")
        write(email=f"reader{number}@example.org")
    assert do(clear_networks, NOW + NETWORKS_KEPT, limit=3) == 7
    assert do(clear_addresses, NOW + MAX_ADDRESS_RETENTION, limit=3) == 7
    assert do(clear_addresses, NOW + MAX_ADDRESS_RETENTION) == 0
