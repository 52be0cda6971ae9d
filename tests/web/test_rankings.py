"""The rankings page: what it says, its drawing, and the reader's own weights."""

import json
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, ON_ONE_SHARED_DATABASE
from tests.makers import TODAY, make_category, make_review, make_reviewer, make_revision, make_tool, make_votes
from tests.web.corpus import EVERYTHING
from tests.web.visitor import Page, Visitor, words_of
from verdicts.catalog.models import CategoryAlias
from verdicts.comparisons.wording import number
from verdicts.extensions import db


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    """Eleven tools with votes and a panel of two; on the first one panel and readers differ."""
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    kind = make_category("editors", name="Editors")
    kind.former_slugs = [CategoryAlias(slug="ides")]
    for place in range(11):
        tool = make_tool(f"tool-{place}", category_id=kind.id)
        make_votes(tool, ship=range(60 - 4 * place), skip=range(60 - 4 * place, 60))
        review = make_review(tool, builder, "skip" if place == 0 else "ship")
        make_review(tool, skeptic, "skip" if place % 2 == 0 else "ship")
        if place == 3:
            make_revision(review, "skip", TODAY - timedelta(days=9))
    make_tool("elsewhere", category_id=make_category("writing", name="Writing").id)
    return Visitor(shared_app)


@pytest.fixture(scope="module")
def page(visitor: Visitor) -> Page:
    return visitor.reads("/rankings")


def rows(page: Page, section: str, table: int = 0) -> list[str]:
    body = page.all("tbody", within=page.by_id(section))[table]
    return [words_of(row).replace("\u202f", " ") for row in page.all("tr", within=body)]


@ON_ONE_SHARED_DATABASE
def test_each_ranking_says_its_method_beside_it(page: Page) -> None:
    for section in ("disagreement", "readers", "panel", "contested", "changed"):
        assert "How we rank" in words_of(page.by_id(section)), section
    assert "Tools that share a place cannot be told apart: their intervals overlap." in page.words


@ON_ONE_SHARED_DATABASE
def test_the_table_beside_the_drawing_holds_the_same_figures(page: Page) -> None:
    points = [each for each in page.all("a") if "scatter-point" in each.get("class", "")]
    table = rows(page, "disagreement") + rows(page, "disagreement", table=1)
    assert len(points) == len(table) == 11
    for point, row in zip(points, table, strict=True):
        name, _, says = point.get("aria-label", "").partition(": ")
        assert name in row
        assert point.get("href") == f"/tools/{name.lower().replace(' ', '-')}"
        ship, total = says.split(" of ")[0], says.split(" of ")[1].split()[0]
        assert f"{ship} of {total} ship" in row
        low_to_high = says.partition("interval ")[2]
        assert low_to_high in row
    assert table[0].startswith("Place 1 Tool 0 Readers keener by 94+ points 0 of 2 ship 100 % of 60 votes, 94 to 100 %")


@ON_ONE_SHARED_DATABASE
def test_the_headline_counts_the_tools_on_which_panel_and_readers_differ(page: Page) -> None:
    filled = [each for each in page.all("a") if "scatter-differs" in each.get("class", "")]
    assert words_of(page.one("h1")) == f"Panel and readers differ on {number(len(filled))} tools."
    assert len(rows(page, "disagreement")) == len(filled)
    assert not any("keener" in row for row in rows(page, "disagreement", table=1))


@ON_ONE_SHARED_DATABASE
def test_readers_and_panel_have_rankings_with_bands(page: Page) -> None:
    assert [row.split()[2] + row.split()[3] for row in rows(page, "readers")][:3] == ["Tool0", "Tool1", "Tool2"]
    assert rows(page, "panel")[0].startswith("Place 1 Tool 1 2 of 2 ship 93 % of 60")
    assert rows(page, "panel")[-1].startswith("Place 3 Tool 0 0 of 2 ship")
    assert rows(page, "changed") == ["Changes 1 Tool 3 13 Nov 2026 The Builder SKIP to SHIP 2 of 2 ship"]


@ON_ONE_SHARED_DATABASE
def test_a_category_has_rankings_of_its_own_and_an_earlier_slug_leads_there(visitor: Visitor) -> None:
    page = visitor.reads("/rankings?category=editors")
    assert words_of(page.one("h1")) == "Editors, ranked"
    assert len(rows(page, "readers")) == 11
    assert "So far none has." in visitor.reads("/rankings?category=writing").words
    moved = visitor.reads("/rankings?category=ides&w-builder=2", 301)
    assert moved.headers["Location"] == "/rankings?category=editors&w-builder=2"
    assert "We know no category" in visitor.reads("/rankings?category=%E7%BC%96&category=x", 404).words


@ON_ONE_SHARED_DATABASE
def test_own_weights_move_the_panels_ranking_and_keep_the_category(visitor: Visitor) -> None:
    page = visitor.reads("/rankings?category=editors&w-builder=3&w-skeptic=0")
    assert rows(page, "panel")[0].startswith("Place 1 Tool 1 By your weights 3 of 3 2 of 2 ship")
    assert rows(page, "panel")[-1].startswith("Place 2 Tool 0 By your weights 0 of 3 0 of 2 ship")
    kept = [(each.get("name"), each.get("value")) for each in page.all("input", within=page.by_id("your-panel"))]
    assert kept == [("category", "editors")]
    robots = [each.get("content") for each in page.all("meta") if each.get("name") == "robots"]
    (canonical,) = [each.get("href", "") for each in page.all("link") if each.get("rel") == "canonical"]
    assert (robots, canonical) == (["noindex"], "http://verdicts.test/rankings?category=editors")
    assert "No voice that you count has spoken." in visitor.reads("/rankings?w-builder=0&w-skeptic=0").words
    assert "A voice counts from 0 to 3 times." in visitor.reads("/rankings?w-builder=9", 400).words


@ON_ONE_SHARED_DATABASE
def test_it_describes_the_panels_list_to_machines(page: Page) -> None:
    (block,) = [each for each in page.all("script") if each.get("type") == "application/ld+json"]
    crumbs, listed = json.loads(block.text or "")["@graph"]
    assert [each["name"] for each in crumbs["itemListElement"]] == ["Home", "Rankings"]
    assert listed["numberOfItems"] == 11


@ON_ONE_DATABASE
def test_an_empty_site_and_hostile_names_make_a_page_too(app: Flask) -> None:
    visitor = Visitor(app)
    assert "Which tools the panel ships" in visitor.reads("/rankings").words
    for place in range(3):
        tool = make_tool(f"wild-{place}", name=EVERYTHING[:100] + "名前" * 10)
        make_votes(tool, ship=range(35))
        make_review(tool, make_reviewer(f"reviewer-{place}", name=EVERYTHING[:110]), "skip")
    db.session.commit()
    visitor.reads("/rankings?w-reviewer-0=2")
