"""A category's record: its slug and former slugs, and the facts that its tools are compared on."""

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.curation.editing.records import add, change, faults_of, found_by
from tests.curation.files import imported
from tests.makers import TODAY, make_category, make_fact, make_pick, make_tool
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Category
from verdicts.curation.editing import categories, tools
from verdicts.curation.editing.removal import RecordInUse
from verdicts.curation.editing.saving import current_slugs
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")


def stored(id: int) -> Category:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Category, id)


def slugs_of(id: int) -> tuple[str, list[str]]:
    """Return a category's slug, and those it had before."""
    category = stored(id)
    return category.slug, sorted(alias.slug for alias in category.former_slugs)


# A new category


@ON_ONE_DATABASE
def test_a_new_category_is_the_last_and_gets_the_slug_proposed_for_its_name() -> None:
    editors = make_category("editors")
    video = stored(add(categories, name="Moving pictures", description="*All* of them.").id)
    assert (video.slug, video.description, video.position) == (
        "moving-pictures",
        "*All* of them.",
        editors.position + 1,
    )


@ON_ONE_DATABASE
def test_a_category_needs_a_name_that_a_slug_can_be_made_of() -> None:
    assert faults_of(categories) == ["name: Fill this in."]
    assert faults_of(categories, name="鳥") == [
        "slug: No slug can be made of this name. Enter one of letters a to z and digits."
    ]
    assert faults_of(categories, name="Video", slug="Video") == [
        'slug: "Video" is no slug. Enter lower-case letters a to z, digits, and single hyphens between them.'
    ]


# Slugs: one that a category had before still leads to it


def test_the_slug_of_another_category_is_refused_with_its_name() -> None:
    make_category("editors", name="Editors")
    assert faults_of(categories, name="Others", slug="editors") == [
        "slug: “editors” is the slug of Editors. Choose another."
    ]


def test_a_former_slug_still_leads_to_the_category_that_had_it() -> None:
    editors = make_category("editors", name="Editors")
    change(categories, editors.id, slug="code-editors")
    assert slugs_of(editors.id) == ("code-editors", ["editors"])
    assert current_slugs(Category) == {"editors": "code-editors"}
    assert faults_of(categories, name="Others", slug="editors") == [
        "slug: “editors” leads to Editors, whose slug it was before. Choose another."
    ]


def test_a_category_goes_back_to_a_slug_that_it_had() -> None:
    editors = make_category("editors")
    for slug in ("code-editors", "ides", "editors"):
        change(categories, editors.id, slug=slug)
    assert slugs_of(editors.id) == ("editors", ["code-editors", "ides"])


def test_a_file_that_knows_a_category_by_a_former_slug_finds_it() -> None:
    editors = make_category("editors", name="Editors")
    change(categories, editors.id, slug="code-editors")
    imported({"format": "verdicts-catalogue/1", "categories": [{"slug": "editors", "name": "Renamed"}]})
    assert (stored(editors.id).slug, stored(editors.id).name) == ("code-editors", "Renamed")
    assert db.session.query(Category).count() == 1


# Facts


@ON_ONE_DATABASE
def test_a_fact_without_a_key_gets_one_made_of_its_label() -> None:
    long = "What it costs a team of ten — every month"
    saved = add(
        categories, name="Editors", facts=[{"label": "Runs offline"}, {"key": "own", "label": "X"}, {"label": long}]
    )
    assert [(fact.key, fact.label) for fact in stored(saved.id).facts] == [
        ("runs-offline", "Runs offline"),
        ("own", "X"),
        ("what-it-costs-a-team-of-ten-every-month", long),
    ]


@ON_ONE_DATABASE
def test_a_key_that_is_made_of_a_label_fits_its_column_and_ends_with_no_hyphen() -> None:
    saved = add(categories, name="Editors", facts=[{"label": "How many people may use it at once 1 2 for free"}])
    assert [fact.key for fact in stored(saved.id).facts] == ["how-many-people-may-use-it-at-once-1-2-f"]
    saved = add(categories, name="Video", facts=[{"label": "How many of them may use it at the same time"}])
    assert [fact.key for fact in stored(saved.id).facts] == ["how-many-of-them-may-use-it-at-the-same"]


@ON_ONE_DATABASE
def test_no_two_facts_have_one_key() -> None:
    facts = [{"label": "Runs offline"}, {"label": "Offline, too", "key": "runs-offline"}]
    assert faults_of(categories, name="Editors", facts=facts) == [
        'facts[1].key: "runs-offline" is given already. Remove one. See facts[0].key.'
    ]


