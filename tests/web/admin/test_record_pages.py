"""The pages of a record: tabs on all of them, the form of a public page, searches by former slugs, fields that help."""

from urllib.parse import quote

import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE
from tests.feedback.world import write
from tests.makers import (
    make_category,
    make_comparison,
    make_review,
    make_reviewer,
    make_tool,
)
from tests.web.admin.admin_client import AdminClient
from tests.web.visitor import read_html, words_of
from verdicts.catalog import search
from verdicts.catalog.models import CategoryAlias, ReviewerAlias
from verdicts.extensions import db
from verdicts.web.admin.record_pages import find_form_links

TOOL_PAGES = ["{}", "{}/panel", "{}/price", "{}/logo", "{}/publication", "history/tool/{}", "history/price/{}"]


def tabs(html: str) -> list[str]:
    (nav,) = [each for each in read_html(html)[0].iter("nav") if each.get("class") == "record-links"]
    return [words_of(each) for each in nav.iter("a")]


@ON_ONE_DATABASE
def test_every_page_of_a_tool_has_its_tabs_and_view_page(ann: AdminClient) -> None:
    id = make_tool("wren").id
    db.session.rollback()
    for each in TOOL_PAGES:
        path = f"/admin/{'' if 'history' in each else 'tools/'}{each.format(id)}"
        expected = ["Details", "Panel", "Price", "Logo", "Publishing", "History", "View page"]
        assert tabs(ann.gets(path).text) == expected, path
        assert 'aria-current="page"' in ann.gets(path).text


@ON_ONE_DATABASE
def test_a_draft_has_no_page_to_view_and_other_records_have_tabs(ann: AdminClient) -> None:
    draft = make_tool("wren", published_at=None).id
    comparison = make_comparison(make_tool("a"), make_tool("b")).id
    category = make_category("coding").id
    db.session.rollback()
    assert "View page" not in tabs(ann.gets(f"/admin/tools/{draft}").text)
    for path in (
        f"comparisons/{comparison}",
        f"comparisons/{comparison}/publication",
        f"history/comparison/{comparison}",
    ):
        assert tabs(ann.gets(f"/admin/{path}").text) == ["Details", "Publishing", "History", "View page"]
    assert tabs(ann.gets(f"/admin/categories/{category}").text)[-1] == "View page"


@ON_ONE_DATABASE
def test_a_message_leads_to_the_form_of_its_page(ann: AdminClient) -> None:
    tool, other = make_tool("wren", name="Wren", aliases=("ex-wren",)), make_tool("a", name="A")
    comparison = make_comparison(tool, other).id
    category = make_category("coding", name="Coding").id
    third = make_tool("third", name="Third").id
    forms = {
        "/tools/wren": [f"/admin/tools/{tool.id}"],
        "/tools/ex-wren#pricing": [f"/admin/tools/{tool.id}"],
        "/compare/a-vs-wren": [f"/admin/comparisons/{comparison}"],
        "/compare/a-vs-third": [f"/admin/tools/{other.id}", f"/admin/tools/{third}"],
        "/tools?category=coding": [f"/admin/categories/{category}"],
    }
    with ann.app.test_request_context():
        links = find_form_links([*forms, "/method", "/tools/none", "//["[:1]])
    assert {page: [each.url for each in found] for page, found in links.items()} == forms
    write("The price is wrong.", page="/tools/wren")
    page = ann.gets("/admin/queues/corrections").text
    assert f'<a href="/admin/tools/{tool.id}">Edit Wren</a>' in page


@pytest.mark.parametrize("path", ["tools", "categories", "reviewers"])
def test_lists_find_records_by_former_slugs(ann: AdminClient, path: str) -> None:
    make_tool("new-tools", name="Found it", aliases=("old-tools",))
    make_category("new-categories", name="Found it", former_slugs=[CategoryAlias(slug="old-categories")])
    make_reviewer("new-reviewers", name="Found it", former_slugs=[ReviewerAlias(slug="old-reviewers")])
    make_tool("other", name="Not this")
    db.session.commit()
    page = words_of(read_html(ann.gets(f"/admin/{path}?q=old-{path}").text)[0])
    assert "Found it" in page
    assert "Not this" not in page


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("comparisons", "old-wren"),
        ("comparisons", "finch wren"),
        ("comparisons", "wren-vs-finch"),
        ("comparisons", "zaunkönig ÉLAN"),
        ("tools/reviews", "old-wren"),
        ("tools/reviews", "builder ZAUNKÖNIG"),
    ],
)
def test_lists_find_what_is_about_a_tool_by_its_names(ann: AdminClient, path: str, text: str) -> None:
    wren = make_tool("wren", name="Zaunkönig", aliases=("old-wren",))
    other = make_tool("other", name="Not this")
    builder = make_reviewer("builder", name="The Builder")
    make_comparison(wren, make_tool("finch", name="Élan"))
    make_comparison(other, make_tool("lark", name="Lark"))
    make_review(wren, builder, "ship")
    make_review(other, builder, "ship")
    db.session.commit()
    page = words_of(read_html(ann.gets(f"/admin/{path}?q={quote(text)}").text)[0])
    assert "Zaunkönig" in page
    assert "Not this" not in page


def test_readers_find_a_tool_by_its_former_slug(ann: AdminClient) -> None:
    id = make_tool("wren", name="Wren").id
    db.session.rollback()
    ann.fills(f"/admin/tools/{id}", slug="sparrow")
    assert ">Wren<" in ann.gets("/tools?q=wren").text
    hits = search.matching("wren")
    assert db.session.scalars(sa.select(hits.c.tool_id)).all() == [id]


@ON_ONE_DATABASE
def test_the_fold_of_the_reason_is_open_once_a_verdict_differs(ann: AdminClient) -> None:
    tool = make_tool("wren")
    make_review(tool, make_reviewer("builder"), "ship")
    id = tool.id
    db.session.rollback()
    path = f"/admin/tools/{id}/panel"
    assert 'class="rows-fold" data-reason>' in ann.gets(path).text
    answer = ann.fills(path, reviews_0_verdict="skip")
    assert answer.status_code == 422
    assert 'class="rows-fold" data-reason open>' in answer.text


@ON_ONE_DATABASE
def test_the_facts_follow_the_category_and_text_areas_have_six_lines(ann: AdminClient) -> None:
    category = make_category("coding", facts={"license": "Licence"})
    id = make_tool("wren").id
    slug = category.slug
    db.session.rollback()
    page = ann.gets(f"/admin/tools/{id}").text
    assert 'hx-trigger="change"' in page
    assert 'rows="6"' in page
    answer = ann.fills(f"/admin/tools/{id}", do="refit", category=slug)
    (facts,) = [each for each in read_html(answer.text)[0].iter("div") if each.get("id") == "tool-facts"]
    assert "Licence" in words_of(facts)
