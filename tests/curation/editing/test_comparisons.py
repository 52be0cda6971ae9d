"""A comparison's record: which tools it compares, and the choices among them."""

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.curation.editing.records import add, change, faults_of
from tests.makers import make_comparison, make_tool
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Tool
from verdicts.comparisons.address import MAX_TOOLS
from verdicts.comparisons.models import Comparison
from verdicts.curation.editing import comparisons, tools
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")

BIRDS = ("finch", "lark", "robin", "wren", "owl")


def stored(id: int) -> Comparison:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Comparison, id)


def slugs_of(id: int) -> list[str]:
    """Return the slugs of the tools that a comparison compares, in its order."""
    return [member.tool.slug for member in stored(id).members]


def choices_of(id: int) -> list[tuple[str, str]]:
    return [(line.tool.slug, line.when) for line in stored(id).choose_if]


@pytest.fixture
def birds() -> dict[str, Tool]:
    return {slug: make_tool(slug, name=slug.title()) for slug in BIRDS}


# The tools


def test_a_new_comparison_is_a_draft_at_the_end_of_the_editors_order(birds: dict[str, Tool]) -> None:
    first = make_comparison(birds["finch"], birds["lark"])
    saved = add(comparisons, tools=["wren", "finch"], headline="Two birds", bottom_line="*Both.*", featured=True)
    row = stored(saved.id)
    assert (row.published_at, row.first_published_at, row.position) == (None, None, first.position + 1)
    assert (row.headline, row.bottom_line, row.featured) == ("Two birds", "*Both.*", True)
    assert slugs_of(saved.id) == ["wren", "finch"]


@ON_ONE_DATABASE
@pytest.mark.parametrize("count", [0, 1, MAX_TOOLS + 1])
def test_a_comparison_is_of_two_to_four_tools(birds: dict[str, Tool], count: int) -> None:
    assert faults_of(comparisons, tools=list(BIRDS[:count])) == [f"tools: Enter 2 to 4 tools, not {count}."]


@ON_ONE_DATABASE
def test_a_comparison_of_the_most_tools_is_saved(birds: dict[str, Tool]) -> None:
    assert len(slugs_of(add(comparisons, tools=list(BIRDS[:MAX_TOOLS])).id)) == MAX_TOOLS


@ON_ONE_DATABASE
def test_a_tool_that_does_not_exist_is_named(birds: dict[str, Tool]) -> None:
    assert faults_of(comparisons, tools=["wren", "<b>"]) == [
        'tools[1]: There is no tool "<b>". Choose one that exists.'
    ]


@ON_ONE_DATABASE
@pytest.mark.parametrize("again", ["wren", "Wren", "old-wren"])
def test_no_tool_is_compared_with_itself_under_any_of_its_names(again: str) -> None:
    make_tool("wren", name="Wren", aliases=("old-wren",))
    assert faults_of(comparisons, tools=["wren", again]) == [
        'tools[1]: "wren" is given already. Remove one. See tools[0].'
    ]


def test_the_same_tools_are_compared_once_whatever_their_order(birds: dict[str, Tool]) -> None:
    make_comparison(birds["wren"], birds["finch"])
    for slugs in (["wren", "finch"], ["finch", "wren"]):
        assert faults_of(comparisons, tools=slugs) == ["tools: These tools are compared already. Choose others."]
    assert add(comparisons, tools=["wren", "finch", "lark"]).slug == "finch-vs-lark-vs-wren"


def test_a_stored_comparison_keeps_its_tools_or_gets_others_in_another_order(birds: dict[str, Tool]) -> None:
    pair = make_comparison(birds["wren"], birds["finch"])
    other = make_comparison(birds["wren"], birds["lark"])
    change(comparisons, pair.id, headline="Two birds")
    assert slugs_of(pair.id) == ["wren", "finch"]
    assert faults_of(comparisons, pair.id, tools=["lark", "wren"]) == [
        "tools: These tools are compared already. Choose others."
    ]
    change(comparisons, pair.id, tools=["robin", "finch", "wren"])
    assert slugs_of(pair.id) == ["robin", "finch", "wren"]
    change(comparisons, other.id, tools=["finch", "wren"])
    assert slugs_of(other.id) == ["finch", "wren"]


# Names


