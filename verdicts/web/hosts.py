"""Refuses requests for hosts that are not ours. Werkzeug's own list of trusted hosts knows no IPv6 addresses."""

from functools import lru_cache

from flask import Flask, request
from werkzeug.exceptions import SecurityError
from werkzeug.sansio.utils import host_is_trusted

from verdicts.config import current_settings
from verdicts.config.values import plain_host


def init_app(app: Flask) -> None:
    app.before_request(refuse_other_hosts)


def refuse_other_hosts() -> None:
    if not is_trusted(request.host, current_settings().trusted_hosts):
        raise SecurityError


@lru_cache(maxsize=256)
def is_trusted(host_header: str | None, trusted_hosts: tuple[str, ...]) -> bool:
    """Say whether a Host header names one of these hosts, on whatever port.

    A trusted host that begins with a dot stands for its subdomains and itself.
    """
    if not host_header or not host_is_trusted(host_header):  # it has characters or a port that no host has
        return False
    if host_header.startswith("["):
        return plain_host(host_header.partition("]")[0] + "]") in trusted_hosts
    name = host_header.partition(":")[0].lower()
    return any(name == host.removeprefix(".") or (host[0] == "." and name.endswith(host)) for host in trusted_hosts)
