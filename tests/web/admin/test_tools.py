"""Tools and their prices, as an editor records them."""

import re

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.makers import TODAY, make_category, make_price, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, fields_of, latest_entry, stored
from verdicts.catalog.models import PriceRecord, Tool


def test_a_new_tool_is_a_draft_until_its_panel_is_recorded_and_published(ann: AdminClient) -> None:
    make_category("editors", facts={"offline": "Runs offline"})
    make_reviewer("builder")
    make_reviewer("skeptic")
    answer = ann.fills("/admin/tools/new", "refit", name="Wren Code", category="editors")
    first = fields_of(answer.text) | {"facts-0-value": "Yes", "price-model": "paid", "price-amount": "20"}
    answer = ann.sends("/admin/tools/new", first | {"price-currency": "usd", "price-period": "month"}, "save panel")
    tool = stored(Tool)[0]
    assert answer.headers["Location"] == f"/admin/tools/{tool.id}/panel"
    assert (tool.slug, tool.published_at, tool.facts[0].value) == ("wren-code", None, "Yes")
    assert ann.gets("/tools/wren-code").status_code == 404
    panel = {"reviews_0_verdict": "ship", "reviews_0_quote": "Quick.", "reviews_1_verdict": "skip"}
    ann.fills(f"/admin/tools/{tool.id}/panel", "save publish", **panel, reviews_1_quote="It forgets.")
    page = ann.gets("/tools/wren-code").text
    assert all(words in page for words in ("$20 / month", "1 of 2", "Quick.", "It forgets.", "Runs offline"))


def test_another_slug_leaves_an_alias_that_redirects(ann: AdminClient) -> None:
    tool = make_tool("wren")
    ann.fills(f"/admin/tools/{tool.id}", slug="wren-code")
    assert ann.gets("/tools/wren").headers["Location"] == "/tools/wren-code"
    assert ann.form(f"/admin/tools/{tool.id}")["aliases"] == "wren"
    ann.fills(f"/admin/tools/{tool.id}", slug="wren", aliases="")
    assert ann.gets("/tools/wren-code").headers["Location"] == "/tools/wren"


def test_the_former_slug_of_a_category_redirects_too(ann: AdminClient) -> None:
    category = make_category("editors", name="Editors")
    make_tool("wren", category_id=category.id)
    ann.fills(f"/admin/categories/{category.id}", slug="code-editors")
    moved = ann.gets("/tools?category=editors&sort=name")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/tools?category=code-editors&sort=name")


def test_synonyms_are_typed_a_line_each_and_found(ann: AdminClient) -> None:
    tool = make_tool("wren", name="Wren")
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, synonyms="dictation\r\n\r\n  speech to text \r\n")
    assert stored(Tool)[0].synonyms == ["dictation", "speech to text"]
    assert latest_entry().changes["synonyms"][1]
    assert ann.form(path)["synonyms"].split("\n") == ["dictation", "speech to text"]
    assert "/tools/wren" in ann.gets("/tools?q=dictation").text
    ann.fills(path, synonyms="")
    assert stored(Tool)[0].synonyms == []
    assert "/tools/wren" not in ann.gets("/tools?q=speech+to").text.partition("<main")[2]


def test_a_retirement_is_typed_and_said_with_its_successor(ann: AdminClient) -> None:
    tool = make_tool("wren", name="Wren").id
    make_tool("finch", name="The Finch")
    path = f"/admin/tools/{tool}"
    typed = {"status-state": "retired", "status-on": "2026-05-04", "status-successor": "The Finch"}
    ann.fills(path, **typed)
    assert {name: ann.form(path)[name] for name in typed} == typed
    assert latest_entry().changes["status"][1] == {"state": "retired", "on": "2026-05-04", "successor": "finch"}
    assert 'Successor: <a href="/tools/finch">The Finch</a>' in ann.gets("/tools/wren").text


# Its category, and the facts that this asks for


@ON_ONE_DATABASE
def test_a_fact_that_is_cleared_is_deleted(ann: AdminClient) -> None:
    category = make_category("editors", facts={"offline": "Runs offline"})
    tool = make_tool("wren", category_id=category.id, facts={"offline": "No"})
    ann.fills(f"/admin/tools/{tool.id}", facts_0_value="", facts_0_source="")
    assert stored(Tool)[0].facts == []


@ON_ONE_DATABASE
def test_a_half_filled_fact_survives_another_category(ann: AdminClient) -> None:
    category = make_category("editors", facts={"offline": "Runs offline"})
    make_category("video")
    tool = make_tool("wren", category_id=category.id)
    shown = ann.fills(f"/admin/tools/{tool.id}", "refit", category="video", facts_0_source="https://keep.example/")
    assert "https://keep.example/" in fields_of(shown.text).values()


@ON_ONE_DATABASE
def test_a_category_that_is_renamed_meanwhile_stays_the_category(ann: AdminClient) -> None:
    category = make_category("editors")
    tool = make_tool("wren", category_id=category.id)
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, category="")
    entry = latest_entry()
    ann.fills("/admin/tools/new", "draft", name="Finch", category="editors")
    link = re.search(r'href="(/admin/tools/new[?][^"]+)"', ann.gets("/admin").text)
    ann.fills(f"/admin/categories/{category.id}", slug="code-editors")
    assert link
    assert ann.form(link[1])["category"] == "code-editors"
    assert ann.form(f"{path}?restore={entry.id}")["category"] == "code-editors"


@ON_ONE_DATABASE
def test_a_category_that_is_deleted_meanwhile_stays_chosen_and_is_refused(ann: AdminClient) -> None:
    category = make_category("editors")
    address = ann.gets("/admin/tools/new").headers["Location"]
    fields = ann.form(address) | {"name": "Finch", "category": "editors"}
    ann.posts(f"/admin/categories/{category.id}/publication", do="delete")
    for _ in range(2):
        refused = ann.sends(address, fields)
        assert (refused.status_code, fields_of(refused.text)["category"]) == (422, "editors")
        fields = fields_of(refused.text)
    assert ann.sends(address, fields | {"category": ""}).status_code == 303


# Its price


@ON_ONE_DATABASE
def test_another_price_needs_its_reason_and_the_old_one_stays(ann: AdminClient) -> None:
    tool = make_tool("wren")
    make_price(tool, "paid", amount=20, currency="USD", period="month")
    path = f"/admin/tools/{tool.id}/price"
    refused = ann.fills(path, amount="25")
    assert (refused.status_code, fields_of(refused.text)["amount"]) == (422, "25")
    ann.sends(path, fields_of(refused.text) | {"reason": "The maker raised it."})
    old, new = stored(PriceRecord)
    assert (old.until, old.reason, str(new.amount)) == (TODAY, "The maker raised it.", "25")


@pytest.mark.parametrize("current", ["", "/panel", "/price"])
@ON_ONE_DATABASE
def test_each_page_of_a_tool_links_to_its_other_pages(ann: AdminClient, current: str) -> None:
    make_tool("wren")
    page = ann.gets(f"/admin/tools/1{current}").text
    links = re.findall(r'href="([^"]*)"', page.split('<nav class="record-links"')[1].split("</nav>")[0])
    pages = [f"/admin/tools/1{each}" for each in ("", "/panel", "/price", "/logo", "/publication")]
    kind, anchor = {"": ("tool", ""), "/panel": ("panel", ""), "/price": ("price", "#pricing")}[current]
    assert links == [*pages, f"/admin/history/{kind}/1", f"/tools/wren{anchor}"]
