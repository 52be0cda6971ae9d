"""A tool's record: its slugs, its lists, its category, and its first price."""

from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.curation.editing.records import add, change, faults_of, found_by
from tests.makers import (
    TODAY,
    make_category,
    make_plan,
    make_price,
    make_release,
    make_review,
    make_reviewer,
    make_tool,
)
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Tool
from verdicts.curation.editing import removal, tools
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")

PRICE = {"model": "paid", "amount": "20", "currency": "USD", "period": "month", "checked_on": TODAY.isoformat()}


def stored(id: int) -> Tool:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Tool, id)


def slugs_of(id: int) -> tuple[str, list[str]]:
    """Return a tool's slug, and its aliases in their order."""
    tool = stored(id)
    return tool.slug, tool.aliases


# A new tool


def test_a_new_tool_is_a_draft_at_the_end_of_the_editors_order() -> None:
    wren = make_tool("wren")
    finch = stored(add(tools, name="Finch").id)
    assert (finch.published_at, finch.first_published_at, finch.position) == (None, None, wren.position + 1)


@ON_ONE_DATABASE
def test_a_slug_that_is_not_given_is_proposed_for_the_name() -> None:
    assert add(tools, name="Wren Code 2.0").slug == "wren-code-2-0"
    assert add(tools, name="Wren Code 2.0", slug="wren").slug == "wren"


@ON_ONE_DATABASE
def test_a_name_that_no_slug_can_be_made_of_needs_one_that_is_given() -> None:
    assert faults_of(tools, name="鳥") == [
        "slug: No slug can be made of this name. Enter one of letters a to z and digits."
    ]
    assert add(tools, name="鳥", slug="tori").slug == "tori"


@ON_ONE_DATABASE
def test_without_a_name_the_missing_slug_is_no_fault_of_its_own() -> None:
    assert faults_of(tools) == ["name: Fill this in."]


@ON_ONE_DATABASE
def test_all_faults_are_reported_at_once_each_with_its_path() -> None:
    assert faults_of(
        tools,
        name="Wren",
        slug="Not A Slug",
        website="ftp://wren.example",
        price={"model": "paid", "amount": "twenty"},
        plans=[{"name": "Free"}, {"name": "Pro", "amount": "5"}],
        facts=[{"key": "offline", "value": "Yes", "source": "no address"}],
    ) == [
        'slug: "Not A Slug" is no slug. Enter lower-case letters a to z, digits, and single hyphens between them.',
        'website: Enter an address that begins with http:// or https://, not "ftp://wren.example".',
        'price.amount: Enter an amount such as "1000" or "20.00", not "twenty".',
        "plans[1]: The amount 5 has no currency. Enter one.",
        'facts[0].source: Enter an address that begins with http:// or https://, not "no address".',
    ]


# Its status


def test_a_tool_ends_on_a_day_with_a_successor_and_goes_on_again() -> None:
    wren, finch = make_tool("wren"), make_tool("finch", name="The Finch")
    saved = change(tools, wren.id, status={"state": "retired", "on": "2027-05-04", "successor": "The Finch"})
    after = {"state": "retired", "on": "2027-05-04", "successor": "finch"}
    assert saved.changes == {"status": (None, after)}
    assert stored(wren.id).successor_id == finch.id
    assert change(tools, wren.id, status={"state": "active"}).changes == {"status": (after, None)}
    assert (stored(wren.id).ended_on, stored(wren.id).successor_id) == (None, None)


@ON_ONE_DATABASE
def test_what_goes_on_has_no_end_and_nothing_succeeds_itself() -> None:
    wren = make_tool("wren", aliases=("lark",))
    assert faults_of(tools, wren.id, status={"on": "2026-01-01"}) == [
        "status: A tool that is active has no end and no successor. Choose another state, or remove them."
    ]
    assert faults_of(tools, wren.id, status={"state": "renamed", "successor": "lark"}) == [
        "status.successor: This is the tool itself. Choose another tool."
    ]
    assert faults_of(tools, wren.id, status={"state": "renamed", "successor": "robin"}) == [
        'status.successor: There is no tool "robin". Choose one that exists.'
    ]


