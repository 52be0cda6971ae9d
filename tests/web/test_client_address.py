"""The client's address as proxies write it: one client is one network, and what cannot be read is one, too."""

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Visitor
from verdicts.extensions import db
from verdicts.voting import queries
from verdicts.voting.community import Community
from verdicts.voting.networks import UNREADABLE
from verdicts.web.client_address import clean_address

SPELLINGS: dict[str, str] = {
    "203.0.113.7": """203.0.113.7|203.0.113.7:51234| 203.0.113.7 |"203.0.113.7:80"|[203.0.113.7]:80|203.0.113.7%eth0
        |::ffff:203.0.113.7|[::ffff:203.0.113.7]|[::ffff:cb00:7107]:443|::ffff:203.0.113.7:443""",
    "2001:db8::1": """2001:db8::1|[2001:db8::1]|[2001:db8::1]:443|2001:DB8:0:0::1|2001:db8::1%eth0
        |[2001:db8::1%25eth0]:443|2001:db8:0:0:0:0:0:1:443""",
    "2001:db8::1:443": "2001:db8::1:443",
    "127.0.0.1": "127.0.0.1:8000|::ffff:127.0.0.1",
    "fe80::1": "fe80::1%eth0|[fe80::1%eth0]:80",
    UNREADABLE: """| |unknown|unix:|unix:/run/x|_hidden|-|203.0.113|203.0.113.007|::1::|[]|[]:80|203.0.113.7:
        |203.0.113.7:http
        |203.0.113.7:123456|1.2.3.4, 5.6.7.8|3405803783|::ffff:999.0.113.7|[2001:db8::1|2001:db8::1]|\0|２.0.113.7""",
}


@pytest.mark.parametrize(
    ("text", "address"), [(text, to) for to, texts in SPELLINGS.items() for text in texts.split("|")]
)
def test_one_address_is_the_same_in_every_spelling(text: str, address: str) -> None:
    assert clean_address(text) == address
    assert clean_address(address) == address


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    clean_address(text)


def tally() -> Community:
    db.session.rollback()
    return queries.tally_of(1)


@pytest.mark.parametrize(
    "spellings",
    [
        ["203.0.113.7:1001", "203.0.113.8:1002", "::ffff:203.0.113.9", "203.0.113.10"],
        ["[2001:db8::1]:443", "2001:db8::2%eth0", "[2001:db8::3]", "2001:db8:0:9::4"],
        ["2002:cb00:7101::1", "2002:cb00:7102::1", "203.0.113.3", "64:ff9b::203.0.113.4"],
        ["unknown", "unix:", "_x", "203.0.113.7:http"],
        ['""', "-", "?", "x"],
    ],
    ids=["IPv4", "IPv6", "carried", "unreadable", "empty"],
)
@ON_ONE_DATABASE
def test_however_a_proxy_writes_it_a_networks_later_votes_wait(
    app_with: Callable[..., Flask], spellings: list[str]
) -> None:
    application = app_with(PROXY_HOPS="1", VOTES_PER_NETWORK_DAY="2")
    make_tool("alpha")
    for spelling in spellings:
        Visitor(application).votes("alpha", "ship", htmx=True, x_forwarded_for=f"198.51.100.4, {spelling}")
    assert tally() == Community(ship=2, waiting=2)


@pytest.mark.parametrize("spelling", ["203.0.113.{}:{}", "junk {}", "[2001:db8::{}]:{}"])
@ON_ONE_DATABASE
def test_however_a_proxy_writes_it_a_network_is_limited(app_with: Callable[..., Flask], spelling: str) -> None:
    application = app_with(PROXY_HOPS="1")
    make_tool("alpha")
    answers = []
    for number in range(4):
        visitor, written = Visitor(application), spelling.format(number, 1000 + number)
        visitor.votes("alpha", "ship", htmx=True, x_forwarded_for=written)
        for _ in range(8):
            sent = {"x_forwarded_for": written}
            answers.append(visitor.opens("POST", "/tools/alpha/vote", form={"verdict": "ship"}, headers=sent))
    assert [answer.status_code for answer in answers].count(429) == 6


@ON_ONE_DATABASE
def test_a_socket_without_an_address_is_one_network(app_with: Callable[..., Flask]) -> None:
    application = app_with(VOTES_PER_NETWORK_DAY="1")
    make_tool("alpha")
    for _ in range(3):
        Visitor(application, "").votes("alpha", "ship", htmx=True)
    assert tally() == Community(ship=1, waiting=2)


@pytest.mark.parametrize("stated", [" ", "203.0.113.7", "x, y", "203.0.113.7, ,"])
@ON_ONE_DATABASE
def test_a_proxy_that_states_too_little_is_no_way_round_the_rules(app_with: Callable[..., Flask], stated: str) -> None:
    application = app_with(PROXY_HOPS="2", VOTES_PER_NETWORK_DAY="1")
    make_tool("alpha")
    for _ in range(3):
        Visitor(application).votes("alpha", "ship", htmx=True, x_forwarded_for=stated)
    assert tally() == Community(ship=1, waiting=2)


@ON_ONE_DATABASE
def test_without_a_proxys_word_the_socket_counts(app_with: Callable[..., Flask]) -> None:
    application = app_with(PROXY_HOPS="1", VOTES_PER_NETWORK_DAY="1")
    make_tool("alpha")
    for _ in range(3):
        Visitor(application).votes("alpha", "ship", htmx=True)
    assert tally() == Community(ship=3)
