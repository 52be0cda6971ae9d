"""Networks: which address belongs to which, and the key of the day that hides them."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import StatementCount
from tests.makers import NOW, TODAY
from tests.voting.world import rows
from verdicts.extensions import begin_write, db
from verdicts.voting.models import network_key
from verdicts.voting.networks import UNREADABLE, hash_network, key_of_day, network_hash, network_of

SHARED = "203.0.113.7"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("8.8.8.8", "8.8.8.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("2a00:1450:4001:81b::200e", "2a00:1450:4001::/48"),
        ("2001:db8:1:2:3::4%eth0", "2001:db8:1::/48"),
        # 6to4, Teredo and NAT64 carry the client's IPv4 address.
        ("2002:cb00:7107::1", "203.0.113.0/24"),
        ("2002:cb00:71fe:5:6::1", "203.0.113.0/24"),
        ("2001:0:c000:201:0:ffff:34ff:8ef8", "203.0.113.0/24"),
        ("64:ff9b::203.0.113.7", "203.0.113.0/24"),
        ("64:ff9b::c633:6401", "198.51.100.0/24"),
        ("64:ff9b:1::203.0.113.7", "203.0.113.0/24"),
        ("::ffff:0:203.0.113.7", "203.0.113.0/24"),
        ("::203.0.113.7", "203.0.113.0/24"),
        # A translator's private addresses are no way round the limits.
        ("64:ff9b::10.0.0.1", "10.0.0.0/24"),
        ("2002:a00:1::1", "10.0.0.0/24"),
    ],
)
def test_a_clients_network_is_its_24_or_48(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1"),
        *("100.64.0.1", "0.0.0.0", "::", "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1"),  # noqa: S104
        "::ffff:10.0.0.1",
    ],
)
def test_what_is_no_clients_address_has_no_network(address: str) -> None:
    assert network_of(address) is None


@pytest.mark.parametrize("address", ["", "unknown", "unix:", "203.0.113", "203.0.113.07", "1.2.3.4, 5.6.7.8", "\0"])
def test_what_cannot_be_read_is_one_network(address: str) -> None:
    assert network_of(address) == UNREADABLE


@given(st.ip_addresses())
def test_every_address_lies_in_its_network_or_has_none(address: object) -> None:
    network = network_of(str(address))
    assert network is None or network.endswith(("/24", "/48"))


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    network_of(text)


def test_a_networks_hash_tells_nothing_without_its_key() -> None:
    network = "203.0.113.0/24"
    assert len(hash_network(network, b"a" * 32)) == 64
    assert hash_network(network, b"a" * 32) != hash_network(network, b"b" * 32)


def test_a_days_key_stays_the_same_and_is_no_other_days(app: Flask) -> None:
    key = key_of_day(db.session.connection(), TODAY)
    assert len(key) == 32
    assert key_of_day(db.session.connection(), TODAY) == key
    assert key_of_day(db.session.connection(), TODAY + timedelta(days=1)) != key
    assert db.session.scalar(sa.select(sa.func.count()).select_from(network_key)) == 2


def test_the_keys_of_a_day_are_read_once_they_are_committed(app: Flask, statements: StatementCount) -> None:
    for _ in range(2):
        network_hash(db.session.connection(), SHARED, NOW)
        db.session.commit()
    before = len(statements)
    network_hash(db.session.connection(), SHARED, NOW)
    assert len(statements) == before


def test_a_key_that_was_never_committed_is_not_remembered(app: Flask) -> None:
    lost = network_hash(db.session.connection(), SHARED, NOW)
    db.session.rollback()
    stored = network_hash(db.session.connection(), SHARED, NOW)
    assert stored != lost
    db.session.commit()
    assert network_hash(db.session.connection(), SHARED, NOW) == stored


def test_a_key_that_a_transaction_has_created_is_not_remembered_within_it(app: Flask) -> None:
    lost = [network_hash(db.session.connection(), SHARED, NOW), network_hash(db.session.connection(), SHARED, NOW)]
    db.session.rollback()
    assert network_hash(db.session.connection(), SHARED, NOW) not in lost


def test_neighbours_share_a_hash_on_one_day_only(app: Flask) -> None:
    today = network_hash(db.session.connection(), SHARED, NOW)
    assert network_hash(db.session.connection(), "203.0.113.200", NOW) == today
    assert network_hash(db.session.connection(), "203.0.114.7", NOW) != today
    assert network_hash(db.session.connection(), SHARED, NOW + timedelta(days=1)) != today


def test_the_day_is_the_day_in_utc(app: Flask) -> None:
    evening_in_new_york = datetime.fromisoformat("2026-11-21T22:00:00-05:00")
    assert network_hash(db.session.connection(), SHARED, evening_in_new_york) == network_hash(
        db.session.connection(), SHARED, datetime(2026, 11, 22, 3, tzinfo=UTC)
    )


def test_an_address_without_a_network_makes_no_key(app: Flask) -> None:
    begin_write()
    assert network_hash(db.session.connection(), "127.0.0.1", NOW) is None
    db.session.commit()
    assert rows(network_key) == 0
