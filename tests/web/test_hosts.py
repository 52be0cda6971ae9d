"""Which hosts are ours: names, subdomains, IPv4 and IPv6 addresses."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Visitor
from verdicts.web.hosts import is_trusted

OURS = ("verdicts.example", ".sub.example", "127.0.0.1", "::1", "2001:db8::1")


GOOD = """verdicts.example verdicts.example:8000 Verdicts.Example sub.example a.b.sub.example:1 127.0.0.1:8000 [::1]
    [::1]:8000 [0:0:0:0:0:0:0:1]:8000 [2001:DB8::1]"""
BAD = """evil.example verdicts.example.evil.example xsub.example .verdicts.example verdicts.example:0 ::1 [::2] [::1]x
    [::1]:x [::1 [::1]@evil.example [::1%25eth0] 127.0.0.1.evil.example"""


@pytest.mark.parametrize("host", GOOD.split())
def test_these_are_ours(host: str) -> None:
    assert is_trusted(host, OURS)


@pytest.mark.parametrize("host", ["", *BAD.split()])
def test_these_are_not(host: str) -> None:
    assert not is_trusted(host, OURS)


@ON_ONE_DATABASE
def test_an_ipv6_address_is_a_host_like_any_other(app_with: Callable[..., Flask]) -> None:
    visitor = Visitor(app_with(BASE_URL="http://[::1]:8000"))
    make_tool("alpha")
    assert 'href="http://[::1]:8000/tools/alpha"' in visitor.reads("/tools/alpha").html
    assert "Your vote: SHIP" in visitor.votes("alpha", "ship").words
    visitor.sends("/tools/alpha/vote", {"verdict": "skip"}, 403, origin="http://[::2]:8000")
    visitor.reads("/tools/alpha", 400, host="[::2]:8000")
