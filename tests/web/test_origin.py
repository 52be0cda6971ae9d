"""What another site makes a browser send: Sec-Fetch-Site and Origin in every combination."""

from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Visitor
from verdicts.web.origin import is_same_origin

SITES = [None, "same-origin", "same-site", "cross-site", "none", "SAME-ORIGIN", "same-origin, cross-site", "x"]


def origins(base_url: str) -> list[str | None]:
    other_scheme = base_url.replace("http:", "https:") if "http:" in base_url else base_url.replace("https:", "http:")
    near = [f"{base_url}:81", f"{base_url}.evil.example", f"{base_url}/", base_url.upper(), other_scheme]
    return [None, base_url, "null", "https://evil.example", *near, f"{base_url}, https://evil.example", "x"]


def should_pass(site: str | None, origin: str | None, base_url: str) -> bool:
    """The rule as voting.md puts it."""
    return origin == base_url if site is None else site == "same-origin"


@ON_ONE_DATABASE
@pytest.mark.parametrize("base_url", ["http://verdicts.test", "https://verdicts.test"])
def test_no_combination_is_decided_wrongly(app_with: Callable[..., Flask], base_url: str) -> None:
    visitor = Visitor(app_with(BASE_URL=base_url))
    make_tool("alpha")
    wrong = []
    for site, origin in product(SITES, origins(base_url)):
        sent = {"sec_fetch_site": site, "origin": origin, "cookie": None}
        status = visitor.opens("POST", "/tools/alpha/vote", form={"verdict": "ship"}, headers=sent).status_code
        if status != (307 if should_pass(site, origin, base_url) else 403):
            wrong.append((site, origin, status))
    assert wrong == []


@pytest.mark.parametrize("site", ["", " same-origin", "same-origin "])
def test_a_site_that_is_stated_but_not_same_origin_is_refused_whatever_the_origin(site: str) -> None:
    assert not is_same_origin(site, "http://verdicts.test", "http://verdicts.test")


@ON_ONE_DATABASE
@pytest.mark.parametrize("htmx", [False, True])
def test_a_refusal_says_why_in_words(visitor: Visitor, htmx: bool) -> None:
    make_tool("alpha")
    page = visitor.sends("/tools/alpha/vote", {"verdict": "ship"}, 403, htmx=htmx, origin="https://evil.example")
    assert "seems to come from another site" in page.words


@ON_ONE_DATABASE
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_that_may_change_something_is_checked(visitor: Visitor, method: str) -> None:
    for path in ("/", "/tools/alpha/vote", "/no/such/page"):
        assert visitor.opens(method, path, headers={"origin": "https://evil.example"}).status_code == 403


@ON_ONE_DATABASE
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_open_to_links_from_anywhere(visitor: Visitor, method: str) -> None:
    sent = {"origin": "https://evil.example", "sec_fetch_site": "cross-site"}
    assert visitor.opens(method, "/method", headers=sent).status_code == 200
