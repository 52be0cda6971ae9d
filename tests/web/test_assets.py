"""Static files and stylesheets: one request for all rules, under addresses that change with their content."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import time_machine
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.web import rich
from tests.web.visitor import Visitor
from verdicts.config import CHECKOUT
from verdicts.web.assets import BUNDLES, asset, find_stylesheet, stylesheet_url

STATIC = CHECKOUT / "static"
FOREVER = "public, max-age=31536000, immutable"
PAGES = ["/", "/tools", "/tools/alpha", "/compare", "/compare/alpha-vs-beta", "/rankings", "/method", "/contact"]

pytestmark = ON_ONE_SHARED_DATABASE


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    rich.build()
    return Visitor(shared_app)


@pytest.fixture
def copied_static(shared_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the application use a copy of its static files, which a test may change."""
    copy = tmp_path / "static"
    shutil.copytree(STATIC, copy)
    monkeypatch.setattr(shared_app, "static_folder", str(copy))
    return copy


def change(file: Path, clock: time_machine.Traveller) -> None:
    """Append a rule to a file, at a time that no clock is too coarse to tell from the last change; a second passes."""
    file.write_text(file.read_text() + "\n@layer pages { .changed { color: red } }\n")
    os.utime(file, ns=(1, 1))
    clock.shift(1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        yield clock


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_a_page_asks_for_one_stylesheet(visitor: Visitor, path: str) -> None:
    page = visitor.reads(path, 404 if path == "/nothing" else 200)
    sheets = [each.get("href") for each in page.all("link") if each.get("rel") == "stylesheet"]
    assert sheets == [stylesheet_url("public")]


@pytest.mark.parametrize("name", BUNDLES)
def test_a_stylesheet_holds_all_rules_of_its_sources_and_imports_nothing(visitor: Visitor, name: str) -> None:
    text = visitor.reads(stylesheet_url(name)).response.text
    sources = sources_of(STATIC / f"css/bundles/{name}.css")
    assert {"base.css", "tokens.css"} < set(sources)
    assert text.count("{") == sum(strip_comments((STATIC / "css" / each).read_text()).count("{") for each in sources)
    assert "@import" not in text


def sources_of(bundle: Path) -> list[str]:
    """Return the names of the files in css/ that a bundle imports, itself or by another bundle."""
    text = bundle.read_text()
    inner = [bundle.parent / name for name in re.findall(r'@import "(\w+\.css)"', text)]
    return [source for each in inner for source in sources_of(each)] + re.findall(r'"\.\./(.+\.css)"', text)


def strip_comments(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def test_each_source_belongs_to_a_bundle(shared_app: Flask) -> None:
    bundles = "".join(file.read_text() for file in (STATIC / "css/bundles").iterdir())
    assert [file.name for file in (STATIC / "css").glob("*.css") if f'"../{file.name}"' not in bundles] == []


def test_there_is_no_other_bundle(visitor: Visitor) -> None:
    visitor.reads("/assets/tokens.css", 404)


@pytest.mark.parametrize("name", BUNDLES)
def test_the_address_of_a_stylesheet_changes_with_a_source(
    copied_static: Path, clock: time_machine.Traveller, name: str
) -> None:
    before = stylesheet_url(name)
    change(copied_static / "css/print.css", clock)
    assert stylesheet_url(name) != before
    assert ".changed" in find_stylesheet(name).text


def test_the_address_of_a_static_file_changes_with_its_content(
    copied_static: Path, clock: time_machine.Traveller
) -> None:
    before = asset("js/share.js")
    change(copied_static / "js/share.js", clock)
    assert asset("js/share.js") != before


@pytest.mark.parametrize("name", ["archivo", "source-serif-4"])
def test_a_font_has_one_address_that_changes_with_its_content(visitor: Visitor, name: str) -> None:
    (in_css,) = re.findall(
        rf'"(/static/fonts/{name}\.woff2\?v=\w+)"', visitor.reads(stylesheet_url("public")).response.text
    )
    preloaded = [each.get("href") for each in visitor.reads("/").all("link") if each.get("rel") == "preload"]
    assert in_css in preloaded
    assert in_css.endswith(f"?v={sha256((STATIC / f'fonts/{name}.woff2').read_bytes()).hexdigest()[:8]}")
    assert visitor.reads(in_css).headers["Cache-Control"] == FOREVER


def test_what_the_address_names_may_be_cached_for_a_year(visitor: Visitor) -> None:
    for address in (asset("js/share.js"), stylesheet_url("public"), stylesheet_url("admin")):
        assert visitor.reads(address).headers["Cache-Control"] == FOREVER


@pytest.mark.parametrize("path", ["/static/js/share.js", "/assets/public.css"])
@pytest.mark.parametrize(("query", "control"), [("?v=x", "public, no-cache"), ("", "public, max-age=86400")])
def test_another_version_is_not_taken_for_the_one_that_the_address_names(
    visitor: Visitor, path: str, query: str, control: str
) -> None:
    assert visitor.reads(path + query).headers["Cache-Control"] == control


def test_a_missing_static_file_may_not_be_cached(visitor: Visitor) -> None:
    assert visitor.reads("/static/css/nothing.css?v=x", 404).headers["Cache-Control"] == "no-store"


def test_an_unchanged_stylesheet_is_not_sent_again(visitor: Visitor) -> None:
    etag = visitor.reads("/assets/public.css").headers["ETag"]
    assert visitor.opens("GET", "/assets/public.css", headers={"if_none_match": etag}).status_code == 304


@pytest.mark.parametrize("path", [*PAGES, "/tools?panel=split&tool=alpha", "/compare?tool=alpha"])
def test_each_icon_and_the_logo_are_in_the_file_that_the_page_names(visitor: Visitor, path: str) -> None:
    shown = [str(each.get("href")).partition("#") for each in visitor.reads(path).all("use")]
    assert ("logo", asset("img/symbols.svg")) in {(id, file) for file, _, id in shown}
    for file, _, id in shown:
        symbols = ET.fromstring(visitor.opens("GET", file).data)  # noqa: S314  # our own
        assert [each.get("id") for each in symbols].count(id) == 1, id
