"""Feeds: valid by the rules of RFC 4287 and JSON Feed 1.1, with ids that stay, and sent once to who has them."""

import re
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, ON_ONE_SHARED_DATABASE, StatementCount
from tests.makers import make_category, make_price, make_review, make_reviewer, make_tool
from tests.web import rich
from tests.web.corpus import EVERYTHING
from tests.web.visitor import Visitor, read_html
from verdicts.catalog.kinds import ToolState
from verdicts.catalog.models import CategoryAlias, ReviewerAlias, Tool
from verdicts.extensions import db

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = ["", "/tools/alpha", "/categories/developer-tools", "/reviewers/builder"]
# RFC 3339, as RFC 4287 narrows it: an upper-case T, and an offset.
A_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
A_TAG = re.compile(r"tag:verdicts\.test,2026:[\w/.-]+", re.ASCII)


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    rich.build()
    return Visitor(shared_app)


def atom(visitor: Visitor, place: str = "") -> ET.Element:
    return ET.fromstring(visitor.reads(f"{place}/feed.atom").html)  # noqa: S314  # our own


def text(element: ET.Element, name: str) -> str:
    """Return the text of the one child with this name."""
    (child,) = element.findall(ATOM + name)
    assert child.text
    return child.text


@pytest.mark.parametrize("place", FEEDS)
@ON_ONE_SHARED_DATABASE
def test_an_atom_feed_keeps_the_rules_of_rfc_4287(visitor: Visitor, place: str) -> None:
    page = visitor.reads(f"{place}/feed.atom")
    assert page.headers["Content-Type"].startswith("application/atom+xml")
    assert page.html.startswith("<?xml")
    feed = ET.fromstring(page.html)  # noqa: S314  # our own
    entries = feed.findall(ATOM + "entry")
    assert feed.tag == ATOM + "feed"
    assert entries
    links = {link.get("rel"): link.get("href") for link in feed.findall(ATOM + "link")}
    assert links["self"] == f"http://verdicts.test{place}/feed.atom"
    assert urlsplit(links["alternate"]).netloc == "verdicts.test"
    (author,) = feed.findall(ATOM + "author")  # so no entry needs one
    assert text(author, "name") == "Verdicts"
    for element in (feed, *entries):
        assert A_TAG.fullmatch(text(element, "id"))
        assert text(element, "title").strip()
        assert A_DATE.fullmatch(text(element, "updated"))
        assert len([link for link in element.findall(ATOM + "link") if link.get("rel") == "alternate"]) == 1
    ids = [text(entry, "id") for entry in entries]
    assert len(set(ids)) == len(ids)
    assert text(feed, "updated") == max(text(entry, "updated") for entry in entries)
    for entry in entries:
        (content,) = entry.findall(ATOM + "content")
        assert content.get("type") == "html"
        assert content.text
        assert len(content) == 0
        read_html(content.text)


@pytest.mark.parametrize("place", FEEDS)
@ON_ONE_SHARED_DATABASE
def test_a_json_feed_keeps_the_rules_of_version_1_1(visitor: Visitor, place: str) -> None:
    page = visitor.reads(f"{place}/feed.json")
    assert page.headers["Content-Type"] == "application/feed+json"
    feed = page.response.get_json(force=True)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert feed["feed_url"] == f"http://verdicts.test{place}/feed.json"
    assert feed["home_page_url"].startswith("http://verdicts.test/")
    assert all(author.get("name") or author.get("url") for author in feed["authors"])
    ids = [item["id"] for item in feed["items"]]
    assert len(set(ids)) == len(ids) > 0
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert isinstance(item["content_html"], str)
        assert item["url"].startswith("http://verdicts.test/tools/")
        assert A_DATE.fullmatch(item["date_published"])
        assert datetime.fromisoformat(item["date_published"]) <= datetime.fromisoformat(item["date_modified"])


@pytest.mark.parametrize("place", FEEDS)
@ON_ONE_SHARED_DATABASE
def test_both_formats_tell_the_same(visitor: Visitor, place: str) -> None:
    feed = visitor.reads(f"{place}/feed.json").response.get_json(force=True)
    told = [(text(entry, "id"), text(entry, "title")) for entry in atom(visitor, place).findall(ATOM + "entry")]
    assert told == [(item["id"], item["title"]) for item in feed["items"]]


@ON_ONE_SHARED_DATABASE
def test_an_entry_says_whether_a_human_or_an_ai_speaks(visitor: Visitor) -> None:
    titles = [text(entry, "title") for entry in atom(visitor).findall(ATOM + "entry")]
    assert "Alpha: the Skeptic (human) went from SKIP to SHIP" in titles
    assert "Alpha: the Builder (AI) says SHIP" in titles
    assert "Alpha: from $9 / month to Free" in titles
    assert "New: Alpha" in titles


