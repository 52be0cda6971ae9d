"""How often one voter and one network may vote, and the ballots that wait in the open."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.conftest import PRESENT
from tests.web.visitor import Visitor
from verdicts.extensions import begin_write, db
from verdicts.voting import queries, waiting
from verdicts.voting.community import Community

Later = Callable[[timedelta], None]
A_DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
def alpha(app: Flask) -> None:
    assert make_tool("alpha", name="Alpha").id == 1


def tally() -> Community:
    db.session.rollback()
    return queries.tally_of(1)


def send(visitor: Visitor, verdict: str = "ship") -> int:
    return visitor.opens("POST", "/tools/alpha/vote", form={"verdict": verdict}).status_code


def known(app: Flask, address: str = "127.0.0.1") -> Visitor:
    """Return a visitor who has the cookie and has voted once."""
    visitor = Visitor(app, address)
    visitor.votes("alpha", "ship", htmx=True)
    return visitor


@ON_ONE_DATABASE
def test_a_voter_may_send_ten_ballots_a_minute(app: Flask) -> None:
    visitor = known(app)
    assert [send(visitor) for _ in range(10)] == [303] * 9 + [429]


@pytest.mark.parametrize("htmx", [False, True])
@ON_ONE_DATABASE
def test_too_many_ballots_are_refused_in_words_with_the_time_to_wait(app: Flask, htmx: bool) -> None:
    visitor = known(app)
    for _ in range(9):
        send(visitor)
    page = visitor.sends("/tools/alpha/vote", {"verdict": "skip"}, 429, htmx=htmx)
    assert 1 <= int(page.headers["Retry-After"]) <= 61
    assert f"{page.headers['Retry-After']} second" in page.words
    assert [each.get("value") for each in page.all("button") if each.get("name") == "verdict"] == ["skip"]
    assert tally() == Community(ship=1)


@ON_ONE_DATABASE
def test_after_the_time_to_wait_ballots_are_taken_again(app: Flask, later: Later) -> None:
    visitor = known(app)
    while send(visitor) == 303:
        pass
    later(timedelta(seconds=61))
    assert send(visitor) == 303


def test_another_voter_is_not_kept_waiting(app: Flask) -> None:
    visitor = known(app, "203.0.113.1")
    while send(visitor) == 303:
        pass
    assert send(known(app, "198.51.100.1")) == 303


@pytest.mark.parametrize(
    "addresses",
    [
        ["203.0.113.1", "203.0.113.2", "203.0.113.99", "203.0.113.254"],
        ["2001:db8:1::1", "2001:db8:1:2::1", "2001:db8:1::2", "2001:db8:1:ffff::1"],
    ],
    ids=["IPv4 /24", "IPv6 /48"],
)
@ON_ONE_DATABASE
def test_a_network_may_send_thirty_ballots_a_minute(app: Flask, addresses: list[str]) -> None:
    voters = [known(app, address) for address in addresses]
    answers = [send(voter) for voter in voters for _ in range(8)]
    assert (answers.count(303), answers.count(429)) == (26, 6)
    assert send(known(app, "198.51.100.1")) == 303


def test_first_time_voters_do_not_use_up_their_networks_share(app: Flask) -> None:
    for _ in range(40):
        Visitor(app, "203.0.113.1").opens("POST", "/tools/alpha/vote", form={"verdict": "ship"})
    assert send(known(app, "203.0.113.2")) == 303


@ON_ONE_DATABASE
def test_votes_without_a_cookie_are_limited_too(app: Flask) -> None:
    answers = [send(Visitor(app, f"203.0.113.{number}")) for number in range(62)]
    assert answers == [307] * 60 + [429] * 2
    page = Visitor(app, "203.0.113.1").sends("/tools/alpha/vote", {"verdict": "ship"}, 429)
    assert int(page.headers["Retry-After"]) <= 60
    assert send(Visitor(app, "198.51.100.1")) == 307


@ON_ONE_DATABASE
def test_reading_is_not_limited(app: Flask) -> None:
    visitor = known(app)
    assert {visitor.opens("GET", "/tools/alpha/vote").status_code for _ in range(40)} == {200}


# Ballots that wait


@pytest.fixture
def crowded(app_with: Callable[..., Flask]) -> list[Visitor]:
    """Three voters of one network, where only two count at once."""
    application = app_with(VOTES_PER_NETWORK_DAY="2")
    return [known(application, f"203.0.113.{number}") for number in (1, 2, 3)]


def test_the_ballot_that_waits_says_so(crowded: list[Visitor]) -> None:
    words = "Recorded. Many votes came from your network today; yours counts within a day."
    page = crowded[2].votes("alpha", "skip", htmx=True)
    assert page.texts("p", "notice-quiet") == [words]
    assert page.texts("div", "ballot-count") == ["2 counted, 1 waiting"]
    assert words in crowded[2].reads("/tools/alpha/vote").words
    assert words in crowded[2].reads("/votes/mine?tool=alpha").words


def test_the_ballots_that_count_say_nothing_of_waiting(crowded: list[Visitor]) -> None:
    assert crowded[1].reads("/votes/mine?tool=alpha").all("p", "notice-quiet") == []


def test_the_pages_tell_how_many_wait(crowded: list[Visitor]) -> None:
    assert tally() == Community(ship=2, waiting=1)
    assert crowded[0].reads("/tools/alpha").texts("div", "ballot-count") == ["2 counted, 1 waiting"]
    rows = [[" ".join(cell.itertext()) for cell in row] for row in crowded[0].reads("/method").all("tr")]
    assert ["Waiting", "1"] in rows


def test_a_waiting_ballot_stays_waiting_when_it_is_changed(crowded: list[Visitor]) -> None:
    for verdict in ("skip", "ship", "skip"):
        crowded[2].votes("alpha", verdict, htmx=True)
    assert tally() == Community(ship=2, waiting=1)


def test_a_waiting_ballot_that_is_taken_back_waits_no_more(crowded: list[Visitor]) -> None:
    page = crowded[2].votes("alpha", "none", htmx=True)
    assert tally() == Community(ship=2)
    assert page.all("p", "notice-quiet") == []


def test_after_a_day_the_waiting_ballot_counts(crowded: list[Visitor]) -> None:
    begin_write()
    waiting.release_due(PRESENT + A_DAY, 2)
    db.session.commit()
    assert tally() == Community(ship=3)
    assert crowded[2].reads("/votes/mine?tool=alpha").all("p", "notice-quiet") == []


def test_the_next_day_a_network_has_its_share_again(crowded: list[Visitor], later: Later) -> None:
    later(A_DAY)
    known(crowded[0].app, "203.0.113.4")
    assert tally() == Community(ship=3, waiting=1)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.7", "::1", "fd00::1"])
@ON_ONE_DATABASE
def test_addresses_that_are_no_clients_wait_for_nothing(app_with: Callable[..., Flask], address: str) -> None:
    application = app_with(VOTES_PER_NETWORK_DAY="1")
    for _ in range(3):
        known(application, address)
    assert tally() == Community(ship=3)
