"""Other spellings of an address lead to the one that we use, and never to another host."""

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.makers import make_category, make_tool
from tests.web.visitor import Visitor
from verdicts.web.canonical_paths import with_single_slashes

LONG, LONGER = "a" * 128, "-".join(["b" * 42] * 3)[:128]


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    category = make_category("code-editors")
    for slug in ("alpha", "beta", "gamma", "delta"):
        make_tool(slug, category_id=category.id)
    make_tool(LONG, aliases=(LONGER,))
    return Visitor(shared_app)


@ON_ONE_SHARED_DATABASE
@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("/tools/", "/tools"),
        ("/tools/alpha/", "/tools/alpha"),
        ("/tools//alpha", "/tools/alpha"),
        ("/tools/Alpha", "/tools/alpha"),
        ("/Tools/ALPHA/", "/tools/alpha"),
        ("/tools/alpha/?utm=x&y=%2F", "/tools/alpha?utm=x&y=%2F"),
        ("/tools/?category=code-editors&page=1", "/tools?category=code-editors&page=1"),
        ("/tools?category=Code-Editors", "/tools?category=code-editors"),
        ("/tools/Alpha/vote", "/tools/alpha/vote"),
        ("/compare/", "/compare"),
        ("/compare/Alpha-vs-Beta", "/compare/alpha-vs-beta"),
        ("/compare/Beta-VS-alpha/", "/compare/alpha-vs-beta"),
        ("/compare//gamma-vs-BETA-vs-alpha", "/compare/alpha-vs-beta-vs-gamma"),
        ("/digest/", "/digest"),
        ("/digest/2026-W47", "/digest/2026-w47"),
        ("/method/", "/method"),
        ("/newsletter/", "/newsletter"),
        ("/newsletter", "/newsletter/subscribe"),
        ("/newsletter/subscribe/?tool=alpha", "/newsletter/subscribe?tool=alpha"),
        ("/Newsletter/Subscribe?tool=alpha", "/newsletter/subscribe?tool=alpha"),
        ("/Newsletter", "/newsletter"),
        ("/METHOD/", "/method"),
        ("/Privacy", "/privacy"),
        ("/Compare?tool=alpha&tool=beta", "/compare?tool=alpha&tool=beta"),
        ("/Contact?about=/tools/alpha", "/contact?about=/tools/alpha"),
        ("/Robots.txt", "/robots.txt"),
        ("/Admin/Tools/1/Price", "/admin/tools/1/price"),
        ("/ADMIN/History/Tool/1", "/admin/history/tool/1"),
        ("/Admin/Login?next=/admin/Me", "/admin/login?next=/admin/Me"),
    ],
)
def test_another_spelling_leads_to_the_address_for_good(visitor: Visitor, asked: str, canonical: str) -> None:
    assert visitor.reads(asked, 301).headers["Location"] == canonical


@ON_ONE_SHARED_DATABASE
@pytest.mark.parametrize(
    "path",
    [
        "/\\evil.example/",
        "/%5C%5Cevil.example/",
        "/%09/evil.example/",
        "/tools//evil.example/",
        "/tools/%2F%2Fevil.example/",
        "/TOOLS/%0d%0aLocation:%20https://evil.example/",
    ],
)
def test_no_spelling_leads_to_another_host(visitor: Visitor, path: str) -> None:
    response = visitor.opens("GET", path)
    location = response.headers.get("Location", "/")
    assert location.startswith("/")
    assert location[1:2] not in {"/", "\\"}
    assert not {"\r", "\n", "\t", "\\"} & set(location)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("//tools/alpha", "/tools/alpha"),
        ("///tools///Alpha///", "/tools/Alpha"),
        ("//evil.example", "/evil.example"),
        ("//evil.example/tools/", "/evil.example/tools"),
        ("//", "/"),
        ("/newsletter/confirm/AbC/", "/newsletter/confirm/AbC"),
    ],
)
def test_a_path_begins_with_one_slash(path: str, canonical: str) -> None:
    assert with_single_slashes(path) == canonical


@ON_ONE_SHARED_DATABASE
@pytest.mark.parametrize(
    "path", ["/newsletter/confirm/AbC", "/Newsletter/Leave/AbC", "/static/Js/app.js", "/Nowhere", "/Caf%C3%89"]
)
def test_a_path_with_a_secret_or_without_a_page_keeps_its_capitals(visitor: Visitor, path: str) -> None:
    assert visitor.opens("GET", path).status_code != 301


@ON_ONE_SHARED_DATABASE
def test_a_vote_is_not_redirected(visitor: Visitor) -> None:
    assert visitor.opens("POST", "/tools/Alpha/vote").status_code != 301


@ON_ONE_SHARED_DATABASE
def test_slugs_of_the_greatest_length_have_pages(visitor: Visitor) -> None:
    assert visitor.reads(f"/tools/{LONG}").status == 200
    assert visitor.reads(f"/tools/{LONGER}", 301).headers["Location"] == f"/tools/{LONG}"
    assert visitor.reads(f"/compare/{LONG}-vs-alpha").status == 200
    assert visitor.reads(f"/compare/alpha-vs-{LONGER}", 301).headers["Location"] == f"/compare/{LONG}-vs-alpha"
    assert visitor.reads(f"/contact?about=/compare/{LONG}-vs-alpha").status == 200