@pytest.mark.parametrize("name", ["wren", "WREN", "old-wren", "Élan Code", "éLAN code"])
def test_a_tool_is_named_by_its_slug_an_alias_or_its_name_in_capitals_or_not(name: str) -> None:
    make_tool("wren", name="Élan Code", aliases=("old-wren",))
    make_tool("finch", name="Finch")
    saved = add(comparisons, tools=[name, "Finch"], choose_if=[{"tool": name, "when": "you hurry."}])
    assert slugs_of(saved.id) == ["wren", "finch"]
    assert choices_of(saved.id) == [("wren", "you hurry.")]


def test_a_name_that_two_tools_share_stands_for_none_unless_one_is_written_just_so() -> None:
    make_tool("finch")
    for slug, name in (("one", "Lark"), ("two", "LARK"), ("three", "Owl"), ("four", "Owl")):
        make_tool(slug, name=name)
    assert faults_of(comparisons, tools=["finch", "lark"]) == [
        'tools[1]: There is no tool "lark". Choose one that exists.'
    ]
    assert faults_of(comparisons, tools=["finch", "Owl"]) == [
        'tools[1]: There is no tool "Owl". Choose one that exists.'
    ]
    assert slugs_of(add(comparisons, tools=["finch", "LARK"]).id) == ["finch", "two"]


@ON_ONE_DATABASE
def test_a_slug_goes_before_a_name() -> None:
    make_tool("finch")
    make_tool("lark", name="A")
    make_tool("other", name="Lark")
    assert slugs_of(add(comparisons, tools=["finch", "Lark"]).id) == ["finch", "lark"]


def test_a_tool_that_was_merged_into_another_is_not_found_by_its_name() -> None:
    finch = make_tool("finch", name="Finch", merged_into_id=make_tool("wren").id)
    finch.slugs.clear()  # the other tool has them now
    db.session.commit()
    assert faults_of(comparisons, tools=["wren", "Finch"]) == [
        'tools[1]: There is no tool "Finch". Choose one that exists.'
    ]


# Choices


def test_choices_stand_in_their_order_and_become_what_is_saved(birds: dict[str, Tool]) -> None:
    lines = [("wren", "you hurry."), ("finch", "you do not."), ("wren", "you travel.")]
    saved = add(comparisons, tools=["wren", "finch"], choose_if=[{"tool": slug, "when": when} for slug, when in lines])
    assert choices_of(saved.id) == lines
    change(comparisons, saved.id, choose_if=[{"tool": "finch", "when": "you sing."}])
    assert choices_of(saved.id) == [("finch", "you sing.")]


@ON_ONE_DATABASE
def test_a_choice_is_of_a_tool_that_is_compared(birds: dict[str, Tool]) -> None:
    lines = [{"tool": "lark", "when": "you sing."}, {"tool": "dodo", "when": "you wait."}, {"tool": "wren"}]
    assert faults_of(comparisons, tools=["wren", "finch"], choose_if=lines[:2]) == [
        'choose_if[1].tool: There is no tool "dodo". Choose one that exists.',
        "choose_if[0].tool: This is not one of the tools compared here. Choose one of them.",
    ]
    assert faults_of(comparisons, tools=["wren", "finch"], choose_if=lines) == ["choose_if[2].when: Fill this in."]


# What a save did


@ON_ONE_DATABASE
def test_what_changed_is_reported_and_cached_pages_are_out_of_date(birds: dict[str, Tool]) -> None:
    before = content_version()
    saved = add(comparisons, tools=["Wren", "finch"], headline="Two birds")
    assert (saved.slug, saved.before) == ("finch-vs-wren", {})
    assert saved.after == {"tools": ["wren", "finch"], "headline": "Two birds"}
    changed = change(comparisons, saved.id, headline=None, choose_if=[{"tool": "Wren", "when": "you hurry."}])
    assert changed.changes == {
        "headline": ("Two birds", None),
        "choose_if": (None, [{"tool": "wren", "when": "you hurry."}]),
    }
    assert content_version() == before + 2


@ON_ONE_DATABASE
def test_a_record_names_its_tools_by_the_slugs_that_they_have_now(birds: dict[str, Tool]) -> None:
    pair = make_comparison(birds["wren"], birds["finch"], choose_if={birds["wren"]: "you hurry."})
    change(tools, birds["wren"].id, slug="wren-code")
    record = comparisons.find_record(pair.id, lock=True)
    assert record
    assert (record.slug, record.name) == ("finch-vs-wren-code", "Wren vs Finch")
    assert record.data == {"tools": ["wren-code", "finch"], "choose_if": [{"tool": "wren-code", "when": "you hurry."}]}
    assert comparisons.find_record(0) is None