def test_a_tool_that_succeeds_another_is_not_deleted() -> None:
    finch = make_tool("finch")
    make_tool("wren", state="retired", successor_id=finch.id)
    assert removal.dependants(stored(finch.id)) == ["1 tool that it succeeds"]


# Slugs: one that a tool had before still leads to it


def test_a_slug_or_alias_of_another_tool_is_refused_with_that_tools_name() -> None:
    make_tool("wren", name="Wren", aliases=("old-wren",))
    assert faults_of(tools, name="Another", slug="wren") == ['slug: "wren" leads to Wren already. Choose another.']
    assert faults_of(tools, name="Another", slug="old-wren") == [
        'slug: "old-wren" leads to Wren already. Choose another.'
    ]
    assert faults_of(tools, name="Another", aliases=["finch", "old-wren"]) == [
        'aliases[1]: "old-wren" leads to Wren already. Choose another.'
    ]


def test_another_slug_leaves_the_old_one_as_an_alias() -> None:
    wren = make_tool("wren", aliases=("old-wren",))
    assert change(tools, wren.id, slug="wren-code").slug == "wren-code"
    assert slugs_of(wren.id) == ("wren-code", ["old-wren", "wren"])


@pytest.mark.parametrize("aliases", [None, ["wren"]])
def test_a_tool_goes_back_to_a_slug_that_it_had(aliases: list[str] | None) -> None:
    wren = make_tool("wren")
    change(tools, wren.id, slug="wren-code")
    change(tools, wren.id, slug="wren", aliases=aliases)
    assert slugs_of(wren.id) == ("wren", ["wren-code"])


def test_an_alias_that_is_taken_away_is_free_for_another_tool() -> None:
    wren = make_tool("wren", aliases=("lark", "robin"))
    change(tools, wren.id, aliases=["robin"])
    assert slugs_of(wren.id) == ("wren", ["robin"])
    assert add(tools, name="Lark").slug == "lark"


def test_a_slug_that_is_given_as_an_alias_too_is_no_alias() -> None:
    wren = add(tools, name="Wren", aliases=["wren", "lark"])
    assert slugs_of(wren.id) == ("wren", ["lark"])


@ON_ONE_DATABASE
def test_aliases_stand_in_the_order_in_which_they_are_given() -> None:
    wren = make_tool("wren", aliases=("lark", "robin"))
    change(tools, wren.id, aliases=["robin", "finch", "lark"])
    assert slugs_of(wren.id) == ("wren", ["robin", "finch", "lark"])


# Lists: each entry is known by one value


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("lists", "fault"),
    [
        ({"aliases": ["lark", "lark"]}, 'aliases[1]: "lark" is given already. Remove one. See aliases[0].'),
        (
            {"facts": [{"key": "offline", "value": "Yes"}, {"key": "offline", "value": "No"}]},
            'facts[1].key: "offline" is given already. Remove one. See facts[0].key.',
        ),
        (
            {"plans": [{"name": "Pro"}, {"name": "Pro"}]},
            'plans[1].name: "Pro" is given already. Remove one. See plans[0].name.',
        ),
        (
            {"releases": [{"version": "1"}, {"version": "1"}]},
            'releases[1].version: "1" is given already. Remove one. See releases[0].version.',
        ),
    ],
)
def test_an_entry_that_is_given_twice_is_refused(lists: dict[str, Any], fault: str) -> None:
    assert faults_of(tools, name="Wren", **lists) == [fault]


def test_lists_become_what_is_saved_and_entries_that_are_left_out_are_gone() -> None:
    wren = make_tool("wren", facts={"offline": "No", "open": "Yes"})
    make_plan(wren, "Pro")
    make_plan(wren, "Team")
    make_release(wren, "1.0")
    change(tools, wren.id, facts=None, plans=[{"name": "Team"}, {"name": "Solo"}], releases=[{"version": "2.0"}])
    tool = stored(wren.id)
    assert tool.facts == []
    assert [plan.name for plan in tool.plans] == ["Team", "Solo"]
    assert [release.version for release in tool.releases] == ["2.0"]


# Its category


