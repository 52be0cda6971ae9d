"""Who votes: the cookie over https and plain http, forged ones, and keys that change."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.apps import BASE_URL
from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Cookie, Visitor
from verdicts.extensions import db
from verdicts.voting import queries
from verdicts.voting.community import Community
from verdicts.voting.voters import VOTER_KEPT

NEW_KEY = "tests-sign-cookies-with-another-key"
OLD_KEY = "tests-sign-cookies-with-this-key-only"


def tally() -> Community:
    db.session.rollback()
    (found,) = queries.tallies_of([1]).values()
    return found


@pytest.fixture
def alpha(app: Flask) -> None:
    assert make_tool("alpha").id == 1


@pytest.mark.parametrize(
    "origin", ["http://verdicts.test", "http://192.0.2.7:8000", "http://localhost:8000", "https://verdicts.test"]
)
def test_two_taps_are_one_voter_wherever_it_is_served(
    app: Flask, alpha: None, app_with: Callable[..., Flask], origin: str
) -> None:
    reader = Visitor(app_with(BASE_URL=origin))
    reader.votes("alpha", "ship")
    reader.votes("alpha", "skip")
    assert tally() == Community(skip=1)


@ON_ONE_DATABASE
def test_over_https_the_cookie_belongs_to_this_host_alone(
    app: Flask, alpha: None, app_with: Callable[..., Flask]
) -> None:
    reader = Visitor(app_with(BASE_URL="https://verdicts.test"))
    reader.votes("alpha", "ship")
    assert set(reader.cookies) == {"__Host-voter", "voted"}
    attributes = reader.cookies["__Host-voter"].attributes
    assert attributes == {
        "secure": "",
        "httponly": "",
        "path": "/",
        "samesite": "Lax",
        "max-age": str(int(VOTER_KEPT.total_seconds())),
        "expires": attributes["expires"],
    }


def test_over_plain_http_no_cookie_is_secure(visitor: Visitor, alpha: None) -> None:
    visitor.votes("alpha", "ship")
    assert set(visitor.cookies) == {"voter", "voted"}
    assert [cookie.secure for cookie in visitor.cookies.values()] == [False, False]
    assert visitor.cookies["voter"].attributes["samesite"] == "Lax"
    assert "httponly" in visitor.cookies["voter"].attributes


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        '"',
        "ab" * 16,
        f'"{"ab" * 16}"',
        '"0".sig',
        "a.b.c",
        "\xff\xfe",
        "ImFiIg.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "." * 99,
    ],
)
@ON_ONE_DATABASE
def test_a_forged_cookie_is_as_good_as_none(visitor: Visitor, alpha: None, value: str) -> None:
    visitor.cookies["voter"] = Cookie(value, secure=False, attributes={})
    assert visitor.sends("/tools/alpha/vote", {"verdict": "ship"}, 307).status == 307
    assert tally() == Community()


def test_a_cookie_that_was_tampered_with_is_as_good_as_none(visitor: Visitor, alpha: None) -> None:
    visitor.votes("alpha", "ship")
    good = visitor.cookies["voter"].value
    for place in range(1, 12):
        letter = "A" if good[place] != "A" else "B"
        visitor.cookies["voter"] = Cookie(good[:place] + letter + good[place + 1 :], secure=False, attributes={})
        visitor.opens("POST", "/tools/alpha/vote?voter=new", form={"verdict": "skip"})
    assert tally() == Community(ship=1)


def test_a_new_key_with_the_old_one_as_fallback_keeps_the_voter(
    visitor: Visitor, alpha: None, app_with: Callable[..., Flask]
) -> None:
    visitor.votes("alpha", "ship")
    after = Visitor(app_with(SECRET_KEY=NEW_KEY, SECRET_KEY_FALLBACKS=f"another-{OLD_KEY},{OLD_KEY}"))
    after.cookies = visitor.cookies
    assert after.sends("/tools/alpha/vote", {"verdict": "skip"}, 303).status == 303
    assert tally() == Community(skip=1)


@ON_ONE_DATABASE
def test_a_new_voter_is_signed_with_the_new_key(alpha: None, app_with: Callable[..., Flask], app: Flask) -> None:
    rotating = Visitor(app_with(SECRET_KEY=NEW_KEY, SECRET_KEY_FALLBACKS=OLD_KEY))
    rotating.votes("alpha", "ship")
    rotated = Visitor(app_with(SECRET_KEY=NEW_KEY))
    rotated.cookies = rotating.cookies
    rotated.votes("alpha", "skip")
    assert tally() == Community(skip=1)


def test_without_the_fallback_the_voter_is_a_new_one(
    visitor: Visitor, alpha: None, app_with: Callable[..., Flask]
) -> None:
    visitor.votes("alpha", "ship")
    after = Visitor(app_with(SECRET_KEY=NEW_KEY))
    after.cookies = dict(visitor.cookies)
    after.votes("alpha", "ship")
    assert tally() == Community(ship=2)


def test_another_hash_key_knows_nobody(visitor: Visitor, alpha: None, app_with: Callable[..., Flask]) -> None:
    visitor.votes("alpha", "ship")
    other = Visitor(app_with(HASH_KEY="h" * 32))
    other.cookies = visitor.cookies
    assert "Your vote:" not in other.reads("/tools/alpha/vote").words


@ON_ONE_DATABASE
def test_the_voters_cookie_is_not_the_sessions(visitor: Visitor, alpha: None) -> None:
    visitor.votes("alpha", "ship")
    assert "session" not in visitor.cookies
    assert visitor.base_url == BASE_URL


def test_a_cookie_ends_when_the_database_forgets_its_voter(
    visitor: Visitor, alpha: None, later: Callable[[timedelta], None]
) -> None:
    visitor.votes("alpha", "ship")
    before = visitor.cookies["voter"].value
    later(VOTER_KEPT - timedelta(days=1))
    visitor.votes("alpha", "skip")
    assert visitor.cookies["voter"].value == before
    later(timedelta(days=2))
    visitor.votes("alpha", "skip")
    assert visitor.hops[0].status_code == 307
    assert visitor.cookies["voter"].value != before


def test_a_cookie_signed_by_a_clock_that_is_ahead_is_good(
    visitor: Visitor, alpha: None, later: Callable[[timedelta], None]
) -> None:
    later(timedelta(minutes=5))
    visitor.votes("alpha", "ship")
    value = visitor.cookies["voter"].value
    later(-timedelta(minutes=5))
    visitor.votes("alpha", "skip")
    assert visitor.hops[0].status_code == 303
    assert visitor.cookies["voter"].value == value
    assert tally() == Community(skip=1)


@ON_ONE_DATABASE
def test_a_first_vote_may_end_on_a_machine_whose_clock_is_behind(
    visitor: Visitor, alpha: None, later: Callable[[timedelta], None]
) -> None:
    hello = visitor.sends("/tools/alpha/vote", {"verdict": "ship"}, 307)
    later(-timedelta(seconds=2))
    visitor.sends(hello.headers["Location"], {"verdict": "ship"}, 303)
    assert tally() == Community(ship=1)