@ON_ONE_DATABASE
def test_a_fact_needs_a_label_that_a_key_can_be_made_of() -> None:
    assert faults_of(categories, name="Editors", facts=[{"key": "open"}, {"label": "鳥"}]) == [
        "facts[0].label: Fill this in.",
        "facts[1].key: Fill this in.",
    ]


def test_facts_become_what_is_saved_in_its_order() -> None:
    editors = make_category("editors", facts={"offline": "Runs offline", "open": "Open source", "price": "Price"})
    facts = [{"key": "price", "label": "Cost"}, {"label": "Team"}, {"key": "offline", "label": "Runs offline"}]
    change(categories, editors.id, facts=facts)
    assert [(fact.key, fact.label) for fact in stored(editors.id).facts] == [
        ("price", "Cost"),
        ("team", "Team"),
        ("offline", "Runs offline"),
    ]


# What a save did


def test_tools_are_found_by_the_new_name_of_their_category() -> None:
    editors = make_category("editors", name="Editors")
    wren = make_tool("wren", category_id=editors.id)
    change(categories, editors.id, name="Workbenches")
    assert (found_by("workbenches"), found_by("editors")) == ([wren.id], [])


def test_tools_are_found_by_what_their_category_now_asks_for() -> None:
    editors = make_category("editors", facts={"offline": "Works offline"})
    wren = make_tool("wren", category_id=editors.id)
    make_fact(wren, "offline", "Yes")
    change(categories, editors.id, facts=[{"key": "offline", "label": "Needs no network"}])
    assert (found_by("network"), found_by("offline")) == ([wren.id], [])


@ON_ONE_DATABASE
def test_what_changed_is_reported_and_cached_pages_are_out_of_date() -> None:
    before = content_version()
    saved = add(categories, name="Editors")
    assert (saved.before, saved.after) == ({}, {"slug": "editors", "name": "Editors"})
    changed = change(categories, saved.id, facts=[{"label": "Open"}])
    assert (changed.slug, changed.changes) == ("editors", {"facts": (None, [{"key": "open", "label": "Open"}])})
    assert content_version() == before + 2


@ON_ONE_DATABASE
def test_a_record_is_found_by_its_id() -> None:
    record = categories.find_record(make_category("editors", name="Editors", facts={"open": "Open"}).id, lock=True)
    assert record
    assert (record.slug, record.name) == ("editors", "Editors")
    assert record.data == {"slug": "editors", "name": "Editors", "facts": [{"key": "open", "label": "Open"}]}
    assert categories.find_record(0) is None


# Picks


@ON_ONE_DATABASE
def test_a_pick_names_its_tools_by_slug_alias_or_name() -> None:
    make_tool("wren", name="Wren")
    make_tool("finch", aliases=("old-finch",))
    picks = [{"need": "speed", "tool": "WREN", "runner_up": "old-finch"}, {"need": "peace", "tool": "finch"}]
    saved = add(categories, name="Editors", picks=picks)
    assert saved.after["picks"] == [
        {"need": "speed", "tool": "wren", "runner_up": "finch"},
        {"need": "peace", "tool": "finch"},
    ]
    assert faults_of(categories, name="Others", picks=[{"need": "x", "tool": "robin", "runner_up": "wren"}]) == [
        'picks[0].tool: There is no tool "robin". Choose one that exists.'
    ]


def test_picks_become_what_is_saved_in_its_order() -> None:
    wren, finch = make_tool("wren"), make_tool("finch")
    editors = make_category("editors")
    make_pick(editors, "speed", wren, finch, picked_on=TODAY)
    make_pick(editors, "peace", finch)
    picks = [{"need": "peace", "tool": "wren", "runner_up": "finch"}, {"need": "speed", "tool": "finch"}]
    saved = change(categories, editors.id, picks=picks)
    assert saved.before["picks"][0] == {
        "need": "speed",
        "tool": "wren",
        "runner_up": "finch",
        "picked_on": TODAY.isoformat(),
    }
    assert saved.after["picks"] == picks
    assert categories.to_data(stored(editors.id))["picks"] == picks


@ON_ONE_DATABASE
def test_a_tool_that_is_picked_cannot_be_deleted() -> None:
    wren, finch = make_tool("wren"), make_tool("finch")
    make_pick(make_category("editors"), "speed", wren, finch)
    for tool in (wren, finch):
        with pytest.raises(RecordInUse, match="1 pick"):
            tools.delete(tool)
