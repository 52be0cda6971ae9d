"""What machines read first: a sitemap of what may be indexed, robots.txt, llms.txt and the search's description."""

import re
from collections.abc import Callable
from datetime import date
from fnmatch import fnmatchcase
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, ON_ONE_SHARED_DATABASE, StatementCount
from tests.makers import NOW, make_category, make_comparison, make_price, make_review, make_reviewer, make_tool
from tests.web import rich
from tests.web.visitor import Visitor
from verdicts.comparisons import indexable
from verdicts.extensions import db

BASE = "http://verdicts.test"
SITEMAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    rich.build()
    make_comparison(make_tool("stranger"), make_tool("neighbour"))
    return Visitor(shared_app)


def locations(visitor: Visitor, path: str) -> list[str]:
    """Return the addresses of a sitemap or an index, without our host; check it by the rules of sitemaps.org."""
    page = visitor.reads(path)
    assert page.headers["Content-Type"].startswith("application/xml")
    root = ET.fromstring(page.response.get_data())  # noqa: S314  # our own
    kind = {f"{SITEMAPS}urlset": "url", f"{SITEMAPS}sitemapindex": "sitemap"}[root.tag]
    assert 0 < len(root) <= 50_000
    found = []
    for entry in root:
        assert entry.tag == SITEMAPS + kind
        assert [child.tag for child in entry] in ([f"{SITEMAPS}loc"], [f"{SITEMAPS}loc", f"{SITEMAPS}lastmod"])
        address = entry[0].text or ""
        assert address.startswith(f"{BASE}/")
        assert len(address) < 2048
        for lastmod in entry[1:]:
            date.fromisoformat(lastmod.text or "")
        found.append(address.removeprefix(BASE))
    assert len(set(found)) == len(found)
    return found


def all_locations(visitor: Visitor) -> list[str]:
    return [address for part in locations(visitor, "/sitemap.xml") for address in locations(visitor, part)]


def is_indexable(visitor: Visitor, path: str) -> bool:
    robots = [meta.get("content") for meta in visitor.reads(path).all("meta") if meta.get("name") == "robots"]
    return "noindex" not in robots


def test_the_sitemap_lists_tools_curated_pairs_and_pairs_within_a_category(visitor: Visitor) -> None:
    listed = all_locations(visitor)
    assert {path for path in listed if path.startswith("/tools/")} == {
        *(f"/tools/{slug}" for slug in ("alpha", "beta", "gamma", "bare", "stranger", "neighbour")),
        *(f"/tools/{slug}/alternatives" for slug in ("alpha", "beta", "gamma", "bare")),
    }
    assert {path.removeprefix("/compare/") for path in listed if path.startswith("/compare/")} == {
        "alpha-vs-beta",
        "alpha-vs-gamma",
        "beta-vs-gamma",
        "alpha-vs-bare",
        "bare-vs-beta",
        "bare-vs-gamma",
        "neighbour-vs-stranger",
    }
    assert {"/", "/tools", "/rankings", "/rankings?category=developer-tools", "/method", "/digest"} <= set(listed)


@ON_ONE_SHARED_DATABASE
def test_all_that_the_sitemap_lists_may_be_indexed_and_read(visitor: Visitor) -> None:
    for path in all_locations(visitor):
        assert is_indexable(visitor, path), path
        assert not forbidden(visitor, path), path


@pytest.mark.parametrize(
    ("path", "indexable"),
    [
        ("/compare/alpha-vs-beta", True),
        ("/compare/bare-vs-gamma", True),
        ("/compare/neighbour-vs-stranger", True),
        ("/compare/alpha-vs-stranger", False),
        ("/compare/alpha-vs-beta-vs-gamma", False),
    ],
)
@ON_ONE_SHARED_DATABASE
def test_a_comparison_of_no_category_that_no_editor_wrote_of_is_not_indexed(
    visitor: Visitor, path: str, indexable: bool
) -> None:
    assert is_indexable(visitor, path) == indexable


def test_a_page_changed_when_what_it_shows_did(app: Flask) -> None:
    kind = make_category("tools")
    old, new = make_tool("old", category_id=kind.id), make_tool("new", category_id=kind.id)
    make_price(old, checked_on=date(2026, 11, 25))
    make_review(new, make_reviewer(), reviewed_on=date(2026, 11, 23))
    db.session.rollback()
    assert {page.slug: page.changed_on.day for page in indexable.list_tools(1, NOW)} == {"old": 25, "new": 23}
    assert [(page.slug, page.changed_on.day) for page in indexable.list_pairs("tools", 1, NOW)] == [("new-vs-old", 25)]


