"""The network that a ballot comes from: stored as a hash under a random key of its day, for NETWORKS_KEPT."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import sqlalchemy as sa
from flask import current_app

from verdicts.extensions import db
from verdicts.voting.models import network_key
from verdicts.voting.retention import NETWORKS_KEPT
from verdicts.voting.tallying import insert_unless_there

_KEPT_KEYS = sa.select(network_key.c.day, network_key.c.key).where(network_key.c.day > sa.bindparam("expired"))
_KEY = sa.select(network_key.c.key).where(network_key.c.day == sa.bindparam("day"))

# The network of every client whose address cannot be read, so that a proxy's odd words switch off no rule.
UNREADABLE = "unreadable"
_KEY_BYTES = 32
REMEMBERED = "verdicts.network_keys"  # in app.extensions
_CREATED_IN = "verdicts.network_key_created_in"  # in the info of the connection whose transaction created today's

# Spelled out, as `is_private` also covers the documentation's networks, which load tests use as their clients'.
_NOT_A_CLIENTS: dict[int, Sequence[IPv4Network | IPv6Network]] = {
    4: [
        IPv4Network(network)
        for network in (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
        )
    ],
    6: [IPv6Network(network) for network in ("::/127", "fc00::/7", "fe80::/10")],
}  # by version

# Translators' networks (RFC 6052, RFC 8215, RFC 2765) and the old form of IPv4 in IPv6 (RFC 4291).
_ENDS_IN_IPV4 = [IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")]


def network_hash(connection: sa.Connection, address: str, now: datetime) -> str | None:
    """Return what the database calls the network of this address today, or None where it has none.

    The first call of a day writes that day's key, so the connection is in a transaction that may write.
    """
    return next(iter(network_hashes(connection, network_of(address), now)), None)


def network_hashes(connection: sa.Connection, network: str | None, now: datetime) -> list[str]:
    """Return what the database calls a network today, then on the days before whose keys it keeps.

    An empty list where there is no network. The connection is as network_hash()'s.
    """
    return [hash_network(network, key) for key in _keys_of(connection, now.astimezone(UTC).date())] if network else []


def unreadable_hashes(now: datetime) -> list[str]:
    """Return what the database calls the UNREADABLE network on the days whose keys it keeps. One statement."""
    keys = _kept_keys(db.session.connection(), now.astimezone(UTC).date())
    return [hash_network(UNREADABLE, key) for key in keys.values()]


def _keys_of(connection: sa.Connection, today: date) -> list[bytes]:
    """Return today's key, then those of the days before that are kept.

    The application remembers them for the day, once it has read today's that another transaction has committed.
    """
    remembered = current_app.extensions
    day, keys = remembered.get(REMEMBERED, (None, []))
    if day == today:
        return list(keys)
    kept = _kept_keys(connection, today)
    todays = kept.pop(today, None)
    keys = [todays or key_of_day(connection, today), *kept.values()]
    if todays is None:
        connection.info[_CREATED_IN] = connection.get_transaction()
    elif connection.info.get(_CREATED_IN) is not connection.get_transaction():
        remembered[REMEMBERED] = (today, keys)
    return keys


def _kept_keys(connection: sa.Connection, today: date) -> dict[date, bytes]:
    rows = connection.execute(_KEPT_KEYS, {"expired": today - NETWORKS_KEPT})
    return {row.day: row.key for row in rows}


def network_of(address: str) -> str | None:
    """Return the IPv4 /24 or IPv6 /48 that holds a client's address; UNREADABLE for what is no address.

    None for what cannot be a client's (loopback, private, link-local, shared by a carrier): a wrong PROXY_HOPS would
    otherwise put all voters into one network. An IPv6 address that carries an IPv4 address (6to4, Teredo, NAT64)
    belongs to the IPv4 network: else each IPv4 address would have a network of its own, or a whole carrier only one.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNREADABLE
    # A socket that listens on IPv6 shows IPv4 clients as ::ffff:192.0.2.1.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if any(parsed in network for network in _NOT_A_CLIENTS[parsed.version]):
        return None
    client = _embedded_ipv4(parsed) if isinstance(parsed, IPv6Address) else parsed
    if client:
        return f"{IPv4Address(int(client) >> 8 << 8)}/24"
    return f"{IPv6Address(int(parsed) >> 80 << 80)}/48"


def _embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address of a client that reaches IPv6 through a translator or a tunnel."""
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        _server, client = address.teredo
        return client
    is_translated = any(address in network for network in _ENDS_IN_IPV4)
    return IPv4Address(int(address) & 0xFFFFFFFF) if is_translated else None


def hash_network(network: str, key: bytes) -> str:
    """Return a network's name under one day's key: HMAC-SHA256, 64 hexadecimal digits."""
    return hmac.digest(key, network.encode(), "sha256").hex()


def key_of_day(connection: sa.Connection, day: date) -> bytes:
    """Return the random key of a day. The first call of a day creates it."""
    key: bytes | None = connection.scalar(_KEY, {"day": day})
    if key is None:
        insert_unless_there(connection, network_key, day=day, key=secrets.token_bytes(_KEY_BYTES))
        key = connection.scalars(_KEY, {"day": day}).one()
    return key
