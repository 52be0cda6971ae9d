"""The form of a record: its rows, and its faults beside the fields that they are about."""

import html
from datetime import date

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_category, make_tool
from tests.web.admin.admin_client import AdminClient, fields_of, stored
from verdicts.catalog.models import Category, Tool

pytestmark = ON_ONE_DATABASE


def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_each_field_and_on_top(ann: AdminClient) -> None:
    typed = {"website": "ftp://x.example", "tagline": "Kept.", "price__model": "paid", "price__amount": "twenty"}
    answer = ann.fills("/admin/tools/new", name="", plans_0_name="Pro", plans_0_amount="5", **typed)
    assert answer.status_code == 422
    fields = fields_of(answer.text)
    assert (fields["website"], fields["tagline"], fields["price-amount"]) == ("ftp://x.example", "Kept.", "twenty")
    assert (fields["plans-0-name"], fields["plans-0-amount"]) == ("Pro", "5")
    text = html.unescape(answer.text)
    assert "4 things to fix" in text
    for id in ("name", "website", "price-amount", "plans-0-amount"):
        assert f'<a href="#{id}">' in text
        assert f'id="{id}-fault"' in text
    assert "Enter an amount such as “1000” or “20.00”, not “twenty”." in text
    assert stored(Tool) == []


def test_rows_are_added_moved_and_removed_without_saving(ann: AdminClient) -> None:
    category = make_category("editors", facts={"offline": "Runs offline", "open": "Open source"})
    path = f"/admin/categories/{category.id}"
    more = fields_of(ann.fills(path, "more facts").text)
    assert (more["facts-1-label"], more["facts-2-label"]) == ("Open source", "")
    up = fields_of(ann.sends(path, more | {"facts-2-label": "Price"}, "up facts 2").text)
    assert [up[f"facts-{n}-label"] for n in range(3)] == ["Runs offline", "Price", "Open source"]
    gone = fields_of(ann.sends(path, up, "remove facts 0").text)
    assert [gone[f"facts-{n}-label"] for n in range(2)] == ["Price", "Open source"]
    assert [fact.key for fact in stored(Category)[0].facts] == ["offline", "open"]
    ann.sends(path, gone)
    assert [fact.key for fact in stored(Category)[0].facts] == ["price", "open"]


def test_the_tools_of_a_pick_are_named_in_its_boxes_and_its_history_says_what_changed(ann: AdminClient) -> None:
    category = make_category("editors", name="Editors")
    make_tool("wren", name="Wren"), make_tool("finch", name="Finch")
    path = f"/admin/categories/{category.id}"
    typed = {"picks-0-need": "speed", "picks-0-tool": "Wren", "picks-0-runner_up": "finch"}
    ann.sends(path, ann.form(path) | typed | {"picks-0-picked_on": "2026-11-20"})
    assert [(pick.tool.slug, pick.picked_on) for pick in stored(Category)[0].picks] == [("wren", date(2026, 11, 20))]
    shown = ann.form(path)
    assert [shown[f"picks-0-{name}"] for name in ("need", "tool", "runner_up")] == ["speed", "Wren", "Finch"]
    ann.sends(path, shown | {"picks-0-tool": "Finch", "picks-0-runner_up": ""})
    assert "wren" in ann.gets(f"/admin/history/category/{category.id}").text
    refused = ann.sends(path, ann.form(path) | {"picks-0-tool": "Robin"})
    assert (refused.status_code, 'id="picks-0-tool-fault"' in refused.text) == (422, True)


def test_a_fault_in_a_fact_or_a_plan_stands_beside_it_with_what_was_typed(ann: AdminClient) -> None:
    category = make_category("editors", facts={"offline": "Runs offline", "open": "Open source"})
    tool = make_tool("wren", category_id=category.id)
    typed = {"facts_1_value": "Yes", "facts_1_source": "no address", "plans_0_name": "Pro", "plans_0_amount": "5"}
    refused = ann.fills(f"/admin/tools/{tool.id}", **typed)
    assert refused.status_code == 422
    assert all(f'id="{id}-fault"' in refused.text for id in ("facts-1-source", "plans-0-amount"))
    fields = fields_of(refused.text)
    assert (fields["facts-1-source"], fields["plans-0-amount"]) == ("no address", "5")


def test_a_fault_in_what_is_folded_unfolds_it(ann: AdminClient) -> None:
    assert '<details class="rows-fold">' in ann.opens("/admin/tools/new").text
    answer = ann.fills("/admin/tools/new", name="Wren", slug="Not A Slug")
    assert (answer.status_code, '<details class="rows-fold" open>' in answer.text) == (422, True)


def test_an_amount_without_a_currency_is_blamed_on_the_amount(ann: AdminClient) -> None:
    refused = ann.fills(f"/admin/tools/{make_tool('wren').id}/price", model="paid", amount="7")
    assert (refused.status_code, 'id="amount-fault"' in refused.text) == (422, True)


def test_a_comparison_without_tools_is_refused_beside_the_first_box(ann: AdminClient) -> None:
    refused = ann.fills("/admin/comparisons/new")
    assert (refused.status_code, 'id="tools-0-fault"' in refused.text) == (422, True)


def test_an_alias_that_is_given_twice_is_named(ann: AdminClient) -> None:
    refused = ann.fills(f"/admin/tools/{make_tool('wren').id}", aliases="lark\nlark")
    assert (refused.status_code, "“lark” is given already" in refused.text) == (422, True)


def test_a_form_of_more_rows_than_anybody_fills_in_is_refused_before_it_is_read(ann: AdminClient) -> None:
    rows = {f"plans-{number}-name": "x" for number in range(3001)}
    for path in ("/admin/tools/new", "/admin/drafts"):
        answer = ann.posts(path, do="more plans", draft_key="/admin/tools/new", **rows)
        assert (answer.status_code, "The form has more than 3,000 fields" in answer.text) == (413, True)
