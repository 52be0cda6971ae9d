"""Every public page, reached by its links from the front page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.apps import BASE_URL, new_app
from tests.conftest import DATABASES, ON_ONE_DATABASE, new_database
from tests.curation.files import import_file
from tests.makers import NOW
from tests.web.visitor import Page, Visitor
from verdicts.curation import sample
from verdicts.extensions import begin_write, db

# There are thousands of comparisons, and of addresses of the picker.
MOST = {"/compare/": 20, "/compare?": 5}
START = (
    "/",
    "/favicon.ico",
    "/manifest.webmanifest",
    "/robots.txt",
    "/sitemap.xml",
    "/llms.txt",
    "/opensearch.xml",
)
BARE = Path(__file__).parent.parent / "data" / "bare-catalogue.json"


@pytest.fixture(scope="module", params=DATABASES)
def pages(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, the_present: time_machine.Traveller
) -> Iterator[dict[str, Page]]:
    """Every page that links lead to, each checked as it was read; of comparisons a few, as there are thousands."""
    folder = tmp_path_factory.mktemp("crawl")
    with new_database(request) as url, new_app(url, folder, DEMO="1") as app:
        begin_write()
        sample.load(NOW)
        db.session.execute(sa.text("UPDATE tool SET published_at = NULL WHERE id % 3 > 0"))  # a third tells as much
        db.session.commit()
        yield crawl(Visitor(app))


def crawl(visitor: Visitor) -> dict[str, Page]:
    pages: dict[str, Page] = {}
    ahead = list(START)
    while ahead:
        path = ahead.pop(0)
        kind = path[: len("/compare/")]
        if path in pages or (kind in MOST and sum(each.startswith(kind) for each in pages) >= MOST[kind]):
            continue
        pages[path] = visitor.reads(path)
        ahead += pages[path].links()
    return pages


def is_comparison(path: str) -> bool:
    return path.startswith("/compare")


def test_every_page_is_reached_by_links(pages: dict[str, Page]) -> None:
    tools = db.session.scalar(sa.text("SELECT count(*) FROM tool WHERE published_at IS NOT NULL"))
    read = [path for path in pages if path.startswith("/tools/") and path.count("/") == 2]
    assert len(read) == tools >= 18
    categories = db.session.scalar(
        sa.text("SELECT count(DISTINCT category_id) FROM tool WHERE published_at IS NOT NULL")
    )
    assert sum(path.startswith("/categories/") for path in pages) == categories >= 5
    assert {"/", "/tools", "/reviewers", "/method", "/privacy", "/contact", "/compare"} <= set(pages)
    reviewers = db.session.scalars(sa.text("SELECT slug FROM reviewer"))
    assert {f"/reviewers/{slug}" for slug in reviewers} <= set(pages)
    assert sum(path.startswith("/compare/") for path in pages) >= 5


def test_no_public_page_sets_a_cookie(pages: dict[str, Page]) -> None:
    assert [path for path, page in pages.items() if "Set-Cookie" in page.headers] == []


def test_every_public_page_may_be_kept_by_proxies(pages: dict[str, Page]) -> None:
    assert {page.headers["Cache-Control"].split(",")[0] for page in pages.values()} == {"public"}


def test_links_into_a_page_find_their_place(pages: dict[str, Page]) -> None:
    for page in pages.values():
        for link in page.all("a"):
            path, _, place = link.get("href", "").partition("#")
            if place and path in pages:
                pages[path].by_id(place)


def test_every_page_that_search_engines_may_list_names_its_address(pages: dict[str, Page]) -> None:
    listed = {path: page for path, page in pages.items() if page.all("html") and not is_noindex(page)}
    assert len(listed) > 50
    assert {path for path, page in listed.items() if "?" not in path and canonical_paths(page) != [path]} == set()
    assert [path for path, page in listed.items() if len(canonical_paths(page)) != 1] == []


def is_noindex(page: Page) -> bool:
    return any(meta.get("name") == "robots" and "noindex" in meta.get("content", "") for meta in page.all("meta"))


def canonical_paths(page: Page) -> list[str]:
    links = [link.get("href", "") for link in page.all("link") if link.get("rel") == "canonical"]
    return [link.removeprefix(BASE_URL) for link in links]


def test_no_two_pages_have_the_same_title(pages: dict[str, Page]) -> None:
    titles: dict[str, str] = {}
    for path, page in pages.items():
        for title in page.texts("title"):
            if "?" not in path:
                assert titles.setdefault(title, path) == path
    assert titles


def test_no_two_pages_have_the_same_description(pages: dict[str, Page]) -> None:
    descriptions: dict[str, str] = {}
    for path, page in pages.items():
        for meta in page.all("meta") if "?" not in path else ():
            if meta.get("name") == "description":
                assert descriptions.setdefault(meta.get("content", ""), path) == path
    assert len(descriptions) > 50


def test_every_page_is_within_two_taps_of_the_front_page(pages: dict[str, Page]) -> None:
    one_tap = set(pages["/"].links())
    two_taps = {link for path in one_tap & pages.keys() for link in pages[path].links()}
    # What belongs to one tool, such as its alternatives, is a tap from that tool's page.
    paths = {path for path in pages if path.count("/") <= 2 and "?" not in path and not is_comparison(path)}
    assert paths - set(START) - one_tap - two_taps == set()


def test_the_foot_says_that_this_is_sample_content(pages: dict[str, Page]) -> None:
    assert "This is sample content" in pages["/"].words


def test_what_the_manifest_names_is_there(pages: dict[str, Page], shared_static: Path) -> None:
    manifest = pages["/manifest.webmanifest"].response.get_json()
    assert manifest["icons"]
    for icon in manifest["icons"]:
        assert (shared_static / icon["src"].partition("?")[0].removeprefix("/static/")).is_file()


@pytest.fixture
def shared_static() -> Path:
    return Path(__file__).parent.parent.parent / "static"


@ON_ONE_DATABASE
def test_a_bare_catalogue_can_be_crawled_too(app: Flask) -> None:
    begin_write()
    import_file(BARE, NOW)
    db.session.commit()
    assert "/compare/huggingface-smolvlm2-2b-vs-mistral-code" in crawl(Visitor(app))


@ON_ONE_DATABASE
def test_an_empty_installation_can_be_crawled_too(app: Flask) -> None:
    assert {"/", "/tools", "/method", "/privacy", "/contact", "/compare"} <= set(crawl(Visitor(app)))
