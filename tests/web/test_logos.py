"""Logos as readers get them, and the pages that show them."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.catalog.pictures import decoded, encoded, noise
from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.visitor import Page, Visitor
from verdicts.catalog import logos
from verdicts.catalog.content_version import bump_content_version
from verdicts.extensions import begin_write, db
from verdicts.web.caching import cache_of

WITH, WITHOUT = "mistral-code", "aider"
PAGES = {"tool": f"/tools/{WITH}", "comparison": f"/compare/{WITHOUT}-vs-{WITH}", "directory": "/tools"}


@pytest.fixture
def digest(app: Flask) -> str:
    """The logo of one tool; another has none."""
    tool, _ = make_tool(WITH), make_tool(WITHOUT)
    return give(tool.id)


def give(tool_id: int, size: int = 64) -> str:
    db.session.rollback()
    begin_write()
    digest = logos.store(logos.reencode(encoded(noise(size, 32))))
    logos.set_logo(tool_id, digest)
    bump_content_version()
    db.session.commit()
    return digest


def address(digest: str) -> str:
    return f"/logos/{digest}.png"


def test_a_logo_is_a_png_that_browsers_keep_for_a_year(visitor: Visitor, digest: str) -> None:
    answer = visitor.reads(address(digest))
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["ETag"] == f'"{digest}"'
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert decoded(answer.response.get_data()).format == "PNG"


@ON_ONE_DATABASE
def test_a_logo_that_a_browser_has_is_not_sent_again(visitor: Visitor, digest: str) -> None:
    answer = visitor.reads(address(digest), 304, if_none_match=f'"{digest}"')
    assert answer.response.get_data() == b""
    assert answer.headers["Cache-Control"].endswith("immutable")


@pytest.mark.parametrize(
    "change",
    [
        lambda digest: "0" * 64,
        lambda digest: digest[:-1],
        lambda digest: digest.upper(),
        lambda digest: f"{digest}%0A",
        lambda digest: "..%2F..%2Fetc%2Fpasswd",
        lambda digest: "x" * 64,
        lambda digest: "0" * 5000,
    ],
    ids=["unknown", "short", "upper", "newline", "path", "no digits", "long"],
)
@ON_ONE_DATABASE
def test_what_is_no_logo_is_not_found(visitor: Visitor, digest: str, change: Callable[[str], str]) -> None:
    assert visitor.reads(address(change(digest)), status=404).status == 404


def test_logos_take_no_place_among_the_pages_that_are_kept(app: Flask, visitor: Visitor, digest: str) -> None:
    visitor.reads(address(digest))
    visitor.reads(f"/tools/{WITH}")
    stores = cache_of(app)._stores.values()
    assert {key[0] for store in stores for key in store.keys()} == {f"/tools/{WITH}"}  # noqa: SIM118


def pictures_on(page: Page) -> list[dict[str, str]]:
    return [dict(each.attrib) for each in page.all("img", "tool-logo")]


@pytest.mark.parametrize("kind", PAGES)
def test_a_logo_stands_beside_its_tools_name_and_a_tool_without_one_has_no_empty_box(
    visitor: Visitor, digest: str, kind: str
) -> None:
    (logo,) = pictures_on(visitor.reads(PAGES[kind]))
    assert (logo["src"], logo["alt"]) == (address(digest), "")
    assert int(logo["width"]) == int(logo["height"]) > 0


@ON_ONE_DATABASE
def test_a_page_without_logos_loads_no_picture(visitor: Visitor, digest: str) -> None:
    assert visitor.reads(f"/tools/{WITHOUT}").all("img") == []


def test_a_changed_logo_is_shown_at_once(visitor: Visitor, digest: str) -> None:
    tool = visitor.reads(f"/tools/{WITH}")
    assert pictures_on(tool)[0]["src"] == address(digest)
    new = give(1, size=65)
    assert new != digest
    assert pictures_on(visitor.reads(f"/tools/{WITH}"))[0]["src"] == address(new)