@ON_ONE_DATABASE
def test_the_parts_of_a_category_hold_each_pair_once_and_new_tools_come_last(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = make_category("tools")
    monkeypatch.setattr(indexable, "PART_SIZE", 4)

    def parts() -> list[list[str]]:
        db.session.rollback()
        ((slug, count),) = indexable.count_parts(NOW).categories
        assert indexable.list_pairs(slug, count + 1, NOW) == []
        return [[page.slug for page in indexable.list_pairs(slug, part + 1, NOW)] for part in range(count)]

    for letter in "abcdef":
        make_tool(letter, category_id=kind.id)
    six = parts()
    assert [len(part) for part in six] == [4, 4, 4, 3]
    assert len({pair for part in six for pair in part}) == 15
    make_tool("g", category_id=kind.id)
    assert parts()[:3] == six[:3]


@ON_ONE_DATABASE
def test_a_category_lists_so_many_pairs_and_no_more(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = make_category("tools")
    monkeypatch.setattr(indexable, "MAX_TOOLS_OF_CATEGORY", 3)
    for letter in "abcde":
        make_tool(letter, category_id=kind.id)
    db.session.rollback()
    assert [page.slug for page in indexable.list_pairs("tools", 1, NOW)] == ["a-vs-b", "a-vs-c", "b-vs-c"]


@pytest.mark.parametrize(
    "path",
    [
        "/sitemap-tools-2.xml",
        "/sitemap-tools-0.xml",
        "/sitemap-tools-999999999999999999999.xml",
        "/sitemap-comparisons-2.xml",
        "/sitemap-pairs-nothing-1.xml",
        "/sitemap-pairs-developer-tools-2.xml",
        "/sitemap-pairs-developer-tools-50000.xml",
    ],
)
@ON_ONE_SHARED_DATABASE
def test_there_is_no_empty_part(visitor: Visitor, path: str) -> None:
    assert visitor.reads(path, 404).status == 404


def test_sitemaps_take_their_number_of_statements(app: Flask, statements: StatementCount) -> None:
    rich.build()
    make_comparison(make_tool("stranger"), make_tool("neighbour"))
    visitor, counts = Visitor(app), {}
    for path in (*["/sitemap.xml", *locations(Visitor(app), "/sitemap.xml")], "/robots.txt", "/llms.txt"):
        before = len(statements)
        visitor.reads(path)
        counts[path] = statements.of_pages(before)
    assert counts == {
        "/sitemap.xml": 4,
        "/sitemap-pages.xml": 3,
        "/sitemap-tools-1.xml": 1,
        "/sitemap-alternatives-1.xml": 1,
        "/sitemap-comparisons-1.xml": 2,
        "/sitemap-pairs-developer-tools-1.xml": 1,
        "/robots.txt": 0,
        "/llms.txt": 3,
    }


def forbidden(visitor: Visitor, path: str) -> bool:
    """Say whether robots.txt keeps crawlers from a path, by the rules of RFC 9309 (which has * and $)."""
    lines = visitor.reads("/robots.txt").html.splitlines()
    rules = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")]

    def pattern(rule: str) -> str:
        # In fnmatch "?" stands for any character, and a rule matches what begins like it.
        return (rule[:-1] if rule.endswith("$") else f"{rule}*").replace("?", "[?]")

    return any(fnmatchcase(path, pattern(rule)) for rule in rules)


@pytest.mark.parametrize(
    "path",
    [
        "/compare",
        "/compare?tool=alpha&more=1",
        "/compare/alpha-vs-beta-vs-gamma",
        "/compare/alpha-vs-bare-vs-beta-vs-gamma",
        "/compare/alpha-vs-beta?as_of=2026-01-01",
        "/tools/alpha?as_of=2026-01-01",
        "/rankings?page=2&as_of=2026-01-01",
        "/compare/alpha-vs-beta?w-builder=2",
        "/rankings?page=2&w-founder=0",
        "/tools/alpha/vote",
        "/votes/mine?tool=alpha",
        "/tools?q=alpha",
        "/tools?category=developer-tools&q=alpha",
        "/tools?sort=name",
        "/tools?category=developer-tools&price=free",
        "/tools?tool=alpha",
        "/admin/login",
    ],
)
@ON_ONE_SHARED_DATABASE
def test_crawlers_are_kept_from_what_has_no_end(visitor: Visitor, path: str) -> None:
    assert forbidden(visitor, path)


@pytest.mark.parametrize(
    "path", ["/", "/tools", "/tools?category=developer-tools", "/tools?page=2&after=alpha", "/compare/alpha-vs-beta"]
)
@ON_ONE_SHARED_DATABASE
def test_crawlers_may_read_the_rest(visitor: Visitor, path: str) -> None:
    assert not forbidden(visitor, path)


@ON_ONE_SHARED_DATABASE
def test_robots_txt_names_the_sitemap(visitor: Visitor) -> None:
    page = visitor.reads("/robots.txt")
    assert page.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert page.html.splitlines()[0] == "User-agent: *"
    assert f"Sitemap: {BASE}/sitemap.xml" in page.html.splitlines()


@ON_ONE_SHARED_DATABASE
def test_every_address_in_llms_txt_leads_somewhere(visitor: Visitor) -> None:
    page = visitor.reads("/llms.txt")
    assert page.html.startswith("# Verdicts\n\n> ")
    links = re.findall(r"\]\(([^)]+)\)", page.html)
    assert f"{BASE}/compare/alpha-vs-beta" in links
    for link in links:
        assert visitor.reads(link.removeprefix(BASE)).status == 200


@ON_ONE_SHARED_DATABASE
def test_browsers_can_add_the_search(visitor: Visitor) -> None:
    (link,) = [each for each in visitor.reads("/").all("link") if each.get("rel") == "search"]
    page = visitor.reads(link.get("href", ""))
    assert page.headers["Content-Type"].startswith("application/opensearchdescription+xml")
    root = ET.fromstring(page.html)  # noqa: S314  # our own
    name = {child.tag.partition("}")[2]: child for child in root}
    assert 0 < len(name["ShortName"].text or "") <= 16
    template = name["Url"].get("template", "")
    assert "“alpha”" in visitor.reads(template.removeprefix(BASE).replace("{searchTerms}", "alpha")).words


@ON_ONE_DATABASE
def test_a_long_name_of_the_site_is_shortened_for_the_search(app_with: Callable[..., Flask]) -> None:
    page = Visitor(app_with(SITE_NAME="Verdicts & Votes of our Company")).reads("/opensearch.xml")
    assert "<ShortName>Verdicts &amp; Votes</ShortName>" in page.html