def test_a_tool_changes_its_category_or_has_none() -> None:
    editors, video = make_category("editors"), make_category("video")
    wren = make_tool("wren", category_id=editors.id)
    change(tools, wren.id, category="video")
    assert stored(wren.id).category_id == video.id
    change(tools, wren.id, category=None)
    assert stored(wren.id).category_id is None


@ON_ONE_DATABASE
def test_a_category_that_does_not_exist_is_refused() -> None:
    assert faults_of(tools, name="Wren", category="video") == [
        'category: There is no category "video". Choose one that exists.'
    ]


# Its first price


def test_a_new_tool_may_have_its_first_price() -> None:
    (price,) = stored(add(tools, name="Wren", price=PRICE).id).prices
    assert (price.model, price.amount, price.currency, price.period) == ("paid", Decimal(20), "USD", "month")
    assert (price.checked_on, price.until, price.reason) == (TODAY, None, None)


@ON_ONE_DATABASE
def test_a_first_price_that_is_free_has_no_amount() -> None:
    assert faults_of(tools, name="Wren", price={"model": "free", "amount": "5", "currency": "USD"}) == [
        "price.amount: What is free has no amount. Leave this empty."
    ]


@ON_ONE_DATABASE
def test_saving_a_stored_tool_leaves_its_price_alone() -> None:
    wren = add(tools, name="Wren", price=PRICE)
    saved = change(tools, wren.id, tagline="Small.", price={"model": "free"})
    assert saved.changes == {"tagline": (None, "Small.")}
    assert [price.model for price in stored(wren.id).prices] == ["paid"]


# What a save did


@ON_ONE_DATABASE
def test_a_new_tool_is_reported_whole_with_its_price() -> None:
    saved = add(tools, name="Wren", maker="M", price=PRICE)
    assert saved.before == {}
    assert saved.after == {"slug": "wren", "name": "Wren", "maker": "M", "price": PRICE}


@ON_ONE_DATABASE
def test_of_a_stored_tool_the_fields_that_changed_are_reported() -> None:
    wren = make_tool("wren", tagline="One.", maker="M")
    saved = change(tools, wren.id, tagline="Two.", maker=None, website="https://wren.example")
    assert saved.changes == {
        "tagline": ("One.", "Two."),
        "maker": ("M", None),
        "website": (None, "https://wren.example"),
    }
    assert change(tools, wren.id).changes == {}


def test_a_saved_tool_is_found_by_its_new_name_and_its_slugs() -> None:
    wren = make_tool("wren", name="Wren")
    change(tools, wren.id, name="Lark", slug="songbird")
    assert (found_by("lark"), found_by("songbird"), found_by("wren")) == ([wren.id], [wren.id], [wren.id])
    change(tools, wren.id, aliases=None, slug="songbird")
    assert found_by("wren") == []


def test_a_save_makes_cached_pages_out_of_date_and_a_refused_one_changes_nothing() -> None:
    wren, before = make_tool("wren", tagline="One."), content_version()
    change(tools, wren.id, tagline="Two.")
    assert content_version() == before + 1
    faults_of(tools, wren.id, tagline="Three.", category="none")
    assert (stored(wren.id).tagline, content_version()) == ("Two.", before + 1)


# Which records there are


@ON_ONE_DATABASE
def test_a_record_holds_neither_reviews_nor_the_price() -> None:
    wren = make_tool("wren", name="Wren")
    make_review(wren, make_reviewer())
    make_price(wren, "free")
    record = tools.find_record(wren.id)
    assert record
    assert (record.id, record.slug, record.name, record.data) == (
        wren.id,
        "wren",
        "Wren",
        {"slug": "wren", "name": "Wren"},
    )
    assert tools.to_full_data(wren) == {**record.data, "price": {"model": "free"}}


@ON_ONE_DATABASE
def test_a_tool_that_was_merged_into_another_is_none_to_be_edited() -> None:
    wren = make_tool("wren")
    finch = make_tool("finch", merged_into_id=wren.id)
    assert (tools.find_tool(finch.id), tools.find_record(finch.id), tools.find_record(0)) == (None, None, None)
    assert tools.find_tool(wren.id, lock=True) is wren