@ON_ONE_DATABASE
def test_a_price_that_went_with_its_tool_did_not_move(app: Flask) -> None:
    gone = make_tool("gone", name="Gone", state=ToolState.RETIRED)
    make_price(gone, "paid", amount=Decimal("0.04"), currency="USD", period="use", until=date(2026, 5, 12))
    make_price(gone, "unknown")
    told = [(text(entry, "title"), text(entry, "content")) for entry in atom(Visitor(app)).findall(ATOM + "entry")]
    assert ("Gone has no entry price any more", "<p>Entry price until then: $0.04 per use.</p>") in told


@ON_ONE_SHARED_DATABASE
def test_pages_name_their_feeds(visitor: Visitor) -> None:
    for page, place in (
        ("/", ""),
        ("/tools/alpha", "/tools/alpha"),
        ("/tools?category=developer-tools", "/categories/developer-tools"),
    ):
        named = [link.get("href") for link in visitor.reads(page).all("link") if link.get("rel") == "alternate"]
        assert {f"{place}/feed.atom", f"{place}/feed.json", "/feed.atom", "/feed.json"} == set(named)


@ON_ONE_SHARED_DATABASE
def test_a_feed_that_a_reader_has_is_not_sent_again(visitor: Visitor) -> None:
    etag = visitor.reads("/feed.atom").headers["ETag"]
    again = visitor.reads("/feed.atom", 304, if_none_match=etag)
    assert again.response.get_data() == b""


@pytest.mark.parametrize("place", ["/tools/nobody", "/categories/nothing", "/reviewers/nobody"])
@ON_ONE_SHARED_DATABASE
def test_a_feed_of_nothing_is_not_found(visitor: Visitor, place: str) -> None:
    assert visitor.reads(f"{place}/feed.atom", 404).status == 404


@ON_ONE_DATABASE
def test_ids_stay_when_a_tool_gets_another_name(app: Flask) -> None:
    tool = make_tool("alpha")
    make_review(tool, make_reviewer(), reviewed_on=date(2026, 11, 1))
    visitor = Visitor(app)
    before = [text(entry, "id") for entry in atom(visitor).findall(ATOM + "entry")]
    renamed = db.session.get_one(Tool, tool.id)
    renamed.name, renamed.slugs[0].slug = "Omega", "omega"
    db.session.commit()
    feed = atom(visitor)
    assert [text(entry, "id") for entry in feed.findall(ATOM + "entry")] == before
    assert "Omega" in text(feed.findall(ATOM + "entry")[0], "title")


def test_former_slugs_lead_to_the_feed(app: Flask) -> None:
    make_tool("alpha", aliases=("alpha-old",))
    category, reviewer = make_category("tools"), make_reviewer("builder")
    db.session.add_all(
        [CategoryAlias(slug="old-tools", category_id=category.id), ReviewerAlias(slug="maker", reviewer_id=reviewer.id)]
    )
    db.session.commit()
    visitor = Visitor(app)
    for asked, current in (
        ("/tools/alpha-old", "/tools/alpha"),
        ("/categories/old-tools", "/categories/tools"),
        ("/reviewers/maker", "/reviewers/builder"),
    ):
        assert visitor.reads(f"{asked}/feed.json", 301).headers["Location"] == f"{current}/feed.json"


@ON_ONE_DATABASE
def test_an_installation_without_tools_has_a_valid_feed(app: Flask) -> None:
    feed = atom(Visitor(app))
    assert feed.findall(ATOM + "entry") == []
    assert A_DATE.fullmatch(text(feed, "updated"))


@ON_ONE_DATABASE
def test_hostile_texts_run_in_no_feed(app: Flask) -> None:
    tool = make_tool("alpha", name=EVERYTHING[:100] + "\x0b\ufffe", tagline=EVERYTHING[:150])
    make_review(tool, make_reviewer(), quote=EVERYTHING, reviewed_on=date(2026, 11, 1))
    visitor = Visitor(app)
    entries = atom(visitor).findall(ATOM + "entry")
    assert len(entries) == 2
    for entry in entries:
        tree, _ = read_html(text(entry, "content"))
        assert not {each.tag for each in tree.iter()} & {"script", "img", "svg", "iframe", "style", "form", "base"}
    assert visitor.reads("/feed.json").response.get_json(force=True)["items"]


def test_a_feed_takes_its_number_of_statements(app: Flask, statements: StatementCount) -> None:
    rich.build()
    visitor = Visitor(app)
    counts = {}
    for place in FEEDS:
        before = len(statements)
        visitor.reads(f"{place}/feed.atom")
        counts[place] = statements.of_pages(before)
    assert counts == {"": 5, "/tools/alpha": 6, "/categories/developer-tools": 6, "/reviewers/builder": 3}
