"""The network that a ballot comes from: stored as a hash under a random key of its day, for NETWORKS_KEPT."""

import hmac
import secrets
from datetime import UTC, date, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.voting.models import network_key
from verdicts.voting.tallying import insert_unless_there

Network = IPv4Network | IPv6Network
_KEY_BYTES = 32

# Spelled out, as `is_private` also covers the documentation's networks, which load tests use as their clients'.
_NOT_A_CLIENTS = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/127",
        "fc00::/7",
        "fe80::/10",
    )
]


def network_hash(address: str, now: datetime) -> str | None:
    """Return what the database calls the network of this address today, or None where it has none.

    The first call of a day writes that day's key, so call it after begin_write().
    """
    network = network_of(address)
    return hash_network(network, key_of_day(now.astimezone(UTC).date())) if network else None


def network_of(address: str) -> Network | None:
    """Return the IPv4 /24 or IPv6 /48 that holds a client's address.

    None for what cannot be a client's network (loopback, private, link-local, shared by a carrier) and for what is no
    address: a wrong PROXY_HOPS would otherwise put all voters into one network.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    # A socket that listens on IPv6 shows IPv4 clients as ::ffff:192.0.2.1.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if any(parsed in network for network in _NOT_A_CLIENTS):
        return None
    if parsed.version == 4:
        return IPv4Network((int(parsed), 24), strict=False)
    return IPv6Network((int(parsed), 48), strict=False)


def hash_network(network: Network, key: bytes) -> str:
    """Return a network's name under one day's key: HMAC-SHA256, 64 hexadecimal digits."""
    return hmac.digest(key, str(network).encode(), "sha256").hex()


def key_of_day(day: date) -> bytes:
    """Return the random key of a day. The first call of a day creates it."""
    connection, stored = db.session.connection(), sa.select(network_key.c.key).where(network_key.c.day == day)
    key: bytes | None = connection.scalar(stored)
    if key is None:
        insert_unless_there(network_key, day=day, key=secrets.token_bytes(_KEY_BYTES))
        key = connection.scalars(stored).one()
    return key
